//! Previews of the messages that a message links to.

use leptos::prelude::*;
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
    unicode::isolate,
};

use crate::{
    links::message_path,
    live::LiveClient,
    state::search::highlight::excerpt,
    ui::{Avatar, href, time},
};

/// The maximum number of previews in a message.
const MAX_PREVIEWS: usize = 3;
/// The longest excerpt, in bytes.
const EXCERPT: usize = 320;

/// A card for each of these messages that the reader may read.
#[component]
pub fn Previews(permalinks: Vec<(RoomId, Seq)>) -> impl IntoView {
    let shown = permalinks.into_iter().take(MAX_PREVIEWS);
    shown.map(|(room, seq)| view! { <Preview room seq/> }).collect_view()
}

#[component]
fn Preview(room: RoomId, seq: Seq) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let name = Memo::new(move |_| live.rooms.with(|rooms| rooms.get(room).map(|r| r.name.clone())));
    // A message is not requested if the reader is not in its room, because the server would reject
    // the request.
    let message = Memo::new(move |_| {
        name.with(Option::is_some).then(|| live.linked_message(room, seq)).flatten()
    });
    move || {
        let (name, message) = name.get().zip(message.get())?;
        let is_collapsed = live.blocks(message.user.id);
        Some(view! { <Card name message is_collapsed/> })
    }
}

#[component]
fn Card(name: String, message: Message, is_collapsed: bool) -> impl IntoView {
    let (at, author) = (message.created_at, message.user.name().to_owned());
    let text = match message.deleted_at {
        None if is_collapsed => {
            view! { <span class="quiet">"Message from someone you blocked"</span> }.into_any()
        }
        Some(_) => view! { <span class="quiet">"Message deleted"</span> }.into_any(),
        None => {
            let excerpt = excerpt(&message.text().plain(), &[], EXCERPT);
            excerpt.into_iter().map(|fragment| fragment.text).collect::<String>().into_any()
        }
    };
    view! {
        <a href=href(&message_path(message.room, message.seq)) class="preview" data-testid="preview">
            <span class="message-head">
                <Avatar name=author.clone() small=true/>
                <strong dir="auto">{author}</strong>" "
                <span class="quiet">
                    {format!("in {}, ", isolate(&name))}
                    <time datetime=at.to_rfc3339()>{time::short(at)}</time>
                </span>
            </span>
            <span class="preview-text">{text}</span>
        </a>
    }
}
