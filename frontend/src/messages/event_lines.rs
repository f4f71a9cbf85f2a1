//! What happened in the room between two messages. Nothing to reply to, to select or to read.

use leptos::prelude::*;
use shared::{ids::Seq, rooms::RoomEvent};

use super::context::RoomContext;
use crate::{
    state::timeline_rows::{sentence, summary},
    ui::time,
};

/// The events after a message, as lines; many of them as one line that opens. Another event replaces the row.
#[component]
pub fn EventLines(after: Seq) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let events: Vec<RoomEvent> =
        room.with_timeline_untracked(|t| t.events_after(after).cloned().collect());
    let line = |event: &RoomEvent| {
        let at = event.at;
        view! {
            <p>
                {sentence(event)}
                " "
                <time datetime=at.to_rfc3339() title=time::full(at)>{time::clock(at)}</time>
            </p>
        }
    };
    let lines = events.iter().map(line).collect_view();
    view! {
        <div class="events" role="group" aria-label="Changes of the room" data-testid="events">
            {match summary(&events) {
                Some(summary) => {
                    view! { <details><summary>{summary}</summary>{lines}</details> }
                        .into_any()
                }
                None => lines.into_any(),
            }}
        </div>
    }
}
