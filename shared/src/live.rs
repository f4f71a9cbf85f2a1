//! The live socket: `GET /api/v1/live`, subprotocol [`SUBPROTOCOL`], JSON text frames told apart by
//! `type`.
//!
//! A socket that carries no credentials in its upgrade sends [`ClientFrame::Authenticate`] within
//! [`crate::rules::AUTHENTICATE_TIMEOUT_S`] seconds. After [`ServerFrame::Welcome`] the client
//! subscribes to rooms. Frames about a room carry its `rev`, consecutive while all is well: on a
//! step of more than one, or a heartbeat whose head is ahead, the client subscribes again with the
//! last `rev` it holds. Between `subscribe` and `subscribed` come the missed rows, by `rev`, in
//! their latest state.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{
    ids::{ClientId, Rev, RoomId, Seq, UserId},
    messages::{Change, Message, Row},
    problem::Problem,
    rooms::{Member, MyRoom, ReadState, Room},
    users::{User, UserRef},
};

#[cfg(test)]
mod tests;

/// The websocket subprotocol (RFC 6455, section 1.9) of this version of the wire.
pub const SUBPROTOCOL: &str = "hallway.v1";

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Who I am; only as the first frame of a socket that did not say so in its upgrade.
    Authenticate {
        /// The token of a sign-in.
        token: String,
    },
    /// Give me a room's changes after `after_rev`, and everything from then on. Without it, only
    /// what comes from now on.
    Subscribe {
        /// The room.
        room: RoomId,
        /// The last change that I hold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_rev: Option<Rev>,
    },
    /// No more of this room.
    Unsubscribe {
        /// The room.
        room: RoomId,
    },
    /// Say something. Answered by `ack` or `nack`, always with the same `client_id`.
    Send {
        /// The room.
        room: RoomId,
        /// My name for the message; the same on every retry.
        client_id: ClientId,
        /// The text.
        content: String,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
    },
    /// I have read up to here: as [`crate::rooms::MarkRead`].
    Read {
        /// The room.
        room: RoomId,
        /// The last message that I have read.
        seq: Seq,
        /// Whether everything after it is unread from now on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exact: bool,
        /// The `read_seq` that the client holds. If the server holds another one, it changes nothing
        /// and answers with its own `read`. Also accepted as `known`.
        #[serde(default, alias = "known", skip_serializing_if = "Option::is_none")]
        if_read_seq: Option<Seq>,
    },
    /// I am writing something.
    Typing {
        /// The room.
        room: RoomId,
    },
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame {
    /// The socket is authenticated: who you are and the rooms you are in.
    Welcome {
        /// Who you are.
        user: User,
        /// The rooms you are in, by name.
        rooms: Vec<MyRoom>,
        /// How often a heartbeat comes, in seconds; none for ten seconds longer means a dead link.
        heartbeat_s: u64,
    },
    /// Everything up to `rev` was sent; live from here.
    Subscribed {
        /// The room.
        room: RoomId,
        /// The last change that you now hold.
        rev: Rev,
    },
    /// More was missed than one answer takes, or you hold what is not there: read the room anew by
    /// REST. Live from `to_rev`.
    Gap {
        /// The room.
        room: RoomId,
        /// The last change that you hold.
        from_rev: Rev,
        /// The last change of what was left out. Before `from_rev` where the server was restored from
        /// a backup that knows nothing of what you hold.
        to_rev: Rev,
        /// The room's newest message at `to_rev`.
        last_seq: Seq,
    },
    /// The message is stored and will stay so. It counts as read by you. On a socket that is
    /// subscribed to the room, this is also the change with the message's `rev`: no `message` frame
    /// with that `rev` follows, unless this `ack` is ahead of changes that are still to come.
    Ack {
        /// Your name for it.
        client_id: ClientId,
        /// The message: on a retry, the original as it is now.
        message: Message,
    },
    /// The message was not stored.
    Nack {
        /// Your name for it.
        client_id: ClientId,
        /// Why.
        problem: Problem,
        /// Whether the same again may work later.
        retry: bool,
    },
    /// A message was posted, edited or deleted.
    Message {
        /// The room.
        room: RoomId,
        /// The change's number.
        rev: Rev,
        /// The message's whole new state.
        message: Message,
    },
    /// Somebody joined, left or was removed.
    Member {
        /// The room.
        room: RoomId,
        /// The change's number.
        rev: Rev,
        /// The member's whole new state.
        member: Member,
    },
    /// A room was renamed or given another topic.
    Room {
        /// The change's number.
        rev: Rev,
        /// The room's whole new state.
        room: Room,
    },
    /// You joined a room, on this device or another: show it.
    Joined {
        /// The room, as in `welcome`.
        room: MyRoom,
    },
    /// You are no longer in this room; nothing more comes from it.
    Removed {
        /// The room.
        room: RoomId,
        /// Why.
        reason: RemovedReason,
    },
    /// You have read up to here, on this device or another.
    Read {
        /// The room.
        room: RoomId,
        /// How far, and what is left.
        #[serde(flatten)]
        read: ReadState,
        /// Whether you asked for exactly that: then it may be less than before, and a device that
        /// marks by itself what it shows had better not do so at once again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exact: bool,
    },
    /// Somebody is writing. Never stored; forget it after five seconds.
    Typing {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserRef,
    },
    /// Who came and who went since the last such frame, at most one a second. Never stored.
    Presence {
        /// The room.
        room: RoomId,
        /// Members who now have a device connected.
        online: Vec<UserId>,
        /// Members who no longer have.
        offline: Vec<UserId>,
    },
    /// All is well; the newest change of every room subscribed to.
    Heartbeat {
        /// By room.
        #[serde(deserialize_with = "by_room")]
        heads: BTreeMap<RoomId, Rev>,
    },
    /// Your account changed (made or unmade an admin).
    User {
        /// As it is now.
        user: User,
    },
    /// A frame could not be understood or obeyed; the socket stays.
    Error {
        /// What was wrong with it.
        problem: Problem,
    },
    /// The server is about to stop: connect again after this long.
    Goaway {
        /// Milliseconds, different for every socket.
        reconnect_after_ms: u64,
    },
}

