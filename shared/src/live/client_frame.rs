//! The frames that clients send.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ClientId, Rev, RoomId, Seq},
    text::Format,
};

/// A frame from a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Authenticates the socket. Only valid as the first frame, and only if the upgrade request had
    /// no credentials.
    Authenticate {
        /// The session token.
        token: String,
    },
    /// Subscribes to a room. The server sends the changes after `after_rev`, then every new change;
    /// without `after_rev`, only the new ones.
    Subscribe {
        /// The room.
        room: RoomId,
        /// The last change that the client has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_rev: Option<Rev>,
    },
    /// Subscribes to several rooms, as one `subscribe` for each would, but with fewer queries.
    SubscribeAll {
        /// The rooms; at most [`crate::rules::FRAME_MAX_ITEMS`].
        rooms: Vec<Subscription>,
    },
    /// Ends a subscription.
    Unsubscribe {
        /// The room.
        room: RoomId,
    },
    /// Posts a message. The server replies with `ack` or `nack` and the same `client_id`.
    Send {
        /// The room.
        room: RoomId,
        /// The idempotency key: every retry sends the same one.
        client_id: ClientId,
        /// The text.
        content: String,
        /// As in [`crate::messages::NewMessage`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<Format>,
        /// The message of the same room that it replies to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
    },
    /// Sets the read position, like [`crate::rooms::MarkRead`].
    Read {
        /// The room.
        room: RoomId,
        /// The last message that the caller has read.
        seq: Seq,
        /// Whether the position may move backwards, so that every later message becomes unread.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exact: bool,
        /// The `read_seq` that the client has. If the server has another one, it changes nothing and
        /// replies with its own `read`, unless `exact`. The old name `known` is still accepted.
        #[serde(default, alias = "known", skip_serializing_if = "Option::is_none")]
        if_read_seq: Option<Seq>,
    },
    /// The caller is typing.
    Typing {
        /// The room.
        room: RoomId,
    },
}

/// A room of [`ClientFrame::SubscribeAll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The room.
    pub room: RoomId,
    /// The last change that the client has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_rev: Option<Rev>,
}
