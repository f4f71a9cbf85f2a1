//! To a day: the server knows which message is its first, or the nearest where nothing was said.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::ids::{RoomId, Seq};

use crate::{
    api::{self, PageRequest},
    live::RoomState,
    ui::{Action, Ui, action, time},
};

/// Asks for a day of the room, jumps there, and says so if it is another one.
pub fn to_day(
    room: RoomId,
    state: RoomState,
    jump: RwSignal<Option<Seq>>,
    ui: Ui,
) -> Action<NaiveDate, ()> {
    action(move |day: &NaiveDate| {
        let (day, state) = (*day, state.clone());
        async move {
            let run = match api::list_messages(room, PageRequest::Since(day)).await {
                Ok(run) => run,
                Err(failure) => return ui.error(failure.message()),
            };
            let place = run.anchor;
            let nearest = run.messages.iter().find(|message| message.seq == place.seq);
            let Some(nearest) = nearest.map(|message| time::local_day(message.created_at)) else {
                return ui.notice("Nothing was said yet.");
            };
            if !place.found {
                ui.notice(format!(
                    "Nothing was said that day. The nearest is {}.",
                    time::day_name(nearest)
                ));
            }
            // What was read before a reset is not taken: then the jump loads it again.
            let _ = state.timeline.try_update(|t| t.page(run.messages, run.as_of_rev));
            jump.try_set(Some(place.seq));
        }
    })
}
