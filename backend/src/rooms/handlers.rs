//! The handlers of the room endpoints.

use std::collections::BTreeSet;

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    access::{History, Policies, RoomKind},
    ids::{RoomId, Seq, UserId},
    problem::{Code, FieldError},
    rooms::{
        Member, NewRoom, PatchMember, PatchRoom, ReplaceRoom, Room, RoomList, RoomListing,
        validate_slow_mode,
    },
    rules,
};

use super::{RoomPath, queries};
use crate::{
    App, Result,
    auth::Caller,
    http::extract::{Created, Json, Path, Query, WithStatus},
    realtime::ledger::{
        AddMember, Ban, CreateRoom, JoinRoom, RemoveMember, RoomChanges, SetRole, UpdateRoom,
    },
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

/// The path parameters of a member.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MemberPath {
    /// The id of the room.
    pub id: RoomId,
    /// The id of the account.
    pub user: UserId,
}

/// How to remove a member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveQuery {
    /// Whether the account is also banned: it can neither join nor be added again. This also works for
    /// somebody who has left.
    #[serde(default)]
    ban: bool,
}

pub(super) fn page_default() -> u64 {
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
    Ok(Json(queries::list_rooms(db, &caller.user, query.after, limit, q).await?))
}

pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<Json<RoomListing>> {
    let room = queries::find_room(&app.db.reader, id, &caller.user).await?.into();
    let joined = match queries::find_membership(&app.db.reader, id, &caller.user).await {
        Ok(_) => true,
        Err(error) if error.code() == Code::NotAMember => false,
        Err(error) => return Err(error),
    };
    Ok(Json(RoomListing { room, joined }))
}

pub async fn post(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<NewRoom>,
) -> Result<Created<Room>> {
    create_room(&app, &caller, request.into()).await.map(WithStatus)
}

/// The fields of a room that clients set. An update keeps those that are `None`.
#[derive(Debug, Default)]
pub struct RoomFields {
    pub name: Option<String>,
    /// `Some(None)` for no topic, which only the classic endpoints tell from an empty one.
    pub topic: Option<Option<String>>,
    /// The account that counts as the creator; the admin who creates the room by default.
    pub created_by: Option<UserId>,
    /// All members; only the creator by default.
    pub members: Option<BTreeSet<UserId>>,
    pub kind: Option<RoomKind>,
    pub open_from: Option<Seq>,
    pub history: Option<History>,
    pub policies: Option<Policies>,
    pub archived: Option<bool>,
    pub is_default: Option<bool>,
}

impl From<NewRoom> for RoomFields {
    fn from(NewRoom { name, topic, kind, history, policies }: NewRoom) -> Self {
        Self {
            name: Some(name),
            topic: Some(Some(topic)),
            kind: Some(kind),
            history: Some(history),
            policies: Some(policies),
            ..Self::default()
        }
    }
}

impl From<ReplaceRoom> for RoomFields {
    fn from(ReplaceRoom { name, topic }: ReplaceRoom) -> Self {
        Self { name: Some(name), topic: Some(Some(topic)), ..Self::default() }
    }
}

impl From<PatchRoom> for RoomFields {
    fn from(patch: PatchRoom) -> Self {
        let PatchRoom { name, topic, kind, open_from, history, policies, archived, is_default } =
            patch;
        let (topic, rest) = (topic.map(Some), Self { archived, is_default, ..Self::default() });
        Self { name, topic, kind, open_from, history, policies, ..rest }
    }
}

impl RoomFields {
    fn validate_policies(&self) -> Result<(), FieldError> {
        self.policies.map_or(Ok(()), |policies| validate_slow_mode(policies.slow_s))
    }

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
pub async fn create_room(app: &App, by: &Caller, fields: RoomFields) -> Result<Room> {
    let name = rules::validate_room_name(fields.name.as_deref().unwrap_or_default());
    let (name, topic) = both(name, fields.validate_topic())?;
    fields.validate_policies()?;
    let RoomFields { created_by, members, kind, history, policies, .. } = fields;
    let create = CreateRoom {
        by: by.user.id,
        name,
        topic: topic.flatten(),
        kind: kind.unwrap_or_default(),
        history: history.unwrap_or_default(),
        policies: policies.unwrap_or_default(),
        created_by,
        members,
    };
    app.ledger.write(create).await
}

pub async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(request): Json<ReplaceRoom>,
) -> Result<Json<Room>> {
    Ok(Json(update_room(&app, &caller, id, request.into()).await?))
}

pub async fn patch(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(change): Json<PatchRoom>,
) -> Result<Json<Room>> {
    Ok(Json(update_room(&app, &caller, id, change.into()).await?))
}

/// Changes a room.
pub async fn update_room(app: &App, by: &Caller, room: RoomId, fields: RoomFields) -> Result<Room> {
    let name = match fields.name.as_deref().map(rules::validate_room_name).transpose() {
        Ok(name) => Ok(name),
        // Clients send the name along with a new topic, and a name may be older than a rule for names.
        Err(error) => {
            let current = queries::find_room(&app.db.reader, room, &by.user).await?;
            if fields.name.as_ref() == Some(&current.name) { Ok(None) } else { Err(error) }
        }
    };
    let (name, topic) = both(name, fields.validate_topic())?;
    fields.validate_policies()?;
    let RoomFields { created_by, members, kind, open_from, history, .. } = fields;
    let RoomFields { policies, archived, is_default, .. } = fields;
    let changes = RoomChanges {
        name,
        topic,
        kind,
        open_from,
        history,
        policies,
        archived,
        is_default,
        created_by,
        members,
    };
    app.ledger.write(UpdateRoom { room, by: by.user.id, changes }).await
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
    Caller { user: by, .. }: Caller,
    Path(MemberPath { id, user }): Path<MemberPath>,
    Query(RemoveQuery { ban }): Query<RemoveQuery>,
) -> Result<NoContent> {
    if ban {
        app.ledger.write(Ban { room: id, user, by: by.id }).await?;
        return Ok(NoContent);
    }
    app.ledger.write(RemoveMember { room: id, user, by: by.id }).await?;
    Ok(NoContent)
}

pub async fn add_member(
    State(app): State<App>,
    Caller { user: by, .. }: Caller,
    Path(MemberPath { id, user }): Path<MemberPath>,
) -> Result<Json<Member>> {
    Ok(Json(app.ledger.write(AddMember { room: id, user, by: by.id }).await?))
}

pub async fn set_role(
    State(app): State<App>,
    Caller { user: by, .. }: Caller,
    Path(MemberPath { id, user }): Path<MemberPath>,
    Json(PatchMember { role }): Json<PatchMember>,
) -> Result<Json<Member>> {
    Ok(Json(app.ledger.write(SetRole { room: id, user, role, by: by.id }).await?))
}
