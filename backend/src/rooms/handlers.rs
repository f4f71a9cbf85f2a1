//! The handlers of the room endpoints.

use std::collections::BTreeSet;

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::{RoomId, UserId},
    problem::{Code, FieldError},
    rooms::{
        Member, MemberList, MemberListing, NewRoom, PatchRoom, People, Room, RoomList, RoomListing,
    },
    rules,
};

use super::{Membership, RoomPath, queries};
use crate::{
    App, Result,
    auth::{Admin, Caller},
    http::extract::{Created, Json, Path, Query, WithStatus},
    realtime::ledger::{CreateRoom, DeleteRoom, JoinRoom, RemoveMember, UpdateRoom},
};

/// Selects rooms.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListQuery {
    /// Only rooms with a greater id.
    #[serde(default)]
    after: RoomId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
    /// Only rooms whose name or topic contains this text, ignoring case.
    q: Option<String>,
}

/// Selects members.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MembersQuery {
    /// Only accounts with a greater id.
    #[serde(default)]
    after: UserId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
}

/// Selects users.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeopleQuery {
    /// A part of the username, ignoring case; at most 150 characters.
    #[serde(default)]
    #[schemars(length(max = 150))]
    q: String,
}

/// The path parameters of a member.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MemberPath {
    /// The id of the room.
    id: RoomId,
    /// The id of the account.
    user: UserId,
}

fn page_default() -> u64 {
    rules::PAGE_DEFAULT
}

/// Checks a page size: 422 if it is not 1 to [`rules::PAGE_MAX`].
pub fn check_limit(limit: u64) -> Result<u64> {
    if (1..=rules::PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("must be 1 to {}, but is {limit}", rules::PAGE_MAX);
    Err(FieldError::new("limit", message).into())
}

pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<RoomList>> {
    let limit = check_limit(query.limit)?;
    let (db, q) = (&app.db.reader, query.q.as_deref());
    Ok(Json(queries::list_rooms(db, caller.user.id, query.after, limit, q).await?))
}

pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<RoomListing>> {
    let room = queries::find_room(&app.db.reader, id).await?.into();
    let joined = match queries::find_membership(&app.db.reader, id, caller.user.id).await {
        Ok(_) => true,
        Err(error) if error.code() == Code::NotAMember => false,
        Err(error) => return Err(error),
    };
    Ok(Json(RoomListing { room, joined }))
}

pub async fn post(
    State(app): State<App>,
    admin: Admin,
    Json(request): Json<NewRoom>,
) -> Result<Created<Room>> {
    create_room(&app, &admin, request.into()).await.map(WithStatus)
}

/// The fields that an admin can set. An update keeps those that are `None`.
#[derive(Debug, Default)]
pub struct RoomFields {
    pub name: Option<String>,
    /// `Some(None)` for no topic, which only the classic endpoints tell from an empty one.
    pub topic: Option<Option<String>>,
    /// The account that counts as the creator; the admin who creates the room by default.
    pub created_by: Option<UserId>,
    /// All members; only the creator by default.
    pub members: Option<BTreeSet<UserId>>,
}

impl From<NewRoom> for RoomFields {
    fn from(NewRoom { name, topic }: NewRoom) -> Self {
        PatchRoom { name: Some(name), topic: Some(topic) }.into()
    }
}

impl From<PatchRoom> for RoomFields {
    fn from(PatchRoom { name, topic }: PatchRoom) -> Self {
        Self { name, topic: topic.map(Some), ..Self::default() }
    }
}

impl RoomFields {
    fn validate_topic(&self) -> Result<Option<Option<String>>, FieldError> {
        match &self.topic {
            Some(Some(topic)) => Ok(Some(Some(rules::validate_topic(topic)?))),
            Some(None) => Ok(Some(None)),
            None => Ok(None),
        }
    }
}

/// The values of two fields, or the errors of both.
fn both<A, B>(a: Result<A, FieldError>, b: Result<B, FieldError>) -> Result<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err([a.err(), b.err()].into_iter().flatten().collect::<Vec<_>>().into()),
    }
}

