//! One message that was found.

use leptos::prelude::*;

use super::address;
use crate::{
    api::Hit,
    live::Live,
    state::search::marks::excerpt,
    ui::{Avatar, time},
};

/// A hit; it leads to its place in the room.
#[component]
pub fn HitRow(hit: Hit) -> impl IntoView {
    let live = expect_context::<Live>();
    let Hit { message, ranges } = hit;
    let id = message.room;
    // The hits may be there before the socket has said which rooms are mine.
    let room = move || {
        live.rooms.with(|rooms| {
            rooms.get(id).map_or_else(String::new, |room| format!("in {}", room.name))
        })
    };
    let (name, at) = (message.user.username, message.created_at);
    let text = match message.deleted_at {
        Some(_) => view! { <span class="quiet">"Message deleted"</span> }.into_any(),
        None => excerpt(&message.content, &ranges)
            .into_iter()
            .map(|(part, is_mark)| match is_mark {
                true => view! { <mark>{part}</mark> }.into_any(),
                false => part.into_any(),
            })
            .collect_view()
            .into_any(),
    };
    view! {
        <li>
            <a href=address(message.room, message.seq) class="hit" data-testid="hit">
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
