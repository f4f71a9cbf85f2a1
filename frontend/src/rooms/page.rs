//! `/ui/room/{id}`: the room, if I am in it; the way in, if I am not.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::ids::{RoomId, Seq};

use super::{header::RoomHeader, members::Members};
use crate::{
    api,
    live::LiveClient,
    messages::Conversation,
    search::{Tour, TrailBar},
    ui::action,
    ui::{Icon, Shape, Ui, href, memo, resource},
};

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Nowhere,
    Waiting,
    Mine(RoomId),
    NotMine(RoomId),
}

/// The room that the address names.
#[component]
pub fn RoomPage() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let params = use_params_map();
    let id = memo(move || params.with(|p| p.get("id").and_then(|id| id.parse().ok())));
    let at = memo(move || {
        let seq = params.with(|p| p.get("seq").and_then(|seq| seq.parse().ok()));
        seq.map(Seq)
    });
    let place = memo(move || {
        let Some(id) = id.get() else { return Place::Nowhere };
        live.rooms.with(|rooms| match rooms.get(id) {
            Some(_) => Place::Mine(id),
            None if !rooms.is_loaded => Place::Waiting,
            None => Place::NotMine(id),
        })
    });
    let body = move || match place.get() {
        Place::Mine(id) => view! { <Room id at/> }.into_any(),
        Place::NotMine(id) => view! { <Outside id/> }.into_any(),
        Place::Nowhere => view! { <NoSuchRoom/> }.into_any(),
        Place::Waiting => {
            view! { <main class="lost" id="main" aria-busy="true"></main> }.into_any()
        }
    };
    view! { {move || body()} }
}

#[component]
fn Room(id: RoomId, at: Memo<Option<Seq>>) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let room = memo(move || live.rooms.with(|rooms| rooms.get(id).cloned()));
    provide_context(Tour::new(id, at));
    live.room_state(id).map(|state| {
        view! {
            <div class="room">
                <main class="room-main" id="main" tabindex="-1">
                    <RoomHeader id room state=state.clone()/>
                    <TrailBar/>
                    <Conversation room=id state=state.clone() at/>
                </main>
                <Members room=id state/>
            </div>
        }
    })
}

#[component]
fn Outside(id: RoomId) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let room = resource(move || api::get_room(id));
    let join = action(move |_: &()| async move {
        if let Err(failure) = api::join_room(id).await {
            ui.error(failure.message());
        }
    });
    let joining = join.pending();
    let body = move || match room.get() {
        None => view! { <main class="lost" id="main"></main> }.into_any(),
        Some(Ok(room)) => view! {
            <main class="lost" id="main" tabindex="-1">
                <Icon shape=Shape::Door/>
                <h1>{room.name}</h1>
                <p>{room.topic}</p>
                <p class="quiet">"You are not in this room. Join it to read and write."</p>
                <button
                    type="button"
                    class="button button-primary"
                    disabled=move || joining.get()
                    on:click:target=move |_| join.dispatch(())
                >
                    "Join this room"
                </button>
                <p><a href=href("/rooms")>"All rooms"</a></p>
            </main>
        }
        .into_any(),
        Some(Err(_)) => view! { <NoSuchRoom/> }.into_any(),
    };
    view! { {move || body()} }
}

#[component]
fn NoSuchRoom() -> impl IntoView {
    view! {
        <main class="lost" id="main" tabindex="-1">
            <Icon shape=Shape::Door/>
            <h1>"There is no such room"</h1>
            <p>"It may have been deleted."</p>
            <p><a href=href("/rooms") class="button button-primary">"All rooms"</a></p>
        </main>
    }
}
