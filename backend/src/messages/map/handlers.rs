//! What the map's endpoints do.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::{RoomId, Seq},
    messages::{MapHits, Offset, RoomMap},
};

use super::{glance, hits::newest_of_each_part};
use crate::{
    App, Result,
    http::{
        conditional::{Conditional, EntityTag, IfNoneMatch},
        extract::Query,
    },
    rooms::Membership,
    search::{self, Ask, Asker},
    tables::{JoinedRoom, newest_message},
};

/// By whose calendar.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapQuery {
    /// By which clock its months begin.
    #[serde(default)]
    tz: Offset,
}

/// What is looked for, and from where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapHitsQuery {
    /// The search, in the grammar of `GET /messages`, at most 10 000 characters; nothing finds
    /// everything.
    #[serde(default)]
    q: String,
    /// The newest message to look at: `older` of the answer before.
    up_to: Option<Seq>,
    /// By which clock the days of the search begin.
    #[serde(default)]
    tz: Offset,
}

pub async fn map(
    State(app): State<App>,
    Membership { caller, room, .. }: Membership,
    Query(MapQuery { tz }): Query<MapQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<RoomMap>> {
    let (version, me) = (env!("CARGO_PKG_VERSION"), caller.user.id);
    let tag = EntityTag::weak(&format!("{version}/{}/{}/{me}/{tz}", room.id, room.last_rev));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let map = glance(&app.db.reader, &room, me, tz).await?;
    Ok(Conditional::Full(tag, map))
}

pub async fn hits(
    State(app): State<App>,
    Membership { caller, room, read_seq }: Membership,
    Query(MapHitsQuery { q, up_to, tz }): Query<MapHitsQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<MapHits>> {
    let (query, user) = (search::read(&q)?, &caller.user);
    let (version, moment) = (env!("CARGO_PKG_VERSION"), search::moment(&query));
    let (id, rev, me, is_admin) = (room.id, room.last_rev, user.id, user.is_admin);
    let state = format!("{version}/{id}/{rev}/{read_seq}/{me}/{is_admin}/{moment}/{tz}");
    let tag = EntityTag::hashed(&format!("{state}/{up_to:?}/{q}"));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let permit = app.search_limiter.acquire(me).await?;
    let rooms = [JoinedRoom::new(&room, read_seq)];
    let db = app.db.reader.clone();
    let hits = permit.run(async move {
        let (user, within) = (&caller.user, Some(RoomId(room.id)));
        let newest = newest_message(&db).await?;
        let asker = Asker { user, rooms: &rooms, newest, within, offset: tz };
        let ask = Ask::new(&db, query, &asker).await?;
        newest_of_each_part(&db, &room, up_to, &ask).await
    });
    let (hits, is_whole) = hits.await?;
    Ok(Conditional::new(is_whole, tag, hits))
}
