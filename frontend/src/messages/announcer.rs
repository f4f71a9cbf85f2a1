//! Announces new messages to screen readers. The timeline itself is no live region, because screen
//! readers would then read every older page that is loaded.

use leptos::prelude::*;
use shared::{
    ids::{Seq, UserId},
    unicode::isolate,
};

use super::{context::RoomContext, text::snippet};
use crate::{auth::Auth, live::LiveClient, state::announcement::make_distinct};

/// The newest message of another user, such as "Ada: hello"; not of somebody whom I block.
#[component]
pub fn Announcer() -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let me = expect_context::<Auth>().me_untracked().map(|me| me.id);
    let live = expect_context::<LiveClient>();
    let is_of_others = move |author: UserId| Some(author) != me && !untrack(|| live.blocks(author));
    let announced = Memo::new(move |before: Option<&(Seq, String)>| {
        room.with_timeline(|t| {
            let last = t.last_seq();
            let Some((seq, text)) = before else { return (last, String::new()) };
            match t.get(last).filter(|m| last > *seq && is_of_others(m.user.id)) {
                Some(m) => {
                    let new = format!("{}: {}", isolate(m.user.name()), snippet(m.text()));
                    (last, make_distinct(new, text))
                }
                None => (last, text.clone()),
            }
        })
    });
    view! {
        <p class="sr-only" aria-live="polite" data-testid="announcer">{move || announced.get().1}</p>
    }
}
