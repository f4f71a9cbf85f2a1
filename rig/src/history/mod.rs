//! What happened, in the order in which it was seen.
//!
//! Every step of everybody is one [`Entry`]. What somebody asks for is written down before it
//! leaves, and what came of it after it arrived, so an entry that follows another in the history of
//! two processes did not cause it. A process does one thing after the other: of each message it has
//! at most one attempt under way, and of edits, deletes, removals and joins one altogether.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::{
    Timestamp,
    ids::{ClientId, Rev, RoomId, Seq, UserId},
    live::RemovedReason,
    messages::{Message, Row},
    problem::Code,
    rooms::{Member, Room},
    timeline::Timeline,
};

mod recorder;

pub use recorder::{History, Recorder};

/// The process of the rig itself: faults and final reads. People are numbered from 1.
pub const RIG: u32 = 0;

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since the run began, by one monotonic clock.
    pub at_us: u64,
    /// One virtual client (a tab, a device), or [`RIG`].
    pub process: u32,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// A message as its author means it; the same at every attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// The author's name for it.
    pub client_id: ClientId,
    /// The text; no two messages or edits of a run have the same.
    pub content: String,
}

/// Which way a message went in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The live socket.
    Socket,
    /// `POST .. /messages`.
    Rest,
}

/// Beginning or end of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It is about to be injected.
    Begin,
    /// What was broken is whole again (it may still have to catch up).
    End,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An attempt to say something. Ends in `Ack`, `Nack` or `Unknown` of the same process.
    Send {
        /// What.
        #[serde(flatten)]
        said: Arc<Said>,
        /// Which node, as an index.
        node: u32,
        /// Which way.
        by: Door,
    },
    /// The attempt was acknowledged.
    Ack {
        /// Of which message.
        client_id: ClientId,
        /// As the server has it.
        message: Arc<Message>,
    },
    /// The attempt was refused. With `retry` it may have been stored all the same.
    Nack {
        /// Of which message.
        client_id: ClientId,
        /// Why.
        code: Code,
        /// Whether the same again may work.
        retry: bool,
    },
    /// The link was lost before an answer came.
    Unknown {
        /// Of which message.
        client_id: ClientId,
    },
    /// An attempt to give a message another text. Ends in `Edited`, `Refused` or `Lost`.
    Edit {
        /// Where.
        room: RoomId,
        /// Which.
        seq: Seq,
        /// The new text.
        content: String,
    },
    /// The edit was acknowledged.
    Edited {
        /// As the server has it.
        message: Arc<Message>,
    },
    /// An attempt to delete a message. Ends in `Deleted`, `Refused` or `Lost`.
    Delete {
        /// Where.
        room: RoomId,
        /// Which.
        seq: Seq,
    },
    /// The deletion was acknowledged.
    Deleted {
        /// Where.
        room: RoomId,
        /// Which.
        seq: Seq,
    },
    /// An admin's attempt to put somebody out. Ends in `Removed`, `Refused` or `Lost`.
    Remove {
        /// Of which room.
        room: RoomId,
        /// Whom.
        user: UserId,
    },
    /// The removal was acknowledged.
    Removed {
        /// Of which room.
        room: RoomId,
        /// Whom.
        user: UserId,
    },
    /// Somebody's attempt to come in. Ends in `Joined`, `Refused` or `Lost`.
    Join {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// The coming in was acknowledged.
    Joined {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// What the process asked for was refused. With `retry` it may have been done all the same.
    Refused {
        /// Why.
        code: Code,
        /// Whether the same again may work.
        retry: bool,
    },
    /// No answer came to what the process asked for.
    Lost,
    /// An attempt to open a socket. What the process had open before is gone.
    Connect {
        /// Which node, as an index.
        node: u32,
        /// Whose socket.
        user: UserId,
    },
    /// The socket is open and authenticated.
    Welcome,
    /// An echo: what comes on this socket from now on left the server after `asked_us`.
    Pong {
        /// When it was asked for, on the clock of `at_us`.
        asked_us: u64,
    },
    /// Give me a room's changes.
    Subscribe {
        /// Which room.
        room: RoomId,
        /// What is held.
        after_rev: Rev,
    },
    /// Everything up to `rev` was sent.
    Subscribed {
        /// Which room.
        room: RoomId,
        /// Up to where.
        rev: Rev,
    },
    /// A change came, live or replayed.
    Change {
        /// Which room.
        room: RoomId,
        /// Its number.
        rev: Rev,
        /// The row's whole new state.
        row: Seen,
    },
    /// Too much was missed: to be read by REST.
    Gap {
        /// Which room.
        room: RoomId,
        /// From where.
        from_rev: Rev,
        /// To where.
        to_rev: Rev,
        /// The newest message at `to_rev`.
        last_seq: Seq,
    },
    /// A page is asked for by REST.
    Read {
        /// Which room.
        room: RoomId,
    },
    /// The page that was asked for last in this room.
    Page {
        /// Which room.
        room: RoomId,
        /// Every change up to this one shows.
        as_of_rev: Rev,
        /// A dense run.
        messages: Arc<[Arc<Message>]>,
    },
    /// Nothing more comes from this room.
    OutOf {
        /// Which room.
        room: RoomId,
        /// Why.
        reason: RemovedReason,
    },
    /// The process reads nothing from its socket for a while.
    Stalled,
    /// It reads again.
    Awake,
    /// The socket ended.
    Closed {
        /// With this code, if one was said.
        code: Option<u16>,
    },
    /// What a reader's timeline holds at the end.
    Fold(Arc<Fold>),
    /// What a node gives by REST at the end.
    Final(Arc<Final>),
    /// Something is broken, or mended.
    Fault {
        /// What, the same at both ends.
        name: String,
        /// Which of the two.
        phase: Phase,
    },
}

/// A row as a change brought it; the same state seen by many is held once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Posted, edited or deleted.
    Message(Arc<Message>),
    /// Joined, left or was removed.
    Member(Arc<Member>),
    /// Renamed or given another topic.
    Room(Arc<Room>),
}

