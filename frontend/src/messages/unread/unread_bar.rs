//! The bar above the timeline that counts the unread messages.

use leptos::prelude::*;
use shared::{ids::Seq, rooms::ReadState};

use crate::{
    api,
    live::LiveClient,
    messages::context::{JumpKind, RoomContext},
    ui::{Icon, Shape, Ui, time},
};

/// The bar, while `is_shown` is true and there are unread messages. The style sheet delays it, because
/// messages that fit into the viewport are read within a moment.
#[component]
pub fn UnreadBar(is_shown: RwSignal<bool>) -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let read = Memo::new(move |_| {
        live.rooms.with(|rooms| rooms.get(room.id).map(|r| r.read).unwrap_or_default())
    });
    let has_unread = move || read.get().unread > 0;
    let has_mentions = move || read.get().mentions > 0;
    let first = move || read.get().read_seq.next();
    let sentence = move || {
        let at = room.with_timeline(|t| t.get(first()).map(|message| message.created_at));
        sentence(read.get(), at.map(time::recent))
    };
    view! {
        <div class="since-place">
            <Show when=move || is_shown.get() && has_unread()>
                <div class="since" role="group" aria-label="Unread messages" data-testid="since">
                    <p>{sentence}</p>
                    <button
                        type="button"
                        class="button button-small"
                        data-testid="first-unread"
                        on:click=move |_| room.jump_by(untrack(first), JumpKind::Start)
                    >
                        "First unread"
                    </button>
                    <Show when=has_mentions>
                        <NextMention read/>
                    </Show>
                    <button
                        type="button"
                        class="button button-small"
                        title="Mark everything in this room as read (Esc)"
                        data-testid="mark-read"
                        on:click=move |_| live.mark_all_read(Some(room.id))
                    >
                        "Mark as read"
                    </button>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Dismiss"
                        title="Dismiss"
                        on:click=move |_| is_shown.set(false)
                    >
                        <Icon shape=Shape::Close/>
                    </button>
                </div>
            </Show>
        </div>
    }
}

/// Jumps from one unread mention to the next, and from the last to the first.
#[component]
fn NextMention(read: Memo<ReadState>) -> impl IntoView {
    let (room, ui) = (expect_context::<RoomContext>(), expect_context::<Ui>());
    let next = StoredValue::new(Seq(0));
    let find = Action::new_local(move |(first, from): &(Seq, Seq)| {
        let (first, from) = (*first, *from);
        async move {
            let found = match api::find_mention(room.id, from).await {
                Ok(None) => api::find_mention(room.id, first).await,
                found => found,
            };
            match found {
                Ok(Some(seq)) => {
                    next.try_set_value(seq.next());
                    room.jump_to(seq);
                }
                Ok(None) => {}
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let go = move |_| {
        let first = read.get_untracked().read_seq.next();
        find.dispatch((first, next.get_value().max(first)));
    };
    view! {
        <button type="button" class="button button-small" data-testid="next-mention" on:click=go>
            "Next mention"
        </button>
    }
}

/// The text of the bar, such as "57 new messages since Tuesday 14:02, 2 mention you".
fn sentence(read: ReadState, since: Option<String>) -> String {
    let mut sentence = time::count(read.unread, "new message");
    if let Some(since) = since {
        sentence += &format!(" since {since}");
    }
    match read.mentions {
        0 => {}
        1 => sentence += ", 1 mentions you",
        mentions => sentence += &format!(", {mentions} mention you"),
    }
    sentence
}
