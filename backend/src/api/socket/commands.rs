//! Handles the frames of the client; each is a call to a slice, the ledger or the hub.

use std::time::Duration;

use futures_util::FutureExt;
use shared::{
    ids::{ClientId, RoomId},
    live::{ClientFrame, ServerFrame, Subscription},
    messages::{Message, NewMessage},
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
            ClientFrame::Subscribe { room, after_rev } => {
                self.subscribe(&[Subscription { room, after_rev }]).await
            }
            ClientFrame::SubscribeAll { rooms } if rooms.len() > rules::FRAME_MAX_ITEMS => {
                let (count, max) = (rooms.len(), rules::FRAME_MAX_ITEMS);
                let detail =
                    format!("A frame subscribes to at most {max} rooms, but this to {count}.");
                self.send_bad_request(&detail).await
            }
            ClientFrame::SubscribeAll { rooms } => self.subscribe(&rooms).await,
            ClientFrame::Unsubscribe { room } => {
                self.inbox.unsubscribe(room);
                self.cursors.remove(&room);
                self.catching_up.remove(&room);
                Ok(())
            }
            ClientFrame::Send { room, client_id, content, format, reply_to } => {
                let new = NewMessage { client_id: Some(client_id), content, format, reply_to };
                self.post(room, client_id, new).await
            }
            ClientFrame::Read { room, seq, exact, if_read_seq } => {
                self.mark_read(room, MarkRead { seq, exact, if_read_seq }).await
            }
            ClientFrame::Typing { room } => self.handle_typing(room),
        }
    }

    /// Subscribes before it reads the database: changes that commit meanwhile wait in the inbox,
    /// and the session drops those that the replay contained, because they are not after the
    /// cursor. If the user subscribes too often, the session reads neither the database nor further
    /// frames for a while, so that no more than one subscription waits.
    pub(super) async fn subscribe(&mut self, rooms: &[Subscription]) -> SessionResult {
        if is_active(Failpoint::ReadThenSubscribe) {
            return self.read_then_subscribe(rooms).await;
        }
        for Subscription { room, after_rev } in rooms {
            self.inbox.subscribe(*room);
            self.catching_up.insert(*room, *after_rev);
        }
        let count = u32::try_from(rooms.len()).unwrap_or(u32::MAX);
        if let Err(seconds) = self.app.limits.subscriptions.check(&self.caller.user.id, count) {
            // Without a cursor, no change is sent before the missed ones.
            for Subscription { room, .. } in rooms {
                self.cursors.remove(room);
            }
            self.retry_at = Instant::now() + Duration::from_secs(seconds);
            self.throttle(self.retry_at);
            return Ok(());
        }
        self.catch_up().await
    }

    /// Only with the failpoint: misses what commits between reading and subscribing.
    async fn read_then_subscribe(&mut self, rooms: &[Subscription]) -> SessionResult {
        self.catching_up.extend(rooms.iter().map(|it| (it.room, it.after_rev)));
        self.catch_up().await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        for Subscription { room, .. } in rooms {
            self.inbox.subscribe(*room);
            let published = self.inbox.published_rev(*room);
            self.cursors.entry(*room).and_modify(|cursor| *cursor = published.max(*cursor));
        }
        Ok(())
    }

    /// Queues a message. The session handles the next frame before the commit; the ledger keeps the
    /// order.
    async fn post(&mut self, room: RoomId, client_id: ClientId, new: NewMessage) -> SessionResult {
        let held = self.posts_held_until.saturating_duration_since(Instant::now());
        if !held.is_zero() {
            let error = Error::too_many(held.as_secs() + 1);
            return self.send(&nack(client_id, error)).await;
        }
        let (author, socket) = (&self.caller.user, Some(self.inbox.socket()));
        match messages::submit(&self.app, author, room, new, socket).await {
            Ok(pending) => {
                self.unacked.insert((room, client_id));
                let reply = async move {
                    Reply::Post { room, client_id, result: pending.committed().await }
                };
                self.replies.push(reply.boxed());
                Ok(())
            }
            Err(error) => {
                // Any other refusal is only about this message.
                let is_too_fast = error.code() == Code::TooManyRequests;
                if let Some(seconds) = error.retry_after.filter(|_| is_too_fast) {
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

    /// Publishes that the user is typing, at most once per interval and room, if they may post.
    fn handle_typing(&mut self, room: RoomId) -> SessionResult {
        let now = Instant::now();
        let interval = Duration::from_secs(rules::TYPING_INTERVAL_S);
        let is_due = self.typing_sent.get(&room).is_none_or(|last| now - *last >= interval);
        if is_due && self.cursors.contains_key(&room) {
            self.typing_sent.insert(room, now);
            let (app, user) = (self.app.clone(), self.caller.user.clone());
            let reply = async move {
                let allowed = messages::may_type(&app.db.reader, &user, room).await;
                Reply::Typing { room, is_allowed: allowed.unwrap_or(false) }
            };
            self.replies.push(reply.boxed());
        }
        Ok(())
    }

    /// Sends the ack, nack or error for the result of a write; nothing for a successful read mark. Publishes
    /// that the user is typing.
    pub(super) async fn handle_reply(&mut self, reply: Reply) -> SessionResult {
        match reply {
            Reply::Post { client_id, result: Ok(posted), .. } => {
                self.acknowledge(client_id, posted).await
            }
            Reply::Post { room, client_id, result: Err(error) } => {
                self.unacked.remove(&(room, client_id));
                self.send(&nack(client_id, error)).await
            }
            Reply::MarkRead(Ok(_)) | Reply::Typing { is_allowed: false, .. } => Ok(()),
            Reply::Typing { room, is_allowed: true } => {
                let user = self.caller.user.short();
                self.inbox.publish_ephemeral(room, ServerFrame::Typing { room, user });
                Ok(())
            }
            Reply::MarkRead(Err(error)) => {
                self.send(&ServerFrame::Error { problem: *error.problem }).await
            }
        }
    }

    /// Acknowledges a stored post. On a subscribed socket the ack is also the change, so it is sent in the
    /// order of the changes: at once if the post is the next one, otherwise when its change arrives.
    async fn acknowledge(
        &mut self,
        client_id: ClientId,
        PostedMessage { message, is_new }: PostedMessage,
    ) -> SessionResult {
        let key = (message.room, client_id);
        if !is_new {
            self.unacked.remove(&key);
            return self.send(&ServerFrame::Ack { client_id, message }).await;
        }
        if !self.unacked.contains(&key) {
            // The change arrived before the reply.
            return Ok(());
        }
        let (room, rev) = (message.room, message.rev);
        let cursor = self.cursors.get(&room).copied();
        if cursor.is_some_and(|cursor| rev == cursor.next())
            && !self.catching_up.contains_key(&room)
        {
            // The hub publishes the change too, and the session drops it, because it is not after the
            // cursor.
            self.cursors.insert(room, rev);
            self.unacked.remove(&key);
            let text = self.encode_own_post(message);
            return self.send_text(text).await;
        }
        self.stored.insert(key, message);
        Ok(())
    }

    /// Acknowledges the stored posts of rooms that are not subscribed, or whose changes up to the post
    /// were read from the database.
    pub(super) async fn send_late_acks(&mut self) -> SessionResult {
        let is_due = |room: &RoomId, message: &Message| {
            !self.catching_up.contains_key(room)
                && self.cursors.get(room).is_none_or(|cursor| message.rev <= *cursor)
        };
        let due = self.stored.extract_if(.., |(room, _), message| is_due(room, message));
        let due: Vec<_> = due.collect();
        for ((room, client_id), message) in due {
            self.unacked.remove(&(room, client_id));
            self.send(&ServerFrame::Ack { client_id, message }).await?;
        }
        Ok(())
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
