//! `/ui/room/{id}`: the room if I am a member, otherwise an invitation to join it.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::{
    ids::{RoomId, Seq},
    rooms::Room as RoomRow,
};

use super::{header::RoomHeader, people::Members};
use crate::{
    api,
    live::LiveClient,
    messages::{Conversation, StrandedTexts},
    search::{HitBar, HitNavigator},
    ui::{Icon, Lazy, Shape, Ui, href, part},
};

#[derive(Clone, Copy, PartialEq)]
enum Access {
    /// The socket has not sent my rooms yet.
    Unknown,
    /// The generation of the room's state is another one after I was removed and added again.
    Member(RoomId, u32),
    /// `None` if the address has no valid room id, or something other than a message after it.
    NotMember(Option<RoomId>),
}

#[component]
pub fn RoomPage() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|p| p.get("id").and_then(|id| id.parse().ok())));
    let message =
        Memo::new(move |_| params.with(|p| parse_message(&p.get("message").unwrap_or_default())));
    let at = Memo::new(move |_| message.get().flatten());
    let access = Memo::new(move |_| {
        let Some(id) = id.get().filter(|_| message.with(Option::is_some)) else {
            return Access::NotMember(None);
        };
        live.rooms.with(|rooms| match rooms.get(id) {
            Some(_) => Access::Member(id, live.room_state(id).map_or(0, |state| state.generation)),
            None if !rooms.is_loaded => Access::Unknown,
            None => Access::NotMember(Some(id)),
        })
    });
    move || match access.get() {
        Access::Member(id, _) => view! { <Room id at/> }.into_any(),
        Access::NotMember(id) => view! {
            <main class="lost" id="main" tabindex="-1"><Lazy load=join_room props=id/></main>
        }
        .into_any(),
        Access::Unknown => {
            view! { <main class="lost" id="main" aria-busy="true"></main> }.into_any()
        }
    }
}

/// The message in the rest of a room's address, which is empty or `m/12`; `None` if it is something
/// else. A number that no message can have becomes 0.
fn parse_message(rest: &str) -> Option<Option<Seq>> {
    match rest.trim_end_matches('/') {
        "" => Some(None),
        rest => Some(Some(Seq(rest.strip_prefix("m/")?.parse().unwrap_or(0)))),
    }
}

#[component]
fn Room(
    id: RoomId,
    /// The message in the address.
    at: Memo<Option<Seq>>,
) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let room = Memo::new(move |_| live.rooms.with(|rooms| rooms.get(id).cloned()));
    provide_context(HitNavigator::new(id, at));
    live.room_state(id).map(|state| {
        view! {
            <div class="room">
                <main class="room-main" id="main" tabindex="-1">
                    <RoomHeader id room state=state.clone()/>
                    <HitBar/>
                    <Conversation room=id state=state.clone() at/>
                </main>
                <Members room=id state/>
            </div>
        }
    })
}

part!(more: fn join_room(id: Option<RoomId>) {
    match id {
        Some(id) => view! { <JoinRoom id/> }.into_any(),
        None => view! { <RoomNotFound/> }.into_any(),
    }
});

/// An invitation to join a room.
#[component]
fn JoinRoom(id: RoomId) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let room = LocalResource::new(move || {
        live.connection_epoch.track();
        api::get_room(id)
    });
    move || match room.get() {
        None => ().into_any(),
        Some(Ok(room)) => view! { <Invitation room/> }.into_any(),
        Some(Err(error)) if error.is_temporary() => view! {
            <Icon shape=Shape::Door/>
            <h1>"This room couldn't be loaded"</h1>
            <p>{error.message()}</p>
            <button type="button" class="button button-primary" on:click=move |_| room.refetch()>
                "Try again"
            </button>
        }
        .into_any(),
        Some(Err(_)) => view! { <RoomNotFound id/> }.into_any(),
    }
}

#[component]
fn Invitation(room: RoomRow) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let (id, is_archived) = (room.id, room.archived_at.is_some());
    let join = Action::new_local(move |_: &()| async move {
        if let Err(error) = api::join_room(id).await {
            ui.error(error.message());
        }
    });
    view! {
        <Icon shape=Shape::Door/>
        <h1 dir="auto">{room.name}</h1>
        <p dir="auto">{room.topic}</p>
        {match is_archived {
            true => view! {
                <p class="quiet">"You're not in this room. It is archived, so nobody can join it."</p>
            }
            .into_any(),
            false => view! {
                <p class="quiet">"You're not in this room. Join it to read and write."</p>
                <button
                    type="button"
                    class="button button-primary"
                    disabled=join.pending()
                    on:click=move |_| { join.dispatch_local(()); }
                >
                    "Join this room"
                </button>
            }
            .into_any(),
        }}
        <StrandedTexts room=id/>
        <p><a href=href("/rooms")>"All rooms"</a></p>
    }
}

#[component]
fn RoomNotFound(#[prop(optional)] id: Option<RoomId>) -> impl IntoView {
    view! {
        <Icon shape=Shape::Door/>
        <h1>"Room not found"</h1>
        <p>"It may have been deleted, or you may not be in it."</p>
        {id.map(|room| view! { <StrandedTexts room/> })}
        <p><a href=href("/rooms") class="button button-primary">"All rooms"</a></p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_an_address_is_empty_or_a_message() {
        assert_eq!(parse_message(""), Some(None));
        assert_eq!(parse_message("m/12"), Some(Some(Seq(12))));
        assert_eq!(parse_message("m/12/"), Some(Some(Seq(12))));
        for number in ["m/x", "m/1/2", "m/99999999999999999999"] {
            assert_eq!(parse_message(number), Some(Some(Seq(0))), "{number}");
        }
        for other in ["x", "m", "n/12", "12"] {
            assert_eq!(parse_message(other), None, "{other}");
        }
    }
}