impl From<Row> for Seen {
    fn from(row: Row) -> Self {
        match row {
            Row::Message(message) => Self::Message(message.into()),
            Row::Member(member) => Self::Member(member.into()),
            Row::Room(room) => Self::Room(room.into()),
        }
    }
}

/// A reader's room at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// Which room.
    pub room: RoomId,
    /// Up to which change nothing is missing.
    pub rev: Rev,
    /// One [`digest`] for each message from number 1 on, 0 for one that is not there. Of texts only
    /// digests: a hundred readers hold the same.
    pub digests: Vec<u64>,
    /// The members, by account number.
    pub members: Vec<Member>,
}

impl Fold {
    /// What a timeline holds of a room.
    pub fn of(room: RoomId, timeline: &Timeline) -> Self {
        let seqs = 1..=timeline.last_seq().0;
        let digests = seqs.map(|seq| timeline.get(Seq(seq)).map_or(0, digest)).collect();
        Self { room, rev: timeline.rev(), digests, members: timeline.members().cloned().collect() }
    }
}

/// A room as one node gives it at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Final {
    /// Which node, as an index.
    pub node: u32,
    /// Which room.
    pub room: RoomId,
    /// The newest message's number.
    pub last_seq: Seq,
    /// The newest change's number.
    pub last_rev: Rev,
    /// All messages, in the order in which they were given.
    pub messages: Vec<Arc<Message>>,
    /// The members, by account number.
    pub members: Vec<Member>,
}

/// What a message says in every respect, as a number that stays the same from run to run (FNV-1a);
/// never 0.
pub fn digest(message: &Message) -> u64 {
    let time = |at: Option<Timestamp>| at.map_or(i64::MIN, |at| at.timestamp_micros());
    let Message { id, room, seq, rev, user, content, client_id, reply_to, .. } = message;
    let numbers = [
        id.0,
        room.0,
        seq.0,
        rev.0,
        user.id.0,
        reply_to.map_or(0, |seq| seq.0),
        time(Some(message.created_at)),
        time(message.edited_at),
        time(message.deleted_at),
    ];
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    let texts = client_id.0.as_bytes().iter().chain(content.as_bytes()).copied();
    let bytes = numbers.chain(texts).chain([0]).chain(user.username.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, fnv).max(1)
}

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}
