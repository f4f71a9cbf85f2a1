//! The handlers of bans. A member is banned by the handler that removes members.

use std::collections::HashMap;

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::{
    ids::{RoomId, UserId},
    rooms::{Ban, BanList},
    users::UserRef,
};

use super::{
    super::{
        RoomPath, check_limit,
        handlers::{MemberPath, page_default},
    },
    check_rate, managed_room,
};
use crate::{
    App, Result,
    auth::Caller,
    http::extract::{Json, Path, Query},
    realtime::ledger::Unban,
    tables::{Connection, room_bans, to_timestamp, users},
};

/// Selects bans.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BansQuery {
    /// Only accounts with a greater id.
    #[serde(default)]
    after: UserId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
}

pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Query(BansQuery { after, limit }): Query<BansQuery>,
) -> Result<Json<BanList>> {
    check_rate(&app, &caller)?;
    let limit = check_limit(limit)?;
    let db = &app.db.reader;
    managed_room(db, id, &caller.user).await?;
    Ok(Json(list_bans(db, id, after, limit).await?))
}

pub async fn lift(
    State(app): State<App>,
    Caller { user: by, .. }: Caller,
    Path(MemberPath { id, user }): Path<MemberPath>,
) -> Result<NoContent> {
    app.ledger.write(Unban { room: id, user, by: by.id }).await?;
    Ok(NoContent)
}

async fn list_bans(
    db: &impl Connection,
    room: RoomId,
    after: UserId,
    limit: u64,
) -> Result<BanList> {
    let mut rows = room_bans::Entity::find()
        .filter(room_bans::Column::RoomId.eq(room.0))
        .filter(room_bans::Column::UserId.gt(after.0))
        .order_by_asc(room_bans::Column::UserId)
        .limit(limit + 1)
        .all(db)
        .await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| UserId(row.user_id));
    let people = people(db, rows.iter().flat_map(|row| [row.user_id, row.banned_by])).await?;
    let bans = rows.into_iter().filter_map(|row| {
        Some(Ban {
            user: people.get(&row.user_id)?.clone(),
            by: people.get(&row.banned_by).cloned(),
            created_at: to_timestamp(row.created_at),
        })
    });
    Ok(BanList { bans: bans.collect(), next })
}

/// The accounts with these ids.
pub(super) async fn people(
    db: &impl Connection,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, UserRef>> {
    let accounts = users::Entity::find().filter(users::Column::Id.is_in(ids)).all(db).await?;
    Ok(accounts.into_iter().map(|user| (user.id, user.to_ref())).collect())
}
