//! What the export endpoints do.

use axum::extract::State;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{ids::Seq, messages::Offset, problem::FieldError};

use super::{
    download::Download,
    format::{About, Format},
    source::{Finds, Range, Source},
};
use crate::{
    App, Result,
    auth::Caller,
    http::extract::Query,
    rooms::Membership,
    search::{self, Ask, Asker, Begun},
};

/// Which part of a room, and how it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomQuery {
    /// `jsonl` unless asked for otherwise.
    #[serde(default)]
    format: Format,
    /// The first message, 1 unless asked for otherwise.
    #[schemars(range(min = 1))]
    from_seq: Option<Seq>,
    /// The last message, the newest unless asked for otherwise.
    #[schemars(range(min = 1))]
    to_seq: Option<Seq>,
    /// By which clock days begin and times are shown; `jsonl` is in UTC always.
    #[serde(default)]
    tz: Offset,
}

impl RoomQuery {
    /// The first and the last message, in a room of `last_seq`; none where the second is smaller.
    fn range(&self, last_seq: i64) -> Result<(i64, i64), FieldError> {
        let from = self.from_seq.unwrap_or(Seq(1));
        if from < Seq(1) {
            return Err(FieldError::new("from_seq", format!("must be at least 1, and is {from}")));
        }
        if let Some(to) = self.to_seq.filter(|to| *to < from) {
            let message = format!("must not be greater than to_seq, {to}, and is {from}");
            return Err(FieldError::new("from_seq", message));
        }
        Ok((from.0, self.to_seq.map_or(last_seq, |to| to.0.min(last_seq))))
    }
}

/// What is looked for, and how it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// The search, at most 10 000 characters; nothing finds everything.
    #[serde(default)]
    q: String,
    /// `jsonl` unless asked for otherwise.
    #[serde(default)]
    format: Format,
    /// By which clock days begin and times are shown; `jsonl` is in UTC always.
    #[serde(default)]
    tz: Offset,
}

pub async fn room(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<RoomQuery>,
) -> Result<Download> {
    let (from, to) = query.range(membership.room.last_seq)?;
    let (room, name) = (membership.room_id(), membership.room.name);
    let what = match from <= to {
        true => format!("Messages {from} to {to}"),
        false => "No messages".to_owned(),
    };
    let about = About {
        title: name.clone(),
        summary: exported(&what, query.tz),
        is_search: false,
        rooms: [(room, name.clone())].into(),
        offset: query.tz,
    };
    let source = Source::Room(Range::new(membership.caller, room, from, to));
    let file = if from <= to { format!("{name} {from}-{to}") } else { name };
    let download = Download::new(app, query.format, &file, about, source);
    Ok(download.of((to - from + 1).max(0)))
}

pub async fn search(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<SearchQuery>,
) -> Result<Download> {
    let asked = search::read(&query.q)?;
    let Begun { permit, rooms: mine, newest } = search::begin(&app, &caller).await?;
    let (user, offset) = (&caller.user, query.tz);
    let asker = Asker { user, rooms: &mine, newest, within: None, offset };
    let ask = Ask::new(&app.db.reader, asked, &asker).await?;
    drop(permit);
    // It is a heading: one line.
    let mut title = query.q.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        title = "All my rooms".to_owned();
    }
    let what = format!("What this finds in the rooms of {}", caller.user.username);
    let about = About {
        title,
        summary: exported(&what, query.tz),
        is_search: true,
        rooms: mine.into_iter().map(|room| (room.id, room.name)).collect(),
        offset: query.tz,
    };
    let rooms = about.rooms.keys().copied().collect();
    let source = Source::Search(Box::new(Finds::new(caller, ask, rooms, newest.id)));
    let file = format!("Search {}", Utc::now().with_timezone(&query.tz.0).format("%Y-%m-%d"));
    Ok(Download::new(app, query.format, &file, about, source))
}

/// A sentence that says what is in the file, and when it was made.
fn exported(what: &str, offset: Offset) -> String {
    let now = Utc::now().with_timezone(&offset.0);
    let clock = if offset == Offset::default() { "UTC".to_owned() } else { offset.to_string() };
    format!("{what}, exported on {} ({clock}).", now.format("%-d %B %Y at %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::extract::parse_query;

    #[test]
    fn a_part_ends_where_the_room_does() {
        let range = |text: &str| parse_query::<RoomQuery>(text).unwrap().range(9);
        assert_eq!(range(""), Ok((1, 9)));
        assert_eq!(range("from_seq=3&to_seq=3"), Ok((3, 3)));
        assert_eq!(range("from_seq=3&to_seq=300"), Ok((3, 9)));
        assert_eq!(range("from_seq=10"), Ok((10, 9)));
        let wrong = |text: &str| range(text).unwrap_err().message;
        assert_eq!(wrong("from_seq=0"), "must be at least 1, and is 0");
        assert_eq!(wrong("from_seq=3&to_seq=2"), "must not be greater than to_seq, 2, and is 3");
    }
}
