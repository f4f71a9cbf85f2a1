//! Messages of a room.

use std::ops::Range;

use chrono::NaiveDate;
use gloo_net::http::Method;
use serde::Deserialize;
use shared::{
    ids::{Rev, RoomId, Seq},
    messages::{CalendarDay, EditMessage, Insights, Message, RoomMap},
    paths::{self, fill},
};

use super::{Answer, delete, encoded, get, put_in, search::search_of};
use crate::ui::time;

/// Which messages of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Newest,
    Before(Seq),
    After(Seq),
    Around(Seq),
    /// From the first of this day on, by the reader's clock; else from what is nearest.
    Since(NaiveDate),
}

/// What the page takes of `Anchored`.
#[derive(Clone, Copy, Deserialize)]
pub struct Place {
    pub seq: Seq,
    pub found: bool,
}

/// What the page takes of a `MessagePage`; reading the rest would only make it larger.
#[derive(Deserialize)]
pub struct Run {
    pub anchor: Place,
    pub messages: Vec<Message>,
    /// With a search, what was looked for in each.
    pub ranges: Vec<Vec<Range<usize>>>,
    /// With a search, where to go on: it may have run out of time.
    pub older: Option<Seq>,
    pub newer: Option<Seq>,
    pub as_of_rev: Rev,
}

/// A run of messages.
pub async fn messages(room: RoomId, page: Page) -> Answer<Run> {
    let anchor = match page {
        Page::Newest => "newest&before=49".into(),
        Page::Before(seq) => format!("seq:{}&before=49", seq.0 - 1),
        Page::After(seq) => format!("seq:{}&after=49", seq.0 + 1),
        Page::Around(seq) => format!("seq:{seq}"),
        Page::Since(day) => format!("date:{day}{}", encoded(&time::offset_on(day))),
    };
    get(&format!("{}?anchor={anchor}", fill(paths::MESSAGES, &[&room]))).await
}

/// The first message of a room, from one of them on, that names me.
pub async fn mention(room: RoomId, from: Seq) -> Answer<Option<Seq>> {
    let path = fill(paths::MESSAGES, &[&room]);
    let run: Run = get(&format!("{path}?q=mentions:me&anchor=seq:{from}&after=1")).await?;
    // Where the room ends before `from`, the page is around its end.
    Ok(run.messages.iter().map(|message| message.seq).find(|seq| *seq >= from))
}

/// What the page takes of a month of a room; its months are texts that go back as they came.
#[derive(Clone, Deserialize)]
pub struct Calendar {
    pub days: Vec<CalendarDay>,
    pub earlier: Option<String>,
    pub later: Option<String>,
}

/// How much was said in a room on each day of a month: the current one, or another.
pub async fn calendar(room: RoomId, month: Option<String>) -> Answer<Calendar> {
    let mut path = format!("{}?tz={}", fill(paths::CALENDAR, &[&room]), encoded(&time::offset()));
    if let Some(month) = month {
        path += &format!("&month={month}");
    }
    get(&path).await
}

/// One message.
pub async fn message(room: RoomId, seq: Seq) -> Answer<Message> {
    get(&fill(paths::MESSAGE, &[&room, &seq])).await
}

/// A room at a glance.
pub async fn map(room: RoomId) -> Answer<RoomMap> {
    get(&format!("{}?tz={}", fill(paths::MAP, &[&room]), encoded(&time::offset()))).await
}

/// What the page takes of `MapHits`.
#[derive(Deserialize)]
pub struct Places {
    pub hits: Vec<Seq>,
    pub older: Option<Seq>,
    pub room_last_seq: Seq,
}

/// Where in a room there is what a search finds, from the newest message back, or from another one.
pub async fn places(room: RoomId, q: &str, up_to: Option<Seq>) -> Answer<Places> {
    let mut path = search_of(&fill(paths::MAP_HITS, &[&room]), q);
    if let Some(seq) = up_to {
        path += &format!("&up_to={seq}");
    }
    get(&path).await
}

/// How much was said in a room in the last days, when and by whom.
pub async fn insights(room: RoomId) -> Answer<Insights> {
    get(&format!("{}?tz={}", fill(paths::INSIGHTS, &[&room]), encoded(&time::offset()))).await
}

/// Gives a message of mine another text.
pub async fn edit_message(room: RoomId, seq: Seq, content: String) -> Answer<Message> {
    put_in(Method::PATCH, &fill(paths::MESSAGE, &[&room, &seq]), EditMessage { content }).await
}

/// Deletes a message.
pub async fn delete_message(room: RoomId, seq: Seq) -> Answer<()> {
    delete(&fill(paths::MESSAGE, &[&room, &seq])).await
}
