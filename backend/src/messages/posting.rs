//! Posts messages; every endpoint and socket that posts calls [`submit`].

use shared::{
    ids::{ClientId, RoomId},
    messages::NewMessage,
    rules,
    text::FormattedText,
    users::User,
};
use uuid::Uuid;

use crate::{
    App, Result,
    realtime::{
        hub::SocketId,
        ledger::{DEFAULT_FORMAT, PendingWrite, PostMessage, PostedMessage},
    },
};

/// Validates a message and queues it. The hub sends `socket` the change as its ack.
pub async fn submit(
    app: &App,
    author: &User,
    room: RoomId,
    new: NewMessage,
    socket: Option<SocketId>,
) -> Result<PendingWrite<PostedMessage>> {
    let content = rules::validate_content(&new.content)?;
    let text = FormattedText::new(new.format.unwrap_or(DEFAULT_FORMAT), &content);
    app.limits.newcomers.check_message(author, || text.has_link())?;
    let client_id = new.client_id.unwrap_or_else(|| ClientId(Uuid::now_v7()));
    let author = author.id;
    let NewMessage { format, reply_to, .. } = new;
    let post = PostMessage { room, author, client_id, format, content, reply_to, socket };
    app.ledger.post(post).await
}

/// Posts a message and waits until it is stored.
pub async fn post(
    app: &App,
    author: &User,
    room: RoomId,
    new: NewMessage,
) -> Result<PostedMessage> {
    submit(app, author, room, new, None).await?.committed().await
}
