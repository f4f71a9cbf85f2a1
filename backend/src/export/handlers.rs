//! The handlers of the export endpoints.

use std::collections::HashMap;

use axum::extract::State;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{ids::Seq, problem::FieldError};

use super::{
    download::Download,
    format::Format,
    source::{RoomRange, SearchHits, Source},
    writer::ExportInfo,
};
use crate::{
    App, Result,
    auth::Caller,
    http::{extract::Query, time_zone::Zone},
    rooms::Membership,
    search::{self, SearchContext, SearchPlan, SearchScope},
    tables::name_direct_rooms,
};

/// The range of the room, and the format.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoomQuery")]
pub struct RoomExportQuery {
    /// `jsonl` by default.
    #[serde(default)]
    format: Format,
    /// The `seq` of the first message, by default 1.
    #[schemars(range(min = 1))]
    from_seq: Option<Seq>,
    /// The `seq` of the last message, by default the newest.
    #[schemars(range(min = 1))]
    to_seq: Option<Seq>,
    /// The time zone of days and times; `jsonl` is always in UTC.
    #[serde(default)]
    tz: Zone,
    /// Whether `csv` begins with a byte order mark, without which Excel reads it as another encoding
    /// than UTF-8.
    #[serde(default)]
    bom: bool,
}

impl RoomExportQuery {
    /// The first and the last `seq`; the range is empty if the last is smaller.
    fn range(&self, last_seq: i64) -> Result<(i64, i64), FieldError> {
        let from = self.from_seq.unwrap_or(Seq(1));
        if from < Seq(1) {
            return Err(FieldError::new("from_seq", format!("must be at least 1, but is {from}")));
        }
        if let Some(to) = self.to_seq.filter(|to| *to < from) {
            let message = format!("must be at most to_seq ({to}), but is {from}");
            return Err(FieldError::new("from_seq", message));
        }
        Ok((from.0, self.to_seq.map_or(last_seq, |to| to.0.min(last_seq))))
    }
}

/// The query, and the format.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SearchQuery")]
pub struct SearchExportQuery {
    /// The query, at most 4 000 characters; an empty one matches every message.
    #[serde(default)]
    q: String,
    /// `jsonl` by default.
    #[serde(default)]
    format: Format,
    /// The time zone of days and times; `jsonl` is always in UTC.
    #[serde(default)]
    tz: Zone,
    /// Whether `csv` begins with a byte order mark, without which Excel reads it as another encoding
    /// than UTF-8.
    #[serde(default)]
    bom: bool,
}

pub async fn export_room(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<RoomExportQuery>,
) -> Result<Download> {
    let (from, to) = query.range(membership.room.last_seq)?;
    let (from, to) = membership.room.clamp(from, to);
    let permit = app.limits.exports.acquire(membership.caller.user.id).await?;
    let room = membership.room_id();
    let mut room_names = HashMap::from([(room, membership.room.name.clone())]);
    name_direct_rooms(&app.db.reader, membership.caller.user.id, &mut room_names).await?;
    let name = room_names.get(&room).cloned().unwrap_or_default();
    let content = match from <= to {
        true => format!("Messages {from} to {to}"),
        false => "No messages".to_owned(),
    };
    let info = ExportInfo {
        title: name.clone(),
        summary: describe_export(&content, query.tz),
        is_search: false,
        room_names,
        zone: query.tz,
        bom: query.bom,
    };
    let source = Source::Room(Box::new(RoomRange::new(membership.caller, room, from, to)));
    let file_name = if from <= to { format!("{name} {from}-{to}") } else { name };
    let count = (to - from + 1).max(0);
    Ok(Download::new(app, permit, query.format, &file_name, info, source, Some(count)))
}

pub async fn export_search(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<SearchExportQuery>,
) -> Result<Download> {
    let search_query = search::parse_query(&query.q)?;
    let export_permit = app.limits.exports.acquire(caller.user.id).await?;
    let SearchContext { permit, rooms, newest } = search::begin_search(&app, &caller).await?;
    let (db, user, zone) = (app.db.searcher.clone(), caller.user.clone(), query.tz);
    let planning = async move {
        let scope = SearchScope { user: &user, rooms: &rooms, newest, only_room: None, zone };
        SearchPlan::new(&db, search_query, &scope).await.map(|plan| (plan, rooms))
    };
    let (plan, rooms) = permit.run(planning).await?;
    // One line, because the title is a heading.
    let mut title = query.q.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        title = "All my rooms".to_owned();
    }
    let content = format!("All hits in the rooms of {}", caller.user.username);
    let mut room_names = rooms.iter().map(|room| (room.id, room.name.clone())).collect();
    name_direct_rooms(&app.db.reader, caller.user.id, &mut room_names).await?;
    let info = ExportInfo {
        title,
        summary: describe_export(&content, query.tz),
        is_search: true,
        room_names,
        zone: query.tz,
        bom: query.bom,
    };
    let rooms = info.room_names.keys().copied().collect();
    let source = Source::Search(Box::new(SearchHits::new(caller, plan, rooms, newest.id)));
    let file_name = format!("Search {}", query.tz.today());
    Ok(Download::new(app, export_permit, query.format, &file_name, info, source, None))
}

/// A sentence with the content of the file and the time of the export.
fn describe_export(content: &str, zone: Zone) -> String {
    let now = zone.local(Utc::now());
    let zone = if zone.is_utc() { "UTC".to_owned() } else { zone.to_string() };
    format!("{content}, exported on {} ({zone}).", now.format("%-d %B %Y at %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::extract::parse_query;

    #[test]
    fn a_range_ends_with_the_room() {
        let range = |text: &str| parse_query::<RoomExportQuery>(text).unwrap().range(9);
        assert_eq!(range(""), Ok((1, 9)));
        assert_eq!(range("from_seq=3&to_seq=3"), Ok((3, 3)));
        assert_eq!(range("from_seq=3&to_seq=300"), Ok((3, 9)));
        assert_eq!(range("from_seq=10"), Ok((10, 9)));
        let error = |text: &str| range(text).unwrap_err().message;
        assert_eq!(error("from_seq=0"), "must be at least 1, but is 0");
        assert_eq!(error("from_seq=3&to_seq=2"), "must be at most to_seq (2), but is 3");
    }
}
