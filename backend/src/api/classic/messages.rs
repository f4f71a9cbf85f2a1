//! `/messages/{room_id}/` and `/messages/create/{room_id}/`.

use aide::OperationIo;
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use shared::{
    Timestamp,
    ids::{MessageId, RoomId},
    messages::{Message, NewMessage},
    problem::{Code, FieldError},
    text::Format,
};

use super::{
    body::{FromFields, Validated},
    fields::{Fields, unknown_id},
    rooms::{find_room, hide_direct},
    serialize_moment,
};
use crate::{
    App, Result,
    auth::Caller,
    concurrency_limiter::Permit,
    http::{
        extract::{Created, Json, Path, Query, WithStatus},
        long_body::{BodySource, long_body},
    },
    messages,
    rooms::{Membership, RoomPath, recheck_membership},
    tables::{self, RoomView},
};

/// Messages per query. The response is streamed, so this bounds its memory.
const BATCH_ROWS: i64 = 500;

/// Selects messages; all of the room by default.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListQuery {
    /// Only the last `limit` messages, at least 1. There are fewer only at the beginning of the room.
    limit: Option<u32>,
    /// Only messages before the one with this `id`.
    before: Option<MessageId>,
}

/// A message in the classic format.
#[derive(Serialize, JsonSchema)]
pub struct ClassicMessage {
    id: MessageId,
    room: RoomId,
    content: String,
    /// The author's username.
    user: String,
    #[serde(serialize_with = "serialize_moment")]
    created_at: Timestamp,
}

/// A room's history, oldest first.
#[derive(Serialize, JsonSchema)]
pub struct History {
    name: String,
    messages: Vec<ClassicMessage>,
}

/// A streamed [`History`].
#[derive(OperationIo)]
#[aide(output_with = "Json<History>")]
pub struct HistoryStream(Body);

impl IntoResponse for HistoryStream {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

impl From<Message> for ClassicMessage {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            room: message.room,
            content: message.content,
            user: message.user.username,
            created_at: message.created_at,
        }
    }
}

/// A new message. Other fields that classic clients send are ignored.
#[derive(JsonSchema)]
pub struct Content {
    /// 1 to 16 384 bytes after trimming.
    #[schemars(length(min = 1, max = 16384))]
    content: String,
}

impl FromFields for Content {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { content: fields.required("content", Fields::text).unwrap_or_default() }
    }
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Validated(Content { content }): Validated<Content>,
) -> Result<Created<ClassicMessage>> {
    find_room(&app, &caller, id).await?;
    let new = NewMessage { client_id: None, format: Some(Format::Text), content, reply_to: None };
    let posted = messages::post(&app, &caller.user, id, new).await?;
    Ok(WithStatus(posted.message.into()))
}

pub async fn list(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<ListQuery>,
) -> Result<HistoryStream> {
    hide_direct(&membership.room)?;
    let room = membership.room_id();
    let permit = app.limits.histories.acquire(membership.caller.user.id).await?;
    let (first, last) = (membership.room.first_seq().0, membership.room.last_seq);
    let end = match query.before {
        Some(id) => seq_of(&app, &membership.room, id).await? - 1,
        None => last,
    };
    let start = match query.limit {
        Some(limit) => first_of_last(&app, room, end, limit.max(1)).await?.max(first),
        None => first,
    };
    let name = serde_json::to_string(&membership.room.name).unwrap_or_default();
    let start_of_object = format!("{{\"name\":{name},\"messages\":[");
    let next_part = NextPart::Start(start_of_object);
    let caller = membership.caller;
    let source =
        HistorySource { app, _permit: permit, caller, room, next_seq: start, end, next_part };
    Ok(HistoryStream(long_body(source)))
}

/// The `seq` of a message. An error if the room has no such message, because an empty page would look
/// like the beginning of the room.
async fn seq_of(app: &App, room: &RoomView, id: MessageId) -> Result<i64> {
    match messages::queries::seq_of_id(&app.db.reader, room, id).await? {
        Some(seq) => Ok(seq.0),
        None => Err(FieldError::new("before", unknown_id(id)).into()),
    }
}

/// The `seq` of the first of the last `limit` messages up to `end`; 1 if there are fewer. Deleted
/// messages do not count: a page of them would look like the beginning of the room.
async fn first_of_last(app: &App, room: RoomId, end: i64, limit: u32) -> Result<i64> {
    use tables::messages::{Column, Entity};
    let first = Entity::find()
        .select_only()
        .column(Column::Seq)
        .filter(Column::RoomId.eq(room.0))
        .filter(Column::Seq.lte(end))
        .filter(Column::DeletedAt.is_null())
        .order_by_desc(Column::Seq)
        .offset(u64::from(limit) - 1)
        .limit(1);
    Ok(first.into_tuple::<i64>().one(&app.db.reader).await?.unwrap_or(1))
}

/// The part of a [`History`] that comes next.
enum NextPart {
    /// The text before the messages.
    Start(String),
    /// Messages, without a comma before the first if this is true.
    Messages {
        is_first: bool,
    },
    Nothing,
}

/// Produces a [`History`]: a batch of rows at a time, without deleted messages.
struct HistorySource {
    app: App,
    _permit: Permit,
    caller: Caller,
    room: RoomId,
    next_seq: i64,
    /// The `seq` of the last message.
    end: i64,
    next_part: NextPart,
}

impl BodySource for HistorySource {
    async fn next_part(&mut self) -> Result<Option<Bytes>> {
        match std::mem::replace(&mut self.next_part, NextPart::Nothing) {
            NextPart::Nothing => Ok(None),
            NextPart::Start(text) => {
                self.next_part = NextPart::Messages { is_first: true };
                Ok(Some(text.into()))
            }
            NextPart::Messages { .. } if self.next_seq > self.end => {
                Ok(Some(Bytes::from_static(b"]}")))
            }
            NextPart::Messages { mut is_first } => {
                let text = self.next_messages(&mut is_first).await?;
                self.next_part = NextPart::Messages { is_first };
                Ok(Some(text.into()))
            }
        }
    }

    async fn check_access(&mut self) -> Result<()> {
        recheck_membership(&self.app, &self.caller, self.room).await.map(drop)
    }
}

impl HistorySource {
    /// The next batch as JSON objects, separated by commas.
    async fn next_messages(&mut self, is_first: &mut bool) -> Result<Vec<u8>> {
        let room = recheck_membership(&self.app, &self.caller, self.room).await?;
        let (from, to) = (self.next_seq, self.end.min(self.next_seq + BATCH_ROWS - 1));
        let messages = messages::queries::range(&self.app.db.reader, &room, from, to).await?;
        // Every `seq` exists, so if messages are missing, the room has been deleted since the check.
        if messages.len() as i64 != to - from + 1 {
            return Err(Code::NotFound.into());
        }
        self.next_seq = to + 1;
        let mut text = Vec::new();
        for message in messages.into_iter().filter(|m| m.deleted_at.is_none()) {
            if !std::mem::take(is_first) {
                text.push(b',');
            }
            // Writing to memory cannot fail.
            let _ = serde_json::to_writer(&mut text, &ClassicMessage::from(message));
        }
        Ok(text)
    }
}
