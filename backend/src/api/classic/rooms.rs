//! `/rooms/` and `/rooms/{id}/`.

use std::collections::{BTreeMap, HashSet};

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use shared::{
    Timestamp,
    access::RoomKind,
    ids::{RoomId, UserId},
    problem::Code,
    rooms::Room,
    rules,
};

use super::{
    body::{FromFields, Validated},
    fields::{Fields, check_length},
    serialize_moment,
};
use crate::{
    App, Result,
    auth::{Admin, Caller},
    http::extract::{Created, Json, Path, WithStatus},
    realtime::ledger,
    rooms::{self, RoomFields, RoomPath, queries},
    tables,
};

/// A room with its members, in the classic format.
#[derive(Serialize, JsonSchema)]
pub struct ClassicRoom {
    id: RoomId,
    name: String,
    topic: Option<String>,
    created_by: UserId,
    /// The ids of its members.
    users: Vec<UserId>,
    #[serde(serialize_with = "serialize_moment")]
    created_at: Timestamp,
    #[serde(serialize_with = "serialize_moment")]
    updated_at: Timestamp,
}

/// The fields of a room. `PUT` and `PATCH` keep those that are left out.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the fields")]
pub struct RoomBody {
    /// 1 to 255 visible characters, unique without regard to case. Only `PATCH` may leave it out.
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    /// At most 255 characters.
    #[schemars(length(max = 255))]
    topic: Option<String>,
    /// The id of the account that counts as the creator; the caller by default.
    created_by: Option<UserId>,
    /// The ids of all members; by default a new room has its creator.
    users: Option<Vec<UserId>>,
}

/// The fields of a new room, or of `PUT`.
#[derive(JsonSchema)]
pub struct WholeRoom(#[schemars(with = "RoomBody")] RoomFields);

/// The fields of `PATCH`.
#[derive(JsonSchema)]
pub struct PartialRoom(#[schemars(with = "RoomBody")] RoomFields);

impl FromFields for WholeRoom {
    fn from_fields(fields: &mut Fields) -> Self {
        Self(read_room(fields.required("name", Fields::text), fields))
    }
}

impl FromFields for PartialRoom {
    fn from_fields(fields: &mut Fields) -> Self {
        Self(read_room(fields.text("name"), fields))
    }
}

fn read_room(name: Option<String>, fields: &mut Fields) -> RoomFields {
    let topic = fields.nullable_text("topic");
    for (field, text) in [("name", &name), ("topic", &topic.clone().flatten())] {
        let max = rules::ROOM_NAME_MAX_CHARS.min(rules::TOPIC_MAX_CHARS);
        fields.check(check_length(field, text.as_deref().unwrap_or_default(), max));
    }
    let (created_by, members) = (fields.id("created_by"), fields.ids("users"));
    RoomFields { name, topic, created_by, members, ..RoomFields::default() }
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
    let without_topic: HashSet<i64> = tables::rooms::Entity::find()
        .select_only()
        .column(tables::rooms::Column::Id)
        .filter(tables::rooms::Column::Id.is_in(rooms.iter().map(|room| room.id.0)))
        .filter(tables::rooms::Column::HasTopic.eq(false))
        .into_tuple()
        .all(&app.db.reader)
        .await?
        .into_iter()
        .collect();
    let rooms = rooms.into_iter().map(|room| ClassicRoom {
        users: members.remove(&room.id.0).unwrap_or_default(),
        id: room.id,
        name: room.name,
        topic: (!without_topic.contains(&room.id.0)).then_some(room.topic),
        created_by: room.created_by,
        created_at: room.created_at,
        updated_at: room.updated_at,
    });
    Ok(rooms.collect())
}

/// A room that the caller may see, without direct rooms.
pub(super) async fn find_room(
    app: &App,
    caller: &Caller,
    id: RoomId,
) -> Result<tables::rooms::Model> {
    let room = queries::find_room(&app.db.reader, id, &caller.user).await?;
    hide_direct(&room)?;
    Ok(room)
}

/// 404 for a direct room: classic clients show a name for each room, and direct rooms have none.
pub(super) fn hide_direct(room: &tables::rooms::Model) -> Result<()> {
    if room.kind.0 == RoomKind::Direct { Err(Code::NotFound.into()) } else { Ok(()) }
}

async fn to_response(app: &App, room: Room) -> Result<Json<ClassicRoom>> {
    let mut rooms = to_classic(app, vec![room]).await?;
    Ok(Json(rooms.pop().ok_or(Code::NotFound)?))
}

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ClassicRoom>>> {
    let (mut all, mut after) = (Vec::new(), RoomId(0));
    loop {
        let page = queries::list_rooms(&app.db.reader, &caller.user, after, 500, None).await?;
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
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<ClassicRoom>> {
    let room = find_room(&app, &caller, id).await?;
    to_response(&app, room.into()).await
}

pub async fn post(
    State(app): State<App>,
    Admin(caller): Admin,
    Validated(WholeRoom(fields)): Validated<WholeRoom>,
) -> Result<Created<ClassicRoom>> {
    let room = rooms::create_room(&app, &caller, fields).await?;
    Ok(WithStatus(to_response(&app, room).await?.0))
}

pub async fn put(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(RoomPath { id }): Path<RoomPath>,
    Validated(WholeRoom(fields)): Validated<WholeRoom>,
) -> Result<Json<ClassicRoom>> {
    let room = rooms::update_room(&app, &caller, id, fields).await?;
    to_response(&app, room).await
}

pub async fn patch(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(RoomPath { id }): Path<RoomPath>,
    Validated(PartialRoom(fields)): Validated<PartialRoom>,
) -> Result<Json<ClassicRoom>> {
    let room = rooms::update_room(&app, &caller, id, fields).await?;
    to_response(&app, room).await
}

pub async fn delete(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<NoContent> {
    rooms::delete_room(&app, &caller, id, false).await?;
    Ok(NoContent)
}

pub async fn join(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<Detail>> {
    app.ledger.write(ledger::JoinRoom { room: id, user: caller.user.id }).await?;
    let room = find_room(&app, &caller, id).await?;
    Ok(Json(Detail { detail: format!("You have joined the room \"{}\"", room.name) }))
}
