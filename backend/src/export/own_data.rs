//! Everything of an account as one file, to keep before the account is deleted.

use std::collections::{HashMap, VecDeque};

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{MediaType, Operation, Response as ResponseDoc, SchemaObject},
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use shared::{
    Timestamp,
    access::Role,
    ids::{RoomId, Seq, UserId},
    text::Format,
    users::{Session, User},
};

use super::download::content_disposition;
use crate::{
    App, Result,
    auth::Caller,
    concurrency_limiter::Permit,
    http::long_body::{BodySource, long_body},
    tables::{
        Connection, members, messages, name_direct_rooms, rooms, rooms_written_in, to_timestamp,
        visible_rooms,
    },
    users::list_sessions,
};

/// The number of messages in a chunk.
const CHUNK: u64 = 500;

/// A line of the file: an object with one field, named after the kind of the line.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OwnDataLine {
    /// The account; the first line.
    Profile(User),
    /// A session.
    Session(Session),
    /// A room that the account is or was in.
    Membership(OwnMembership),
    /// A message of the account that is not deleted, by room and `seq`.
    Message(OwnMessage),
}

/// A room that the account is or was in.
#[derive(Serialize, JsonSchema)]
struct OwnMembership {
    /// The id of the room.
    room: RoomId,
    /// Its name, or those of the people of a direct room; absent if the account may not see the room any
    /// more.
    #[serde(skip_serializing_if = "Option::is_none")]
    room_name: Option<String>,
    /// The role in the room.
    role: Role,
    /// When the account joined last.
    joined_at: Timestamp,
    /// Whether it has left.
    left: bool,
}

/// A message of the account.
#[derive(Serialize, JsonSchema)]
struct OwnMessage {
    /// The id of the room.
    room: RoomId,
    /// As in a membership.
    #[serde(skip_serializing_if = "Option::is_none")]
    room_name: Option<String>,
    /// The number of the message in the room.
    seq: Seq,
    /// When it was posted.
    created_at: Timestamp,
    /// When it was edited last.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Timestamp>,
    /// How the text is written.
    format: Format,
    /// The text.
    content: String,
}

/// The response.
pub struct OwnDataFile {
    disposition: HeaderValue,
    body: Body,
}

pub async fn export_me(State(app): State<App>, caller: Caller) -> Result<OwnDataFile> {
    let permit = app.limits.exports.acquire(caller.user.id).await?;
    let disposition = content_disposition(&format!("Hallway {}", caller.user.username), "jsonl");
    let export = OwnDataExport {
        app,
        caller,
        _permit: permit,
        names: HashMap::new(),
        rooms: None,
        after: Seq(0),
    };
    Ok(OwnDataFile { disposition, body: long_body(export) })
}

/// The state of an export between two chunks.
struct OwnDataExport {
    app: App,
    caller: Caller,
    _permit: Permit,
    /// The names of the rooms that the caller may see.
    names: HashMap<RoomId, String>,
    /// The rooms with messages that are not written yet; `None` at the beginning.
    rooms: Option<VecDeque<RoomId>>,
    /// The message of the first of these rooms after which the next chunk begins.
    after: Seq,
}

impl BodySource for OwnDataExport {
    async fn next_part(&mut self) -> Result<Option<Bytes>> {
        let Some(room) = self.rooms.as_ref().map(|rooms| rooms.front().copied()) else {
            return self.begin().await.map(Some);
        };
        let Some(room) = room else { return Ok(None) };
        // A permit for each chunk, so that a slow download blocks no searches.
        let user = self.caller.user.id;
        let permit = self.app.limits.searches.acquire(user).await?;
        let (db, after) = (self.app.db.searcher.clone(), self.after);
        let rows =
            permit.run(async move { Ok(own_messages(&db, user, room, after).await?) }).await?;
        self.check_access().await?;
        let is_last = (rows.len() as u64) < CHUNK;
        self.after = rows.last().filter(|_| !is_last).map_or(Seq(0), |row| Seq(row.seq));
        if let Some(rooms) = self.rooms.as_mut().filter(|_| is_last) {
            rooms.pop_front();
        }
        let mut out = Vec::new();
        rows.into_iter().for_each(|row| write_line(&self.message(row), &mut out));
        Ok(Some(out.into()))
    }

    /// Fails once the caller is signed out or the account is deleted.
    async fn check_access(&mut self) -> Result<()> {
        self.app.auth.reauthenticate(&self.caller).await.map(drop)
    }
}

