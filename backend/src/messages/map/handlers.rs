//! The handlers of the map endpoints.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::{RoomId, Seq},
    messages::{MapHits, RoomMap},
};

use super::{hits::newest_hit_per_bucket, overview::overview};
use crate::{
    App, Result,
    http::{
        conditional::{Conditional, EntityTag, IfNoneMatch},
        extract::Query,
        time_zone::Zone,
    },
    rooms::Membership,
    search::{self, SearchPlan, SearchScope},
    tables::{JoinedRoom, newest_message, search_index::indexed_range},
};

/// The parameters of a map.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapQuery {
    /// The time zone of the months.
    #[serde(default)]
    tz: Zone,
}

/// The query, and where to continue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapHitsQuery {
    /// The query, in the grammar of `GET /messages`, at most 4 000 characters; an empty one matches
    /// every message.
    #[serde(default)]
    q: String,
    /// The newest message to examine: `older` of the previous response.
    up_to: Option<Seq>,
    /// The time zone of the dates in the query.
    #[serde(default)]
    tz: Zone,
}

pub async fn map(
    State(app): State<App>,
    Membership { caller, room, .. }: Membership,
    Query(MapQuery { tz }): Query<MapQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<RoomMap>> {
    let (me, rev, first) = (caller.user.id, room.last_rev, room.first_seq());
    let tag = EntityTag::weak(&app.db.epoch, &format!("{}/{rev}/{first}/{me}/{tz}", room.id));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let map = overview(&app.db.reader, &room, me, tz).await?;
    Ok(Conditional::Full(tag, map))
}

pub async fn hits(
    State(app): State<App>,
    Membership { caller, room }: Membership,
    Query(MapHitsQuery { q, up_to, tz }): Query<MapHitsQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<MapHits>> {
    let (query, user) = (search::parse_query(&q)?, &caller.user);
    let minute = search::minute_of(&query);
    let (id, rev, me, rank) = (room.id, room.last_rev, user.id, user.rank);
    let (first, read) = (room.first_seq(), room.read_seq());
    let state = format!("{id}/{rev}/{first}/{read}/{me}/{rank:?}/{minute}/{tz}");
    let tag = EntityTag::hashed(&app.db.epoch, &format!("{state}/{up_to:?}/{q}"));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let permit = app.limits.searches.acquire(me).await?;
    let db = app.db.searcher.clone();
    let search = async move {
        let (user, only_room) = (&caller.user, Some(RoomId(room.id)));
        // Before the position: later messages are no hits.
        let newest = newest_message(&db).await?;
        let indexed = indexed_range(&db, room.id.into()).await?;
        let rooms = &[JoinedRoom::new(&room, indexed)];
        let scope = SearchScope { user, rooms, newest, only_room, zone: tz };
        let plan = SearchPlan::new(&db, query, &scope).await?;
        newest_hit_per_bucket(&db, &room, up_to, &plan).await
    };
    let (hits, is_complete) = permit.run(search).await?;
    Ok(Conditional::new(is_complete, tag, hits))
}
