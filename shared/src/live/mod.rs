//! The live socket: `GET /api/v1/live` with the subprotocol [`SUBPROTOCOL`]. Each text frame is a
//! JSON object, and its `type` selects the variant.
//!
//! A client whose upgrade request has no credentials sends [`ClientFrame::Authenticate`] within
//! [`crate::rules::AUTHENTICATE_TIMEOUT_S`] seconds. [`ServerFrame::Welcome`] has the first rooms of the
//! user, and [`ServerFrame::Rooms`] frames with the others follow at once. Then the client subscribes to
//! rooms. Each frame with a change of a room carries the `rev` of the change. If a `rev` skips a number,
//! or a heartbeat contains a higher one, the client missed changes and subscribes again with its last
//! `rev`. Between `subscribe` and `subscribed` the server sends the missed rows in their latest state,
//! ordered by `rev`.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};

use crate::{
    ids::{ClientId, Rev, RoomId, Seq, UserId},
    messages::{Change, Message, Row},
    problem::Problem,
    rooms::{Member, MyRoom, ReadState, Room, RoomEvent},
    users::{User, UserRef},
};

mod client_frame;
mod close_code;
mod tagged;
#[cfg(test)]
mod tests;

pub use client_frame::{ClientFrame, Subscription};
pub use close_code::CloseCode;
use tagged::Tagged;

/// The websocket subprotocol (RFC 6455, section 1.9) of this version of the protocol.
pub const SUBPROTOCOL: &str = "hallway.v1";

