//! Signals and publications: the items that the hub puts into the inboxes of sockets. A change is
//! encoded once for all sockets, before any lock is taken.

use std::sync::{Arc, OnceLock};

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    live::{RemovedReason, ServerFrame},
    messages::{Change, Message, Row},
};

use crate::tables::is_departure_known;

/// Identifies a socket of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub(super) u64);

impl SocketId {
    pub(super) const MIN: Self = Self(u64::MIN);
    pub(super) const MAX: Self = Self(u64::MAX);
}

/// An item of an inbox. Two words, because a full inbox holds hundreds and the first allocates.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A numbered change of a room.
    Change(Arc<Publication>),
    /// The hub skipped changes of the room: the session reads them from the database.
    Lagged(RoomId),
    /// A frame for all devices of the user; it has no number.
    ToUser(Arc<ServerFrame>),
    /// A frame about a room that is never stored (typing, presence).
    Ephemeral(Arc<EphemeralEvent>),
    /// The user may no longer read the room; no change of it follows.
    Removed(RoomId, RemovedReason),
}

/// An event of a room that is never stored, encoded for live sockets.
#[derive(Debug)]
pub struct EphemeralEvent {
    /// The room.
    pub room: RoomId,
    /// The frame.
    pub frame: Utf8Bytes,
}

/// A change of a room, and its encoded frame for live sockets.
#[derive(Debug)]
pub struct Publication {
    /// The room.
    pub room: RoomId,
    /// The `rev` of the change.
    pub rev: Rev,
    /// The socket of this node that posted the change, if any.
    posted_by: Option<SocketId>,
    change: Change,
    /// The newest message when the member left whom the change is about, if it is known.
    left_seq: Option<Seq>,
    /// Why the member left whom the change is about, if the change says so.
    removed: Option<RemovedReason>,
    frame: Utf8Bytes,
    /// Set if the message was deleted while the publication waited in an inbox.
    redacted: OnceLock<Box<Redacted>>,
}

/// The state of a publication whose message was deleted.
#[derive(Debug)]
struct Redacted {
    /// The tombstone.
    change: Change,
    /// Encoded by the first session that sends it, because the hub redacts under the lock of the room.
    frame: OnceLock<Utf8Bytes>,
}

impl Publication {
    /// Encodes a change.
    pub fn new(room: RoomId, change: Change, posted_by: Option<SocketId>) -> Self {
        let frame = encode_change(room, &change);
        let (rev, left_seq, removed, redacted) = (change.rev, None, None, OnceLock::new());
        Self { room, rev, posted_by, change, left_seq, removed, frame, redacted }
    }

    /// The publication of a change about a member who left: after which message, and why.
    pub(super) fn with_departure(
        self,
        left_seq: Option<Seq>,
        removed: Option<RemovedReason>,
    ) -> Self {
        Self { left_seq, removed, ..self }
    }

    /// The change; without its text if the message was deleted meanwhile.
    pub fn change(&self) -> &Change {
        self.redacted.get().map_or(&self.change, |redacted| &redacted.change)
    }

    /// The user whom the change removes from the room, and why.
    pub(super) fn removed_member(&self) -> Option<(UserId, RemovedReason)> {
        match &self.change.row {
            Row::Member(member) if member.left => {
                Some((member.user.id, self.removed.unwrap_or(RemovedReason::Removed)))
            }
            _ => None,
        }
    }

    /// Whether the change is about a message before the first one that a member may read, or about
    /// somebody who left before it; all messages and former members are, if that is not known. Catching
    /// up hides the same changes.
    pub fn is_before(&self, visible_from: Option<&Seq>) -> bool {
        match &self.change().row {
            Row::Message(message) => visible_from.is_none_or(|first| message.seq < *first),
            Row::Member(member) if member.left => {
                visible_from.is_none_or(|first| !is_departure_known(*first, self.left_seq))
            }
            Row::Member(_) | Row::Room(_) => false,
        }
    }

    /// The message, if the change is a post of this socket. `None` if the message was deleted
    /// meanwhile: the tombstone's `rev` is that of a later change.
    pub fn post_of(&self, socket: SocketId) -> Option<&Message> {
        match &self.change().row {
            Row::Message(message) if self.posted_by == Some(socket) => {
                Some(message).filter(|message| message.rev == self.rev)
            }
            _ => None,
        }
    }

    /// The frame for live sockets; without the text if the message was deleted meanwhile.
    pub fn frame(&self) -> Utf8Bytes {
        let Some(Redacted { change, frame }) = self.redacted.get().map(|redacted| &**redacted)
        else {
            return self.frame.clone();
        };
        frame.get_or_init(|| encode_change(self.room, change)).clone()
    }

    /// Replaces a deleted message with its tombstone. The publication keeps its `rev`, so that the
    /// revs of the room stay consecutive.
    pub(super) fn redact(&self, tombstone: &Message) {
        self.redacted.get_or_init(|| {
            let change = Change::new(self.rev, Row::Message(tombstone.clone()));
            Box::new(Redacted { change, frame: OnceLock::new() })
        });
    }
}

fn encode_change(room: RoomId, change: &Change) -> Utf8Bytes {
    encode(&ServerFrame::of(room, change.clone()))
}

/// The JSON text of a frame.
pub fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}
