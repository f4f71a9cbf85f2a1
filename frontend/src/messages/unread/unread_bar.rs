//! What is new since the reader left: how much, since when, and the ways to it.

use leptos::prelude::*;
use shared::{ids::Seq, rooms::ReadState};

use crate::{
    api,
    live::LiveClient,
    messages::Open,
    ui::{Icon, Shape, Ui, action, memo, shown, time},
};

/// A bar over the timeline while `since` is set and anything is unread. It shows itself after a
/// moment: what fits into the view is read by then.
#[component]
pub fn SinceBar(since: RwSignal<bool>) -> impl IntoView {
    let (open, live) = (expect_context::<Open>(), expect_context::<LiveClient>());
    let read = memo(move || {
        live.rooms.with(|rooms| rooms.get(open.room).map(|r| r.read).unwrap_or_default())
    });
    let first = move || read.with(|read| read.read_seq.next());
    let sentence = move || {
        let at = open.with(|t| t.get(first()).map(|message| message.created_at));
        sentence(read.get(), at.map(time::recent))
    };
    view! {
        <div class="since-place">
            {shown(move || since.get() && read.get().unread > 0, move || view! {
                <div class="since" role="group" aria-label="What is new" data-testid="since">
                    <p>{move || sentence()}</p>
                    <button
                        type="button"
                        class="button button-small"
                        data-testid="first-unread"
                        on:click:target=move |_| open.jump.set(Some(first()))
                    >
                        "First unread"
                    </button>
                    {shown(move || read.get().mentions > 0, move || view! {
                        <NextMention first=read/>
                    }.into_any())}
                    <button
                        type="button"
                        class="button button-small"
                        title="Mark everything in this room as read (Esc)"
                        data-testid="mark-read"
                        on:click:target=move |_| live.mark_all_read(Some(open.room))
                    >
                        "Mark read"
                    </button>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Dismiss"
                        title="Dismiss"
                        on:click:target=move |_| since.set(false)
                    >
                        <Icon shape=Shape::Close/>
                    </button>
                </div>
            }.into_any())}
        </div>
    }
}

/// Goes from one unread mention to the next, and from the last to the first.
#[component]
fn NextMention(first: Memo<ReadState>) -> impl IntoView {
    let (open, ui) = (expect_context::<Open>(), expect_context::<Ui>());
    let next = StoredValue::new(Seq(0));
    let find = action(move |from: &(Seq, Seq)| {
        let (first, from) = *from;
        async move {
            let found = match api::find_mention(open.room, from).await {
                Ok(None) => api::find_mention(open.room, first).await,
                found => found,
            };
            match found {
                Ok(Some(seq)) => {
                    next.try_set_value(seq.next());
                    open.jump.try_set(Some(seq));
                }
                Ok(None) => {}
                Err(failure) => ui.error(failure.message()),
            }
        }
    });
    let go = move |_| {
        let first = first.get_untracked().read_seq.next();
        find.dispatch((first, next.get_value().max(first)));
    };
    view! {
        <button type="button" class="button button-small" data-testid="next-mention" on:click=go>
            "Next mention"
        </button>
    }
}

/// "57 new since Tuesday 14:02, 2 mention you"
fn sentence(read: ReadState, since: Option<String>) -> String {
    let mut sentence = format!("{} new", read.unread);
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
