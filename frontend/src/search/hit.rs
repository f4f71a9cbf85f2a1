//! One hit of a search.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use shared::{search::Hit, unicode::isolate};

use crate::{
    links::message_path,
    live::LiveClient,
    state::search::highlight::{Fragment, excerpt},
    ui::{Avatar, href, time},
};

/// The maximum number of bytes of a message that a hit shows.
const MAX_EXCERPT: usize = 480;

/// A hit with a link to the message in its room. The link has the search as a parameter, so that
/// the reader can go from hit to hit there.
#[component]
pub fn HitRow(hit: Hit) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let Hit { message, ranges, .. } = hit;
    let id = message.room;
    // The hits may arrive before the socket has sent my rooms.
    let room = move || {
        live.rooms.with(|rooms| rooms.get(id).map(|room| format!("in {}", isolate(&room.name))))
    };
    let (address, search) = (href(&message_path(id, message.seq)), use_location().search);
    let href =
        move || search.with(|search| format!("{address}?{}", search.trim_start_matches('?')));
    let (name, at) = (message.user.name().to_owned(), message.created_at);
    let text = match message.deleted_at {
        Some(_) => view! { <span class="quiet">"Message deleted"</span> }.into_any(),
        None => {
            let (text, ranges) = message.text().plain_with(&ranges);
            mark_matches(excerpt(&text, &ranges, MAX_EXCERPT))
        }
    };
    view! {
        <li>
            <a href=href class="hit" data-testid="hit">
                <Avatar name=name.clone()/>
                <div class="message-main">
                    <p class="message-head">
                        <strong dir="auto">{name}</strong>
                        <span class="quiet">{room}</span>
                        <time datetime=at.to_rfc3339() title=time::full(at)>{time::short(at)}</time>
                    </p>
                    <p class="message-text">{text}</p>
                </div>
            </a>
        </li>
    }
}

/// Renders the fragments of a string and marks those that match a search.
pub fn mark_matches(fragments: Vec<Fragment>) -> AnyView {
    let view = |Fragment { text, is_match }| match is_match {
        true => view! { <mark class="found">{text}</mark> }.into_any(),
        false => text.into_any(),
    };
    fragments.into_iter().map(view).collect_view().into_any()
}
