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
    http::extract::{Answer, Created, Json, Path, Query},
    messages,
    rooms::{Membership, RoomPath},
    tables,
};

/// Messages read at a time: memory stays flat however long the room.
const CHUNK: i64 = 500;

/// Which messages: all of them, unless part is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListQuery {
    /// The last so many, at least 1.
    limit: Option<u32>,
    /// Those before the message of this `id`.
    before: Option<MessageId>,
}

/// A message in the classic shape.
#[derive(Serialize, JsonSchema)]
pub struct ClassicMessage {
    id: MessageId,
    room: RoomId,
    content: String,
    /// The author's name.
    user: String,
    created_at: Timestamp,
}

/// A room's history, oldest first.
#[derive(Serialize, JsonSchema)]
pub struct History {
    name: String,
    messages: Vec<ClassicMessage>,
}

/// [`History`] as it is read.
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

/// The text alone counts: whatever else old clients send along is left out of account.
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
    Ok(Answer(posted.message.into()))
}

pub async fn list(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<ListQuery>,
) -> Result<HistoryStream> {
    let room = membership.room_id();
    let end = match query.before {
        Some(id) => seq_of(&app, room, id).await? - 1,
        None => membership.room.last_seq,
    };
    let start = query.limit.map_or(1, |limit| (end - i64::from(limit.max(1)) + 1).max(1));
    let name = serde_json::to_string(&membership.room.name).unwrap_or_default();
    let head = format!("{{\"name\":{name},\"messages\":[");
    let parts = stream::iter([Ok(Bytes::from(head))])
        .chain(rows(app, room, start, end))
        .chain(stream::iter([Ok(Bytes::from_static(b"]}"))]));
    Ok(HistoryStream(Body::from_stream(parts)))
}

/// The place of a message in its room; of one that is not there, the end.
async fn seq_of(app: &App, room: RoomId, id: MessageId) -> Result<i64> {
    use tables::messages::{Column, Entity};
    let row = Entity::find_by_id(id.0).filter(Column::RoomId.eq(room.0));
    Ok(row.one(&app.db.reader).await?.map_or(1, |row| row.seq))
}

fn rows(
    app: App,
    room: RoomId,
    start: i64,
    end: i64,
) -> impl Stream<Item = Result<Bytes, crate::error::Broken>> {
    stream::unfold((start, true), move |(from, mut is_first)| {
        let app = app.clone();
        async move {
            if from > end {
                return None;
            }
            let to = end.min(from + CHUNK - 1);
            let read = messages::queries::range(&app.db.reader, room, from, to).await;
            let text = read.map_err(crate::error::Broken::from).map(|messages| {
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
