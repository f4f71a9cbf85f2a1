//! What the oracle knows: people, rooms, and the secrets that markers stand for.

use std::collections::{BTreeMap, HashMap};

use shared::{
    access::{History, Policies, Rank, Role, RoomKind},
    ids::{RoomId, Seq, UserId},
};

use super::{
    markers::{MarkerKind, Markers},
    timeline::{Micros, Timeline, Window},
};

/// The number of an account in the run.
pub type PersonId = usize;

pub struct Person {
    pub id: UserId,
    pub username: String,
    pub rank: Timeline<Rank>,
    /// Whether nobody adds them to a room, and they join none.
    pub is_stranger: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    pub role: Role,
    /// No message before this one may be read. The server's own number may be higher.
    pub visible_from: Seq,
}

pub struct Room {
    pub kind: Timeline<RoomKind>,
    /// When it was not deleted.
    pub exists: Timeline<()>,
    pub is_archived: Timeline<bool>,
    pub policies: Timeline<Policies>,
    pub history: History,
    /// The first message that newcomers may read with [`History::All`].
    pub open_from: Seq,
    /// What `open_from` becomes if the conversion in progress is done.
    pub next_open_from: Option<Seq>,
    /// The newest message that was acknowledged.
    pub last_seq: Seq,
    pub name: String,
    pub topic: String,
    /// Everybody who was a member once.
    pub members: BTreeMap<PersonId, Timeline<Membership>>,
    /// The author and the marker of each acknowledged message.
    pub messages: BTreeMap<Seq, (PersonId, String)>,
}

impl Room {
    /// The first message that somebody may read who joins now.
    pub fn visible_from(&self) -> Seq {
        match self.history {
            History::All => self.open_from,
            History::Joining => self.last_seq.next(),
        }
    }

    pub fn membership(&self, person: PersonId) -> Option<Membership> {
        self.members.get(&person).and_then(Timeline::newest)
    }

    pub fn is_deleted(&self) -> bool {
        self.exists.newest().is_none()
    }
}

/// What a marker stands for.
pub enum Secret {
    Message {
        room: RoomId,
        /// `None` until it is acknowledged.
        seq: Option<Seq>,
        valid: Timeline<()>,
    },
    /// `room` is `None` until the creation of the room is acknowledged.
    RoomName {
        room: Option<RoomId>,
        valid: Timeline<()>,
        /// When another name replaced it, and the newest acknowledged message at that time.
        replaced: Option<(Micros, Seq)>,
    },
    Topic {
        room: Option<RoomId>,
        valid: Timeline<()>,
    },
    Username(PersonId),
}

impl Secret {
    /// When the text was not edited, deleted or replaced.
    pub fn valid(&mut self) -> Option<&mut Timeline<()>> {
        match self {
            Self::Message { valid, .. }
            | Self::RoomName { valid, .. }
            | Self::Topic { valid, .. } => Some(valid),
            Self::Username(_) => None,
        }
    }
}

/// Something that a response or a frame contained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    Marker(String),
    /// A frame about a room.
    Room(RoomId),
}

/// Who received something, and when they may have been allowed to.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// `None` for requests without authentication.
    pub viewer: Option<PersonId>,
    pub window: Window,
    /// The account, the number of the step and the request, or the frame.
    pub source: String,
}

/// What cannot be judged yet.
#[derive(Clone, Debug)]
pub struct PendingObservation {
    pub receipt: Receipt,
    pub seen: Observation,
}

/// Something that somebody received and must not have.
#[derive(Clone, Debug)]
pub struct Violation {
    pub at: Micros,
    /// The account, the number of the step and the request, or the frame.
    pub source: String,
    pub what: String,
}

/// Knows who could have been allowed to see what, and when. It decides from the documented rules and shares
/// no decision with the server.
#[derive(Default)]
pub struct Oracle {
    pub people: Vec<Person>,
    pub rooms: BTreeMap<RoomId, Room>,
    pub secrets: HashMap<String, Secret>,
    pub markers: Markers,
    pub violations: Vec<Violation>,
    /// What cannot be judged before the creation of its room is acknowledged.
    pub pending_observations: Vec<PendingObservation>,
    pub checked_markers: u64,
}

impl Oracle {
    pub fn marker(&mut self, kind: MarkerKind) -> String {
        self.markers.create(kind)
    }

    /// Ends the validity of a replaced or deleted text.
    pub fn invalidate(&mut self, marker: &str, at: Micros) {
        if let Some(valid) = self.secrets.get_mut(marker).and_then(Secret::valid) {
            valid.end(at);
        }
    }
}