/// Parses the keys of a JSON object as room ids. Serde buffers an internally tagged enum until it has
/// read the tag, and the buffer does not convert string keys to numbers.
fn by_room<'de, D: Deserializer<'de>>(heads: D) -> Result<BTreeMap<RoomId, Rev>, D::Error> {
    let heads = BTreeMap::<String, Rev>::deserialize(heads)?;
    let parse = |(room, rev): (String, Rev)| Ok((room.parse().map_err(D::Error::custom)?, rev));
    heads.into_iter().map(parse).collect()
}

impl ServerFrame {
    /// The frame of a change in a room.
    pub fn of(room: RoomId, change: Change) -> Self {
        let rev = change.rev;
        match change.row {
            Row::Message(message) => Self::Message { room, rev, message },
            Row::Member(member) => Self::Member { room, rev, member },
            Row::Room(room) => Self::Room { rev, room },
        }
    }

    /// The change that a frame carries, and of which room; none for frames that change no room.
    pub fn into_change(self) -> Option<(RoomId, Change)> {
        match self {
            Self::Message { room, rev, message } => {
                Some((room, Change { rev, row: Row::Message(message) }))
            }
            Self::Member { room, rev, member } => {
                Some((room, Change { rev, row: Row::Member(member) }))
            }
            Self::Room { rev, room } => Some((room.id, Change { rev, row: Row::Room(room) })),
            Self::Ack { message, .. } => {
                Some((message.room, Change { rev: message.rev, row: Row::Message(message) }))
            }
            _ => None,
        }
    }
}

/// Why somebody is no longer in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedReason {
    /// They left, here or on another device.
    Left,
    /// An admin removed them.
    Removed,
    /// An admin deleted the room.
    RoomDeleted,
}

/// How a socket ends (RFC 6455, section 7.4; 4000 to 4999 are ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// All done.
    Normal = 1000,
    /// A frame was larger than [`crate::rules::FRAME_MAX_BYTES`].
    TooLarge = 1009,
    /// The server stops or restarts.
    Restart = 1012,
    /// Nobody was authenticated in time, or the token is not valid.
    Unauthenticated = 4001,
    /// The session was ended, or its account shut.
    SessionEnded = 4002,
    /// The room of a classic socket is not (or no longer) yours to read.
    NotAMember = 4003,
    /// Nothing was read for too long. Everything missed comes after the next `subscribe`.
    TooSlow = 4008,
    /// Nothing was heard from the other end for too long.
    Silent = 4009,
}

impl CloseCode {
    /// The code of a close frame; a code of nobody here is `None`.
    pub fn from_u16(code: u16) -> Option<Self> {
        use CloseCode::*;
        [Normal, TooLarge, Restart, Unauthenticated, SessionEnded, NotAMember, TooSlow, Silent]
            .into_iter()
            .find(|known| *known as u16 == code)
    }

    /// Whether connecting again, unchanged, makes sense. It does for every code that is not ours.
    pub fn may_reconnect(self) -> bool {
        !matches!(self, Self::Unauthenticated | Self::SessionEnded | Self::NotAMember)
    }

    /// The reason that goes with the code in the close frame.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::TooLarge => "frame_too_large",
            Self::Restart => "restart",
            Self::Unauthenticated => "unauthenticated",
            Self::SessionEnded => "session_ended",
            Self::NotAMember => "not_a_member",
            Self::TooSlow => "too_slow",
            Self::Silent => "silent",
        }
    }
}
