//! Loads pages of messages into a room's timeline.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::{
    ids::{RoomId, Seq},
    messages::MessagePage,
    timeline::Timeline,
};

use crate::{
    api::{self, PageRequest},
    live::RoomState,
    ui::time,
};

/// The maximum number of requests for one page. A page that the server read before a reset of the
/// timeline is stale and requested again.
const MAX_ATTEMPTS: usize = 3;

/// Loads a page.
pub async fn load_page(room: RoomId, page: PageRequest, state: RoomState) -> api::Result<()> {
    for _ in 0..MAX_ATTEMPTS {
        let loaded = api::list_messages(room, page).await?;
        // The timeline refuses a page that was read before a reset.
        if state.timeline.try_update(|t| insert_page(t, loaded)) != Some(false) {
            break;
        }
    }
    Ok(())
}

/// Inserts the messages and the events of a page, unless the timeline refuses the page.
fn insert_page(timeline: &mut Timeline, page: MessagePage) -> bool {
    let is_inserted = timeline.insert_page(page.messages, page.as_of_rev);
    if is_inserted {
        timeline.insert_events(page.events);
    }
    is_inserted
}

/// The first message of a day, or the nearest one if the day has none.
pub struct DayAnchor {
    pub seq: Seq,
    /// The day of the message, if it is another day.
    pub other_day: Option<NaiveDate>,
}

/// Loads the page around the beginning of a day; `None` if the room is empty.
pub async fn load_day(
    room: RoomId,
    day: NaiveDate,
    state: RoomState,
) -> api::Result<Option<DayAnchor>> {
    let loaded = api::list_messages(room, PageRequest::Since(day)).await?;
    let anchor = loaded.anchor;
    let Some(message) = loaded.messages.iter().find(|message| message.seq == anchor.seq) else {
        return Ok(None);
    };
    let other_day = (!anchor.found).then(|| time::local_day(message.created_at));
    // The timeline rejects a page that was read before a reset; the jump then loads the page again.
    let _ = state.timeline.try_update(|t| insert_page(t, loaded));
    Ok(Some(DayAnchor { seq: anchor.seq, other_day }))
}