/// Defines the enum and, from the same fields, the parser of what is left of a frame after its `type`.
macro_rules! define_frames {
    ($(#[$doc:meta])* pub enum $Frame:ident { $($variants:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum $Frame { $($variants)* }

        #[derive(Deserialize)]
        #[serde(remote = "ServerFrame", rename_all = "snake_case")]
        enum UntaggedFrame { $($variants)* }
    };
}

define_frames! {
/// A frame from the server.
pub enum ServerFrame {
    /// The socket is authenticated.
    Welcome {
        /// The user of the socket.
        user: User,
        /// The rooms of the user, ordered by name.
        rooms: Vec<MyRoom>,
        /// Whether `rooms` frames with further rooms follow.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        more: bool,
        /// The interval between heartbeats, in seconds. If none arrives for 10 seconds longer, the
        /// connection is dead.
        heartbeat_s: u64,
        /// Usernames that begin with the user's name and continue with another word, at most 50: a
        /// text that mentions one of them does not mention the user.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        longer_names: Vec<String>,
        /// The people whom the user blocks, ascending, at most [`crate::rules::BLOCKS_MAX`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocked: Vec<UserId>,
    },
    /// Further rooms of the user, in the order that `welcome` began. No other frame comes in between.
    Rooms {
        /// The rooms.
        rooms: Vec<MyRoom>,
        /// Whether further `rooms` frames follow. If not, the list is complete.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        more: bool,
    },
    /// The server sent all changes up to `rev`, and sends every later one.
    Subscribed {
        /// The room.
        room: RoomId,
        /// The last change that was sent.
        rev: Rev,
    },
    /// The client missed more than [`crate::rules::CHANGES_MAX`] changes, or its `after_rev` does not
    /// exist: it loads the room again over REST. The server sends every change after `to_rev`.
    Gap {
        /// The room.
        room: RoomId,
        /// The `after_rev` of the client.
        from_rev: Rev,
        /// The last skipped change. It is less than `from_rev` if the server was restored from an
        /// older backup.
        to_rev: Rev,
        /// The newest message of the room at `to_rev`.
        last_seq: Seq,
    },
    /// The message is stored, and the room counts as read up to it. On a socket that is subscribed
    /// to the room, the `ack` is also the change with the message's `rev`: no `message` frame with
    /// that `rev` follows, unless earlier changes are still to come.
    Ack {
        /// The `client_id` of the `send`.
        client_id: ClientId,
        /// The message. After a retry it is the original in its latest state.
        message: Message,
    },
    /// The message was not stored.
    Nack {
        /// The `client_id` of the `send`.
        client_id: ClientId,
        /// Why.
        problem: Problem,
        /// Whether a retry of the same `send` can succeed.
        retry: bool,
        /// The time to wait before a retry, in seconds, if the server knows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// A message was posted, edited or deleted.
    Message {
        /// The room.
        room: RoomId,
        /// The number of the change.
        rev: Rev,
        /// The message in its new state.
        message: Message,
    },
    /// A member joined, left or was removed, or their role or rank changed.
    Member {
        /// The room.
        room: RoomId,
        /// The number of the change.
        rev: Rev,
        /// The member in its new state.
        member: Member,
        /// The line that the timeline shows for the change, if any. During catch-up a row may come once
        /// for each of its events, each time in its latest state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Box<RoomEvent>>,
    },
    /// The change with this number is not for the user, because it is about a message that was posted
    /// before their `visible_from`.
    Skip {
        /// The room.
        room: RoomId,
        /// The number of the change.
        rev: Rev,
    },
    /// A room changed itself, such as its name.
    Room {
        /// The number of the change.
        rev: Rev,
        /// The room in its new state.
        room: Room,
        /// As in `member`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Box<RoomEvent>>,
    },
    /// The user joined a room, on this device or another.
    Joined {
        /// The room, as in `welcome`.
        room: MyRoom,
    },
    /// The user hid a direct room or shows it again, on this device or another.
    Hidden {
        /// The room.
        room: RoomId,
        /// As in [`MyRoom::hidden`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hidden: Option<Seq>,
    },
    /// What the user prefers in a room changed, on this device or another.
    Preferences {
        /// The room.
        room: RoomId,
        /// As in [`MyRoom::favourite`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        favourite: Option<i64>,
        /// As in [`MyRoom::muted`].
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        muted: bool,
    },
    /// The number of open reports changed, for the hosts of the room.
    Reported {
        /// The room.
        room: RoomId,
        /// The number of open reports that the user sees: not those of their own messages.
        open: i64,
    },
    /// The user blocked or unblocked somebody, on this device or another.
    Blocks {
        /// All people whom the user blocks now, as in `welcome`.
        users: Vec<UserId>,
    },
    /// The user is no longer a member of the room. The subscription has ended.
    Removed {
        /// The room.
        room: RoomId,
        /// Why.
        reason: RemovedReason,
    },
    /// The read position of the user changed, on this device or another, or an edit or a deletion
    /// changed the number of unread mentions.
    Read {
        /// The room.
        room: RoomId,
        /// The position, the counts of unread messages and mentions, and the newest message and change
        /// that they include. The frame may arrive before or after those changes.
        #[serde(flatten)]
        read: ReadState,
        /// Whether the request was `exact`. Then the position can be lower than before, and a client
        /// must not mark the visible messages as read again at once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exact: bool,
    },
    /// A member is typing. An ephemeral event: it expires after 5 seconds.
    Typing {
        /// The room.
        room: RoomId,
        /// The member.
        user: UserRef,
    },
    /// The members who came online or went offline since the last such frame. An ephemeral event,
    /// sent at most once per second.
    Presence {
        /// The room.
        room: RoomId,
        /// Members who now have a connected device.
        online: Vec<UserId>,
        /// Members who no longer have one.
        offline: Vec<UserId>,
    },
    /// The connection is alive.
    Heartbeat {
        /// The newest change of each subscribed room; of at most
        /// [`crate::rules::FRAME_MAX_ITEMS`] rooms, and further frames with the others follow.
        heads: BTreeMap<RoomId, Rev>,
    },
    /// The account of the user changed, such as its admin rights. Each room of the user also gets a
    /// `member` change with the new role.
    User {
        /// The account in its new state.
        user: User,
    },
    /// The server could not parse or handle a frame. The socket stays open.
    Error {
        /// The error.
        problem: Problem,
    },
    /// The server stops soon: the client reconnects after a delay.
    Goaway {
        /// The delay in milliseconds. It differs between sockets, so that they do not reconnect at the
        /// same time.
        reconnect_after_ms: u64,
    },
}
}

/// The first key must be `type`, as it is in every frame that this crate writes.
impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FrameVisitor;

        impl<'de> Visitor<'de> for FrameVisitor {
            type Value = ServerFrame;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object that begins with `type`")
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<ServerFrame, A::Error> {
                UntaggedFrame::deserialize(Tagged::new(object)?)
            }
        }

        deserializer.deserialize_map(FrameVisitor)
    }
}

impl ServerFrame {
    /// The frame that carries a change of a room.
    pub fn of(room: RoomId, change: Change) -> Self {
        let Change { rev, row, event } = change;
        match row {
            Row::Message(message) => Self::Message { room, rev, message },
            Row::Member(member) => Self::Member { room, rev, member, event },
            Row::Room(room) => Self::Room { rev, room, event },
        }
    }

    /// The change that the frame carries and its room; `None` if it carries no change.
    pub fn into_change(self) -> Option<(RoomId, Change)> {
        match self {
            Self::Message { room, rev, message } => {
                Some((room, Change::new(rev, Row::Message(message))))
            }
            Self::Member { room, rev, member, event } => {
                Some((room, Change { rev, row: Row::Member(member), event }))
            }
            Self::Room { rev, room, event } => {
                Some((room.id, Change { rev, row: Row::Room(room), event }))
            }
            Self::Ack { message, .. } => {
                Some((message.room, Change::new(message.rev, Row::Message(message))))
            }
            _ => None,
        }
    }
}

/// Why a user is no longer a member of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedReason {
    /// The user left, on this device or another.
    Left,
    /// Somebody who manages the room removed or banned the user.
    Removed,
    /// An admin deleted the room.
    RoomDeleted,
}
