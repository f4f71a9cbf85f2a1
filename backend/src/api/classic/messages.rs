//! `/messages/{room_id}/` and `/messages/create/{room_id}/`.

use aide::OperationIo;
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use shared::{
    Timestamp,
    ids::{MessageId, RoomId},
    messages::{Message, NewMessage},
};

use crate::{
    App, Result,
    auth::Caller,
    http::extract::{Created, Json, Path, Query, WithStatus},
    messages,
    rooms::{Membership, RoomPath},
    tables,
};

/// Messages per query. The response is streamed, so this bounds its memory.
const BATCH_ROWS: i64 = 500;

/// Selects messages; all of the room by default.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListQuery {
    /// Only the last `limit` messages, at least 1.
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
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Content {
    /// 1 to 16 384 bytes after trimming.
    #[schemars(length(min = 1, max = 16384))]
    content: String,
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(Content { content }): Json<Content>,
) -> Result<Created<ClassicMessage>> {
    let new = NewMessage { client_id: None, content, reply_to: None };
    let posted = messages::post(&app, caller.user.id, id, new).await?;
    Ok(WithStatus(posted.message.into()))
}

pub async fn list(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<ListQuery>,
) -> Result<HistoryStream> {
    let room = membership.room_id();
    let permit = app.limits.histories.acquire(membership.caller.user.id).await?;
    let end = match query.before {
        Some(id) => seq_of(&app, room, id).await? - 1,
        None => membership.room.last_seq,
    };
    let start = query.limit.map_or(1, |limit| (end - i64::from(limit.max(1)) + 1).max(1));
    let name = serde_json::to_string(&membership.room.name).unwrap_or_default();
    let start_of_object = format!("{{\"name\":{name},\"messages\":[");
    let body = stream::iter([Ok(Bytes::from(start_of_object))])
        .chain(json_messages(app, room, start, end))
        .chain(stream::iter([Ok(Bytes::from_static(b"]}"))]))
        .inspect(move |_| {
            let _held_until_the_end = &permit;
        });
    Ok(HistoryStream(Body::from_stream(body)))
}

/// The `seq` of a message. 1 if the room has no such message: then no message comes before it.
async fn seq_of(app: &App, room: RoomId, id: MessageId) -> Result<i64> {
    use tables::messages::{Column, Entity};
    let select = Entity::find_by_id(id.0).filter(Column::RoomId.eq(room.0));
    Ok(select.one(&app.db.reader).await?.map_or(1, |row| row.seq))
}

/// Streams the messages from `start` to `end` as JSON objects separated by commas. Reads a batch of
/// rows at a time, and skips deleted messages.
fn json_messages(
    app: App,
    room: RoomId,
    start: i64,
    end: i64,
) -> impl Stream<Item = Result<Bytes>> {
    stream::unfold((start, true), move |(from, mut is_first)| {
        let app = app.clone();
        async move {
            if from > end {
                return None;
            }
            let to = end.min(from + BATCH_ROWS - 1);
            let read = messages::queries::range(&app.db.reader, room, from, to).await;
            let text = read.map(|messages| {
                let mut text = Vec::new();
                for message in messages.into_iter().filter(|m| m.deleted_at.is_none()) {
                    if !std::mem::take(&mut is_first) {
                        text.push(b',');
                    }
                    // Writing to memory cannot fail.
                    let _ = serde_json::to_writer(&mut text, &ClassicMessage::from(message));
                }
                Bytes::from(text)
            });
            let next = if text.is_ok() { to + 1 } else { end + 1 };
            Some((text, (next, is_first)))
        }
    })
}
