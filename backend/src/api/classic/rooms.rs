//! `/rooms/` and `/rooms/{id}/`.

use std::collections::BTreeMap;

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use shared::{
    Timestamp,
    ids::{RoomId, UserId},
    rooms::{NewRoom, PatchRoom, Room},
};

use crate::{
    App, Result,
    auth::{Admin, Caller},
    http::extract::{Created, Json, Path, WithStatus},
    realtime::ledger,
    rooms::{self, RoomPath, queries},
    tables,
};

/// A room with its members, in the classic format.
#[derive(Serialize, JsonSchema)]
pub struct ClassicRoom {
    id: RoomId,
    name: String,
    topic: String,
    created_by: UserId,
    /// The ids of its members.
    users: Vec<UserId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A success message.
#[derive(Serialize, JsonSchema)]
pub struct Detail {
    detail: String,
}

/// Converts rooms to the classic format.
async fn to_classic(app: &App, rooms: Vec<Room>) -> Result<Vec<ClassicRoom>> {
    use tables::members::{Column, Entity};
    let mut members: BTreeMap<i64, Vec<UserId>> = BTreeMap::new();
    let rows: Vec<(i64, i64)> = Entity::find()
        .select_only()
        .columns([Column::RoomId, Column::UserId])
        .filter(Column::RoomId.is_in(rooms.iter().map(|room| room.id.0)))
        .filter(Column::HasLeft.eq(false))
        .order_by_asc(Column::UserId)
        .into_tuple()
        .all(&app.db.reader)
        .await?;
    for (room, user) in rows {
        members.entry(room).or_default().push(user.into());
    }
    let rooms = rooms.into_iter().map(|room| ClassicRoom {
        users: members.remove(&room.id.0).unwrap_or_default(),
        id: room.id,
        name: room.name,
        topic: room.topic,
        created_by: room.created_by,
        created_at: room.created_at,
        updated_at: room.updated_at,
    });
    Ok(rooms.collect())
}

async fn to_response(app: &App, room: Room) -> Result<Json<ClassicRoom>> {
    let mut rooms = to_classic(app, vec![room]).await?;
    Ok(Json(rooms.pop().ok_or(shared::problem::Code::NotFound)?))
}

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ClassicRoom>>> {
    let (mut all, mut after) = (Vec::new(), RoomId(0));
    loop {
        let page = queries::list_rooms(&app.db.reader, caller.user.id, after, 500, None).await?;
        let rooms = page.rooms.into_iter().map(|listing| listing.room);
        all.extend(to_classic(&app, rooms.collect()).await?);
        match page.next {
            Some(next) => after = next,
            None => return Ok(Json(all)),
        }
    }
}

pub async fn get(
    State(app): State<App>,
    _: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<ClassicRoom>> {
    let room = queries::find_room(&app.db.reader, id).await?;
    to_response(&app, room.into()).await
}

pub async fn post(
    State(app): State<App>,
    admin: Admin,
    Json(request): Json<NewRoom>,
) -> Result<Created<ClassicRoom>> {
    let room = rooms::create_room(&app, &admin, request).await?;
    Ok(WithStatus(to_response(&app, room).await?.0))
}

pub async fn put(
    State(app): State<App>,
    admin: Admin,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(request): Json<NewRoom>,
) -> Result<Json<ClassicRoom>> {
    let change = PatchRoom { name: Some(request.name), topic: Some(request.topic) };
    let room = rooms::update_room(&app, &admin, id, change).await?;
    to_response(&app, room).await
}

pub async fn patch(
    State(app): State<App>,
    admin: Admin,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(change): Json<PatchRoom>,
) -> Result<Json<ClassicRoom>> {
    let room = rooms::update_room(&app, &admin, id, change).await?;
    to_response(&app, room).await
}

pub async fn delete(
    State(app): State<App>,
    admin: Admin,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<NoContent> {
    rooms::delete_room(&app, &admin, id).await?;
    Ok(NoContent)
}

pub async fn join(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<Detail>> {
    app.ledger.write(ledger::JoinRoom { room: id, user: caller.user.id }).await?;
    let room = queries::find_room(&app.db.reader, id).await?;
    Ok(Json(Detail { detail: format!("You have joined the room \"{}\"", room.name) }))
}
