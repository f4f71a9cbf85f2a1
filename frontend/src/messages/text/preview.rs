//! What a link to another message leads to, below the message that has it.

use leptos::prelude::*;
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
};

use crate::{
    live::LiveClient,
    search::address,
    state::{pieces::permalinks, search::marks::excerpt},
    ui::{Avatar, list, memo, time},
};

/// Bytes of a message that are shown at most.
const EXCERPT: usize = 320;

/// A card for each message that a text links to and that the reader may read. One of a room that
/// they are not in is not asked for: the server would say no.
#[component]
pub fn Previews(content: String) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let links = permalinks(&content, &origin).into_iter();
    list(&mut links.map(|(room, seq)| view! { <Preview room seq/> }.into_any()))
}

#[component]
fn Preview(room: RoomId, seq: Seq) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let name = memo(move || live.rooms.with(|rooms| rooms.get(room).map(|r| r.name.clone())));
    let quoted = memo(move || name.with(Option::is_some).then(|| live.quote(room, seq)).flatten());
    let card = move || match name.get().zip(quoted.get()) {
        Some((name, message)) => view! { <Card name message/> }.into_any(),
        None => ().into_any(),
    };
    view! { {move || card()} }
}

#[component]
fn Card(name: String, message: Message) -> impl IntoView {
    let (at, author) = (message.created_at, message.user.username);
    let text = match message.deleted_at {
        Some(_) => view! { <span class="quiet">"Message deleted"</span> }.into_any(),
        None => {
            let parts = excerpt(&message.content, &[], EXCERPT);
            parts.into_iter().map(|(part, _)| part).collect::<String>().into_any()
        }
    };
    view! {
        <a href=address(message.room, message.seq) class="preview" data-testid="preview">
            <span class="message-head">
                <Avatar name=author.clone() small=true/>
                <strong>{author}</strong>" "
                <span class="quiet">{format!("in {name}, ")}<time datetime=at.to_rfc3339()>{time::short(at)}</time></span>
            </span>
            <span class="preview-text">{text}</span>
        </a>
    }
}
