//! One message that was found.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use shared::search::Hit;

use super::address;
use crate::{
    live::LiveClient,
    state::search::highlight::{Fragment, excerpt},
    ui::{Avatar, list, time},
};

/// Bytes of a message that are shown at most.
const EXCERPT: usize = 480;

/// A hit; it leads to its place in the room, and takes the search along.
#[component]
pub fn HitRow(hit: Hit) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let Hit { message, ranges, .. } = hit;
    let id = message.room;
    // The hits may be there before the socket has said which rooms are mine.
    let room = move || {
        live.rooms.with(|rooms| {
            rooms.get(id).map_or_else(String::new, |room| format!("in {}", room.name))
        })
    };
    let (place, search) = (address(id, message.seq), use_location().search);
    let place = move || search.with(|search| format!("{place}?{}", search.trim_start_matches('?')));
    let (name, at) = (message.user.username, message.created_at);
    let text = match message.deleted_at {
        Some(_) => view! { <span class="quiet">"Message deleted"</span> }.into_any(),
        None => marked(excerpt(&message.content, &ranges, EXCERPT)),
    };
    view! {
        <li>
            <a href=move || place() class="hit" data-testid="hit">
                <Avatar name=name.clone()/>
                <div class="message-main">
                    <p class="message-head">
                        <strong>{name}</strong>
                        <span class="quiet">{move || room()}</span>
                        <time datetime=at.to_rfc3339() title=time::full(at)>{time::short(at)}</time>
                    </p>
                    <p class="message-text">{text}</p>
                </div>
            </a>
        </li>
    }
}

/// A text with what was looked for in it.
pub fn marked(fragments: Vec<Fragment>) -> AnyView {
    let view = |Fragment { text, is_match }| match is_match {
        true => view! { <mark class="found">{text}</mark> }.into_any(),
        false => text.into_any(),
    };
    list(&mut fragments.into_iter().map(view))
}