/// Creates a room.
pub async fn create_room(app: &App, Admin(by): &Admin, fields: RoomFields) -> Result<Room> {
    let name = rules::validate_room_name(fields.name.as_deref().unwrap_or_default());
    let (name, topic) = both(name, fields.validate_topic())?;
    let RoomFields { created_by, members, .. } = fields;
    let topic = topic.flatten();
    app.ledger.write(CreateRoom { by: by.user.id, name, topic, created_by, members }).await
}

pub async fn put(
    State(app): State<App>,
    admin: Admin,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(request): Json<NewRoom>,
) -> Result<Json<Room>> {
    Ok(Json(update_room(&app, &admin, id, request.into()).await?))
}

pub async fn patch(
    State(app): State<App>,
    admin: Admin,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(change): Json<PatchRoom>,
) -> Result<Json<Room>> {
    Ok(Json(update_room(&app, &admin, id, change.into()).await?))
}

/// Changes a room.
pub async fn update_room(
    app: &App,
    Admin(by): &Admin,
    room: RoomId,
    fields: RoomFields,
) -> Result<Room> {
    let name = match fields.name.as_deref().map(rules::validate_room_name).transpose() {
        Ok(name) => Ok(name),
        // Clients send the name along with a new topic, and a name may be older than a rule for names.
        Err(error) => {
            let current = queries::find_room(&app.db.reader, room).await?;
            if fields.name.as_ref() == Some(&current.name) { Ok(None) } else { Err(error) }
        }
    };
    let (name, topic) = both(name, fields.validate_topic())?;
    let RoomFields { created_by, members, .. } = fields;
    app.ledger.write(UpdateRoom { room, by: by.user.id, name, topic, created_by, members }).await
}

pub async fn delete(
    State(app): State<App>,
    admin: Admin,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<NoContent> {
    delete_room(&app, &admin, id).await?;
    Ok(NoContent)
}

pub async fn delete_room(app: &App, Admin(by): &Admin, room: RoomId) -> Result<()> {
    app.ledger.delete_room(DeleteRoom { room, by: by.user.id }).await
}

pub async fn join(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<Member>> {
    Ok(Json(app.ledger.write(JoinRoom { room: id, user: caller.user.id }).await?))
}

pub async fn leave(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<NoContent> {
    let me = caller.user.id;
    app.ledger.write(RemoveMember { room: id, user: me, by: me }).await?;
    Ok(NoContent)
}

pub async fn remove_member(
    State(app): State<App>,
    Admin(by): Admin,
    Path(MemberPath { id, user }): Path<MemberPath>,
) -> Result<NoContent> {
    app.ledger.write(RemoveMember { room: id, user, by: by.user.id }).await?;
    Ok(NoContent)
}

pub async fn list_people(
    State(app): State<App>,
    caller: Caller,
    Query(PeopleQuery { q }): Query<PeopleQuery>,
) -> Result<Json<People>> {
    let length = q.chars().count();
    if length > rules::USERNAME_MAX_CHARS {
        let max = rules::USERNAME_MAX_CHARS;
        let message = format!("must be at most {max} characters, but is {length}");
        return Err(FieldError::new("q", message).into());
    }
    // Needs a permit, because the query is as expensive as a search and a client can send one for
    // every keystroke.
    let (permit, db) =
        (app.limits.searches.acquire(caller.user.id).await?, app.db.searcher.clone());
    let people = permit
        .run(async move { queries::list_people(&db, caller.user.id, q.trim()).await })
        .await?;
    Ok(Json(People { people }))
}

pub async fn list_members(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<MembersQuery>,
) -> Result<Json<MemberList>> {
    let (limit, room) = (check_limit(query.limit)?, membership.room_id());
    let (rows, next) = queries::list_members(&app.db.reader, room, query.after, limit).await?;
    let online = app.hub.online_users(room);
    let members = rows.into_iter().map(|(row, user)| {
        let online = online.contains(&UserId(user.id));
        MemberListing { member: row.to_member(&user), online }
    });
    Ok(Json(MemberList { members: members.collect(), next }))
}
