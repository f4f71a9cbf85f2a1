//! Handles the frames of the client; each is a call to a slice, the ledger or the hub.

use std::time::Duration;

use futures_util::FutureExt;
use shared::{
    ids::{ClientId, Rev, RoomId},
    live::{ClientFrame, ServerFrame},
    messages::NewMessage,
    problem::Code,
    rooms::MarkRead,
    rules,
};
use tokio::time::Instant;

use super::{
    Codec,
    session::{Reply, Session, SessionResult},
};
use crate::{
    Error,
    failpoints::{Failpoint, is_active},
    messages,
    realtime::ledger::{self, PostedMessage},
};

impl<C: Codec> Session<C> {
    /// Decodes and handles a frame. The reply to an invalid frame is an `error` frame; the socket
    /// stays open.
    pub(super) async fn handle_text(&mut self, text: &str) -> SessionResult {
        match self.codec.decode(text) {
            Ok(frame) => self.handle(frame).await,
            Err(error) => self.send(&ServerFrame::Error { problem: *error.problem }).await,
        }
    }

    /// Handles a decoded frame.
    pub(super) async fn handle(&mut self, frame: ClientFrame) -> SessionResult {
        match frame {
            ClientFrame::Authenticate { .. } => {
                self.send_bad_request("This socket is authenticated already.").await
            }
            ClientFrame::Subscribe { room, after_rev } => self.subscribe(room, after_rev).await,
            ClientFrame::Unsubscribe { room } => {
                self.inbox.unsubscribe(room);
                self.cursors.remove(&room);
                self.catching_up.remove(&room);
                Ok(())
            }
            ClientFrame::Send { room, client_id, content, reply_to } => {
                let new = NewMessage { client_id: Some(client_id), content, reply_to };
                self.post(room, client_id, new).await
            }
            ClientFrame::Read { room, seq, exact, if_read_seq } => {
                self.mark_read(room, MarkRead { seq, exact, if_read_seq }).await
            }
            ClientFrame::Typing { room } => self.publish_typing(room),
        }
    }

    /// Subscribes before it reads the database: changes that commit meanwhile wait in the inbox,
    /// and the session drops those that the replay contained, because they are not after the
    /// cursor. If the user subscribes too often, the session reads neither the database nor further
    /// frames for a while, so that no more than one subscription waits.
    async fn subscribe(&mut self, room: RoomId, after_rev: Option<Rev>) -> SessionResult {
        if is_active(Failpoint::ReadThenSubscribe) {
            self.catching_up.insert(room, after_rev);
            self.catch_up().await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.inbox.subscribe(room);
            let published = self.inbox.published_rev(room);
            self.cursors.entry(room).and_modify(|cursor| *cursor = published.max(*cursor));
            return Ok(());
        }
        self.inbox.subscribe(room);
        self.catching_up.insert(room, after_rev);
        if let Err(seconds) = self.app.limits.subscriptions.check(&self.caller.user.id, 1) {
            // Without a cursor, no change is sent before the missed ones.
            self.cursors.remove(&room);
            self.retry_at = Instant::now() + Duration::from_secs(seconds);
            self.throttled_until = self.throttled_until.max(self.retry_at);
            return Ok(());
        }
        self.catch_up().await
    }

    /// Queues a message. The session handles the next frame before the commit; the ledger keeps the
    /// order.
    async fn post(&mut self, room: RoomId, client_id: ClientId, new: NewMessage) -> SessionResult {
        let held = self.posts_held_until.saturating_duration_since(Instant::now());
        if !held.is_zero() {
            let error = Error::too_many(held.as_secs() + 1);
            return self.send(&nack(client_id, error)).await;
        }
        let author = self.caller.user.id;
        match messages::submit(&self.app, author, room, new, Some(self.inbox.socket())).await {
            Ok(pending) => {
                self.unacked.insert((room, client_id));
                let reply = async move {
                    Reply::Post { room, client_id, result: pending.committed().await }
                };
                self.replies.push(reply.boxed());
                Ok(())
            }
            Err(error) => {
                if let Some(seconds) = error.retry_after {
                    self.posts_held_until = Instant::now() + Duration::from_secs(seconds);
                }
                self.send(&nack(client_id, error)).await
            }
        }
    }

    async fn mark_read(&mut self, room: RoomId, mark: MarkRead) -> SessionResult {
        let mark = ledger::MarkRead { room, user: self.caller.user.id, mark };
        match self.app.ledger.mark_read(mark).await {
            Ok(pending) => {
                let reply = async move { Reply::MarkRead(pending.committed().await) };
                self.replies.push(reply.boxed());
                Ok(())
            }
            Err(error) => self.send(&ServerFrame::Error { problem: *error.problem }).await,
        }
    }

    /// Publishes that the user is typing, at most once per interval and room.
    fn publish_typing(&mut self, room: RoomId) -> SessionResult {
        let now = Instant::now();
        let interval = Duration::from_secs(rules::TYPING_INTERVAL_S);
        let is_due = self.typing_sent.get(&room).is_none_or(|last| now - *last >= interval);
        if is_due && self.cursors.contains_key(&room) {
            self.typing_sent.insert(room, now);
            let user = self.caller.user.short();
            self.inbox.publish_ephemeral(room, ServerFrame::Typing { room, user });
        }
        Ok(())
    }

    /// Sends the ack, nack or error for the result of a write; nothing for a successful read mark.
    pub(super) async fn handle_reply(&mut self, reply: Reply) -> SessionResult {
        match reply {
            Reply::Post { room, client_id, result } => {
                // The hub put the change into the inbox before the ledger replied. Delivered in its
                // order, the change is the ack.
                self.deliver_inbox().await?;
                let is_acked = !self.unacked.remove(&(room, client_id));
                match result {
                    Ok(posted) if posted.is_new && is_acked => Ok(()),
                    // A retry, a room without a subscription, or a change that comes later because
                    // its predecessors are missing.
                    Ok(PostedMessage { message, .. }) => {
                        self.send(&ServerFrame::Ack { client_id, message }).await
                    }
                    Err(error) => self.send(&nack(client_id, error)).await,
                }
            }
            Reply::MarkRead(Ok(_)) => Ok(()),
            Reply::MarkRead(Err(error)) => {
                self.send(&ServerFrame::Error { problem: *error.problem }).await
            }
        }
    }

    pub(super) async fn send_bad_request(&mut self, detail: &str) -> SessionResult {
        let error = Error::new(Code::BadRequest, detail);
        self.send(&ServerFrame::Error { problem: *error.problem }).await
    }
}

fn nack(client_id: ClientId, error: Error) -> ServerFrame {
    let retry = error.code().is_retryable();
    let retry_after = error.retry_after;
    ServerFrame::Nack { client_id, problem: *error.problem, retry, retry_after }
}