impl OwnDataExport {
    /// Writes everything but the messages.
    async fn begin(&mut self) -> Result<Bytes> {
        let user = self.app.auth.reauthenticate(&self.caller).await?;
        let db = &self.app.db.reader;
        self.names = room_names(db, &user).await?;
        let memberships = own_memberships(db, user.id).await?;
        let sessions = list_sessions(&self.app, user.id, self.caller.session).await?.sessions;
        self.rooms = Some(rooms_written_in(db, user.id).await?.into());
        let mut out = Vec::new();
        write_line(&OwnDataLine::Profile(user), &mut out);
        sessions.into_iter().for_each(|it| write_line(&OwnDataLine::Session(it), &mut out));
        memberships.into_iter().for_each(|row| write_line(&self.membership(row), &mut out));
        Ok(out.into())
    }

    fn membership(&self, row: members::Model) -> OwnDataLine {
        let room = RoomId(row.room_id);
        OwnDataLine::Membership(OwnMembership {
            room,
            room_name: self.names.get(&room).cloned(),
            role: row.role.0,
            joined_at: to_timestamp(row.joined_at),
            left: row.has_left,
        })
    }

    fn message(&self, row: messages::Model) -> OwnDataLine {
        let room = RoomId(row.room_id);
        OwnDataLine::Message(OwnMessage {
            room,
            room_name: self.names.get(&room).cloned(),
            seq: row.seq.into(),
            created_at: to_timestamp(row.created_at),
            edited_at: row.edited_at.map(to_timestamp),
            format: row.format.0,
            content: row.content,
        })
    }
}

/// The names of the rooms that a user may see. The name that a private room got after the user left it is
/// none of their business.
async fn room_names(db: &impl Connection, user: &User) -> Result<HashMap<RoomId, String>> {
    let select = rooms::Entity::find()
        .select_only()
        .columns([rooms::Column::Id, rooms::Column::Name])
        .filter(visible_rooms(user.id, user.rank));
    let rows = select.into_tuple::<(i64, String)>().all(db).await?;
    let mut names = rows.into_iter().map(|(id, name)| (RoomId(id), name)).collect();
    name_direct_rooms(db, user.id, &mut names).await?;
    Ok(names)
}

async fn own_memberships(db: &impl Connection, user: UserId) -> Result<Vec<members::Model>, DbErr> {
    let select = members::Entity::find()
        .inner_join(rooms::Entity)
        .filter(members::Column::UserId.eq(user.0))
        .filter(rooms::Column::DeletedAt.is_null())
        .order_by_asc(members::Column::RoomId);
    select.all(db).await
}

/// The next messages of a user in a room.
async fn own_messages(
    db: &impl Connection,
    user: UserId,
    room: RoomId,
    after: Seq,
) -> Result<Vec<messages::Model>, DbErr> {
    use messages::Column as C;
    let select = messages::Entity::find()
        .filter(C::RoomId.eq(room.0))
        .filter(C::UserId.eq(user.0))
        .filter(C::DeletedAt.is_null())
        .filter(C::Seq.gt(after.0))
        .order_by_asc(C::Seq)
        .limit(CHUNK);
    select.all(db).await
}

fn write_line(line: &OwnDataLine, out: &mut Vec<u8>) {
    // Neither serializing a line nor writing to memory can fail.
    let _ = serde_json::to_writer(&mut *out, line);
    out.push(b'\n');
}

impl IntoResponse for OwnDataFile {
    fn into_response(self) -> Response {
        let content_type = HeaderValue::from_static("application/jsonl; charset=utf-8");
        let headers = [
            (header::CONTENT_TYPE, content_type),
            (header::CONTENT_DISPOSITION, self.disposition),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ];
        (headers, self.body).into_response()
    }
}

impl OperationOutput for OwnDataFile {
    type Inner = Self;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<ResponseDoc> {
        let json_schema = ctx.schema.subschema_for::<OwnDataLine>();
        let schema = SchemaObject { json_schema, example: None, external_docs: None };
        let media_type = MediaType { schema: Some(schema), ..MediaType::default() };
        Some(ResponseDoc {
            description: "The file. The schema describes one line.".into(),
            content: [("application/jsonl".to_owned(), media_type)].into_iter().collect(),
            ..ResponseDoc::default()
        })
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, ResponseDoc)> {
        let response = Self::operation_response(ctx, operation);
        response.into_iter().map(|response| (Some(200), response)).collect()
    }
}
