//! Delivery: the session sends the signals of its inbox.

use axum::extract::ws::Utf8Bytes;
use futures_util::FutureExt;
use shared::{
    ids::RoomId,
    live::{CloseCode, RemovedReason, ServerFrame},
    messages::Message,
    rooms::ReadState,
};

use super::{
    Codec,
    session::{Session, SessionResult},
};
use crate::{
    failpoints::{Failpoint, is_active},
    realtime::hub::{Publication, Signal},
};

impl<C: Codec> Session<C> {
    pub(super) async fn deliver(&mut self, signal: Signal) -> SessionResult {
        match signal {
            Signal::Change(publication) => self.deliver_change(&publication).await,
            Signal::Lagged(room) => {
                if let Some(cursor) = self.cursors.get(&room) {
                    // An earlier entry may be of a renewed subscription that begins before the cursor.
                    self.catching_up.entry(room).or_insert(Some(*cursor));
                }
                self.catch_up().boxed().await
            }
            Signal::ToUser(frame) => {
                match &*frame {
                    ServerFrame::User { user } if *user == self.caller.user => return Ok(()),
                    ServerFrame::User { user } => self.caller.user = user.clone(),
                    ServerFrame::Read { room, read, exact } => {
                        let implied = self.implied_reads.remove(room);
                        if !exact && implied == Some(*read) {
                            return Ok(());
                        }
                    }
                    _ => {}
                }
                self.send(&frame).await
            }
            Signal::Ephemeral(event) if self.cursors.contains_key(&event.room) => {
                let text = self.codec.encode_ephemeral(event.frame.clone());
                self.send_text(text).await
            }
            Signal::Ephemeral(_) => Ok(()),
            Signal::Removed(room, reason) => self.end_subscription(room, reason).boxed().await,
        }
    }

    /// Sends a change if it is the next one after the cursor. Drops one that was sent before or that
    /// the catch-up in progress will read, and catches up if changes are missing in between.
    pub(super) async fn deliver_change(&mut self, publication: &Publication) -> SessionResult {
        if self.catching_up.contains_key(&publication.room) {
            return Ok(());
        }
        let Some(cursor) = self.cursors.get_mut(&publication.room) else { return Ok(()) };
        if publication.rev <= *cursor {
            return Ok(());
        }
        let ignores_gaps = is_active(Failpoint::DropOnFullQueue) || is_active(Failpoint::NoCatchUp);
        if publication.rev > cursor.next() && !ignores_gaps {
            self.catching_up.insert(publication.room, Some(*cursor));
            return self.catch_up().boxed().await;
        }
        *cursor = publication.rev;
        let text = if publication.is_before(self.visible_from.get(&publication.room)) {
            let (room, rev) = (publication.room, publication.rev);
            self.codec.encode(&ServerFrame::Skip { room, rev })
        } else if let Some(message) = self.take_own_post(publication) {
            self.encode_own_post(message.clone())
        } else {
            self.codec.encode_change(publication)
        };
        self.send_text(text).await
    }

    /// The message of the change, if this socket posted it and has no ack yet.
    fn take_own_post<'a>(&mut self, publication: &'a Publication) -> Option<&'a Message> {
        let message = publication.post_of(self.inbox.socket())?;
        let key = (message.room, message.client_id);
        if !self.unacked.remove(&key) {
            return None;
        }
        self.stored.remove(&key);
        Some(message)
    }

    /// Encodes a message that this socket posted; the frame is also the ack, which implies a read mark.
    pub(super) fn encode_own_post(&mut self, message: Message) -> Option<Utf8Bytes> {
        let (read_seq, last_seq, last_rev) = (message.seq, message.seq, message.rev);
        let read = ReadState { read_seq, unread: 0, mentions: 0, last_seq, last_rev };
        self.implied_reads.insert(message.room, read);
        self.codec.encode_own_post(message)
    }

    pub(super) async fn end_subscription(
        &mut self,
        room: RoomId,
        reason: RemovedReason,
    ) -> SessionResult {
        self.cursors.remove(&room);
        self.visible_from.remove(&room);
        self.catching_up.remove(&room);
        self.send(&ServerFrame::Removed { room, reason }).await?;
        if self.codec.closes_with(room) { Err(Some(CloseCode::NotAMember)) } else { Ok(()) }
    }
}
