//! The history of a run: what its clients did and observed, in the order of time.
//!
//! Every step of every process is one [`Entry`]. A process records an operation before it sends the
//! request (Jepsen: invoke) and the completion after it receives the response (ok, fail or info).
//! Therefore an operation was concurrent with every operation that was invoked before its
//! completion. Each process has at most one attempt in flight for each message, and at most one
//! edit, delete, removal or join altogether.

use std::{
    hash::{DefaultHasher, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use shared::{
    ids::{ClientId, Rev, RoomId, Seq, UserId},
    live::RemovedReason,
    messages::{Message, Row},
    problem::Code,
    rooms::{Member, Room},
    timeline::Timeline,
};

mod recorder;

pub use recorder::{History, Recorder};

/// The process that records faults and the final states of the nodes. Clients are numbered from 1.
pub const RIG: u32 = 0;

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since the start of the run, by one monotonic clock.
    pub at_us: u64,
    /// One virtual client (a tab, a device), or [`RIG`].
    pub process: u32,
    #[serde(flatten)]
    pub event: Event,
}

/// A message as its author sends it; the same in every attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub room: RoomId,
    pub user: UserId,
    pub client_id: ClientId,
    /// Unique among all messages and edits of a run.
    pub content: String,
}

/// How a message reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    Socket,
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultPhase {
    /// The fault is about to be injected.
    Begin,
    /// The fault is repaired. The servers may still have to catch up.
    End,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An attempt to send a message. Completes with `Ack`, `Nack` or `Unknown` of the same process.
    Send {
        #[serde(flatten)]
        draft: Arc<Draft>,
        /// The index of the node.
        node: u32,
        via: Transport,
    },
    Ack {
        client_id: ClientId,
        /// The message as the server returned it.
        message: Arc<Message>,
    },
    Nack {
        client_id: ClientId,
        code: Code,
        /// Whether a retry may succeed. If so, the server may have stored the message nevertheless.
        retry: bool,
    },
    /// No reply to a `Send` came, because the connection ended or the client cancelled the request.
    Unknown {
        client_id: ClientId,
    },
    /// An attempt to edit a message. Completes with `Edited`, `Refused` or `NoReply`.
    Edit {
        room: RoomId,
        seq: Seq,
        content: String,
    },
    Edited {
        message: Arc<Message>,
    },
    /// An attempt to delete a message. Completes with `Deleted`, `Refused` or `NoReply`.
    Delete {
        room: RoomId,
        seq: Seq,
    },
    Deleted {
        room: RoomId,
        seq: Seq,
    },
    /// An attempt to add a reaction, which nobody removes. Completes with `Reacted`, `Refused` or `NoReply`.
    React {
        room: RoomId,
        seq: Seq,
        user: UserId,
        emoji: String,
    },
    Reacted {
        message: Arc<Message>,
    },
    /// An admin's attempt to remove a member. Completes with `Removed`, `Refused` or `NoReply`.
    Remove {
        room: RoomId,
        user: UserId,
    },
    Removed {
        room: RoomId,
        user: UserId,
    },
    /// A user's attempt to join a room. Completes with `Joined`, `Refused` or `NoReply`.
    Join {
        room: RoomId,
        user: UserId,
    },
    Joined {
        room: RoomId,
        user: UserId,
    },
    /// The server refused an edit, delete, removal or join.
    Refused {
        code: Code,
        /// Whether a retry may succeed. If so, the server may have done the operation nevertheless.
        retry: bool,
    },
    /// No valid reply to an edit, delete, removal or join came.
    NoReply,
    /// An attempt to open a socket. Any earlier socket of the process is closed.
    Connect {
        /// The index of the node.
        node: u32,
        user: UserId,
    },
    /// The socket is open and authenticated.
    Welcome,
    /// The reply to a ping. The server sent all later frames on this socket after `pinged_us`,
    /// which is on the clock of `at_us`.
    Pong {
        pinged_us: u64,
    },
    Subscribe {
        room: RoomId,
        after_rev: Rev,
    },
    /// The server has sent everything up to `rev`.
    Subscribed {
        room: RoomId,
        rev: Rev,
    },
    /// The socket delivered a change, live or replayed.
    Change {
        room: RoomId,
        rev: Rev,
        /// The new state of the row.
        row: ChangedRow,
    },
    /// The server skipped changes; the client reads a page instead.
    Gap {
        room: RoomId,
        from_rev: Rev,
        to_rev: Rev,
        /// The newest message at `to_rev`.
        last_seq: Seq,
    },
    /// A REST request for a page. Completes with `Page`.
    ReadPage {
        room: RoomId,
    },
    Page {
        room: RoomId,
        /// The page shows every change up to this one.
        as_of_rev: Rev,
        messages: Arc<[Arc<Message>]>,
    },
    /// A REST request for the newest messages of all rooms of the user. Completes with `Hits`.
    Search,
    Hits {
        messages: Arc<[Arc<Message>]>,
    },
    /// The socket delivered who came online or went offline in a room.
    Presence {
        room: RoomId,
    },
    /// The server sent `removed`: it delivers nothing more of this room on the socket.
    LeftRoom {
        room: RoomId,
        reason: RemovedReason,
    },
    /// The process stops reading from its socket.
    ReadPaused,
    ReadResumed,
    /// A socket ended, or an attempt to open one failed.
    Closed {
        /// The close code, if the server sent one.
        code: Option<u16>,
    },
    /// A reader's state of a room at the end.
    ReaderState(Arc<ReaderState>),
    /// A node's state of a room at the end, read by REST.
    NodeState(Arc<NodeState>),
    Fault {
        /// The same for begin and end.
        name: String,
        phase: FaultPhase,
    },
}

/// The row of a change. Readers that receive the same state of a message share it in memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedRow {
    Message(Arc<Message>),
    Member(Arc<Member>),
    Room(Arc<Room>),
}

impl From<Row> for ChangedRow {
    fn from(row: Row) -> Self {
        match row {
            Row::Message(message) => Self::Message(message.into()),
            Row::Member(member) => Self::Member(member.into()),
            Row::Room(room) => Self::Room(room.into()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReaderState {
    pub room: RoomId,
    /// The reader has received every change up to this one.
    pub rev: Rev,
    /// The [`digest`] of each message from seq 1 on, 0 for a missing one. Digests take less memory
    /// than the texts, which are the same for a hundred readers.
    pub digests: Vec<u64>,
    /// Ordered by user id.
    pub members: Vec<Member>,
}

impl ReaderState {
    pub fn new(room: RoomId, timeline: &Timeline) -> Self {
        let seqs = 1..=timeline.last_seq().0;
        let digests = seqs.map(|seq| timeline.get(Seq(seq)).map_or(0, digest)).collect();
        Self { room, rev: timeline.rev(), digests, members: timeline.members().cloned().collect() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeState {
    /// The index of the node.
    pub node: u32,
    pub room: RoomId,
    pub last_seq: Seq,
    pub last_rev: Rev,
    /// All messages, in the order in which the node returned them.
    pub messages: Vec<Arc<Message>>,
    /// The messages that a search of the room finds, newest first.
    pub found: Vec<Seq>,
    /// Ordered by user id.
    pub members: Vec<Member>,
}

/// A hash of all fields of a message, never 0.
pub fn digest(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    let json = serde_json::to_vec(message).expect("a message is valid JSON");
    hasher.write(&json);
    hasher.finish().max(1)
}
