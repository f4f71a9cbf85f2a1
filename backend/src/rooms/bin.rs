//! Deleting rooms, and restoring them from the bin.

use std::collections::HashMap;

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::{
    ids::RoomId,
    rooms::{Bin, BinnedRoom, Room},
    rules,
    users::User,
};

use super::{RoomPath, check_limit};
use crate::{
    App, Result,
    auth::Caller,
    http::extract::{Json, Path, Query},
    realtime::ledger::{DeleteRoom, RestoreRoom},
    tables::{Connection, binned_rooms, now, restorable_rooms, rooms, to_timestamp},
};

const DAY_US: i64 = 86_400_000_000;

/// How to delete a room.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteQuery {
    /// Deletes the room for good, also one that is in the bin. Otherwise it can be restored for 30 days.
    #[serde(default)]
    now: bool,
}

/// Selects rooms of the bin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BinQuery {
    /// Only rooms with a greater id.
    #[serde(default)]
    after: RoomId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
}

fn page_default() -> u64 {
    rules::PAGE_DEFAULT
}

pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Query(DeleteQuery { now }): Query<DeleteQuery>,
) -> Result<NoContent> {
    delete_room(&app, &caller, id, now).await?;
    Ok(NoContent)
}

/// Deletes a room, for good or into the bin.
pub async fn delete_room(app: &App, by: &Caller, room: RoomId, for_good: bool) -> Result<()> {
    app.ledger.delete_room(DeleteRoom { room, by: by.user.id, for_good }).await
}

pub async fn restore(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<Room>> {
    app.ledger.restore_room(RestoreRoom { room: id, by: caller.user.id }).await.map(Json)
}

pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(BinQuery { after, limit }): Query<BinQuery>,
) -> Result<Json<Bin>> {
    let limit = check_limit(limit)?;
    Ok(Json(list_bin(&app.db.reader, &caller.user, after, limit).await?))
}

/// A page of the deleted rooms that a user may restore.
async fn list_bin(
    db: &impl Connection,
    user: &User,
    after: RoomId,
    limit: u64,
) -> Result<Bin, DbErr> {
    let mut rows = rooms::Entity::find()
        .filter(restorable_rooms(user.id, user.rank, now()))
        .filter(rooms::Column::Id.gt(after.0))
        .order_by_asc(rooms::Column::Id)
        .limit(limit + 1)
        .all(db)
        .await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| RoomId(row.id));
    let in_bin = binned_rooms::Column::RoomId.is_in(rows.iter().map(|row| row.id));
    let times = binned_rooms::Entity::find().filter(in_bin).all(db).await?;
    let times: HashMap<i64, i64> =
        times.into_iter().map(|row| (row.room_id, row.binned_at)).collect();
    let listings = rows.into_iter().filter_map(|row| {
        let binned_at = *times.get(&row.id)?;
        Some(BinnedRoom {
            id: row.id.into(),
            name: row.name,
            kind: row.kind.0,
            member_count: row.member_count,
            deleted_at: to_timestamp(binned_at),
            purged_at: to_timestamp(binned_at + rules::BIN_DAYS * DAY_US),
        })
    });
    Ok(Bin { rooms: listings.collect(), next })
}
