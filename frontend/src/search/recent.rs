//! The recent searches and rooms of this account in this browser.

use leptos::prelude::*;
use shared::{ids::RoomId, unicode::isolate};

use crate::{
    auth::Auth,
    live::LiveClient,
    state::search::{recent_list::RecentList, room_names::with_room_names},
    ui::{Icon, Shape, storage},
};

fn storage_key(auth: Auth, name: &str) -> String {
    let me = auth.me_untracked().map(|me| me.id).unwrap_or_default();
    format!("hallway.{name}.{me}")
}

fn load(key: &str) -> RecentList {
    RecentList::parse(&storage::get(key).unwrap_or_default())
}

fn add(key: &str, entry: &str) {
    let mut list = load(key);
    list.add(entry);
    storage::set(key, &list.to_text());
}

pub fn remember_search(auth: Auth, q: &str) {
    add(&storage_key(auth, "searches"), q);
}

/// Remembers a room that the reader opened.
pub fn remember_room(auth: Auth, room: RoomId) {
    add(&storage_key(auth, "visits"), &room.to_string());
}

/// The rooms that the reader opened last, newest first.
pub fn recent_rooms(auth: Auth) -> Vec<RoomId> {
    let rooms = load(&storage_key(auth, "visits"));
    rooms.as_slice().iter().filter_map(|room| room.parse().ok()).collect()
}

#[component]
pub fn RecentSearches(on_change: Callback<String>) -> impl IntoView {
    let key = storage_key(expect_context::<Auth>(), "searches");
    let searches = RwSignal::new(load(&key));
    let forget = Callback::new(move |q: String| {
        // Read again, because another tab may have added some.
        let mut all = load(&key);
        all.remove(&q);
        storage::set(&key, &all.to_text());
        searches.set(all);
    });
    view! {
        <Show when=move || searches.with(|searches| !searches.as_slice().is_empty())>
            <section class="recents" aria-labelledby="recents" data-testid="recents">
                <h2 id="recents">"Recent searches"</h2>
                <ul>
                    <For
                        each=move || searches.with(|searches| searches.as_slice().to_vec())
                        key=|q| q.clone()
                        children=move |q| view! { <Row q on_change forget/> }
                    />
                </ul>
            </section>
        </Show>
    }
}

#[component]
fn Row(q: String, on_change: Callback<String>, forget: Callback<String>) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let (repeated, forgotten) = (q.clone(), q.clone());
    let text = Memo::new(move |_| live.rooms.with(|rooms| with_room_names(&q, rooms)));
    view! {
        <li class="recent">
            <button
                type="button"
                class="recent-again"
                on:click=move |_| on_change.run(repeated.clone())
            >
                <Icon shape=Shape::Clock/>
                <span dir="auto">{text}</span>
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label=move || format!("Remove {}", isolate(&text.get()))
                title="Remove"
                on:click=move |_| forget.run(forgotten.clone())
            >
                <Icon shape=Shape::Close/>
            </button>
        </li>
    }
}
