//! Leak after removal: the server sends a room's content to a removed member.
//!
//! From 2 s after a removal was acknowledged until the user's next join was invoked, the server
//! must send nothing of the room to any socket of the user, nor return it by REST, neither as a page nor
//! as hits of a search. A frame was
//! certainly sent after that time if its content was written later, or its socket was opened later,
//! or the reply to a later ping came before the frame. The last proof holds only without a fault,
//! because a process that was paused sends frames that it composed before the pause.
//!
//! After a socket delivered `removed`, the server must send nothing of the room on it until the
//! client subscribes again or the user's join was invoked. A slow reader may receive the reply to
//! an earlier subscription once the user is a member again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use shared::{
    ids::{RoomId, UserId},
    messages::Message,
};

use super::{
    Anomaly, Violations, connection::Connection, index::HistoryIndex, operations::Completion,
};
use crate::history::{ChangedRow, Event};

/// How long a removal may take to reach every socket, in microseconds.
const REMOVAL_TIMEOUT_US: u64 = 2_000_000;

/// A period in which a user was certainly not a member.
struct Absence {
    /// The index of the entry that acknowledged the removal.
    removed: usize,
    removed_us: u64,
    /// The index of the entry that invoked the next join; `usize::MAX` without one.
    rejoin: usize,
}

/// The absences of each user from each room, in the order of time.
pub struct Absences(BTreeMap<(RoomId, UserId), Vec<Absence>>);

impl Absences {
    pub fn new(index: &HistoryIndex) -> Self {
        let mut all = BTreeMap::new();
        for (key, changes) in &index.membership_changes {
            let mut absences: Vec<Absence> = Vec::new();
            for change in changes {
                match (change.is_join, change.operation.ok()) {
                    (false, Some(removed)) => {
                        let removed_us = index.entries[removed].at_us;
                        absences.push(Absence { removed, removed_us, rejoin: usize::MAX });
                    }
                    (false, None) => {}
                    (true, _) => {
                        let open = absences.iter_mut().filter(|one| one.rejoin == usize::MAX);
                        open.for_each(|absence| absence.rejoin = change.operation.invoked);
                    }
                }
                // An indeterminate join may take effect at any later time.
                let completion = change.operation.completion;
                if change.is_join && matches!(completion, Completion::Pending | Completion::Info) {
                    break;
                }
            }
            all.insert(*key, absences);
        }
        Self(all)
    }

    /// The absence during which an entry was recorded.
    fn find(&self, room: RoomId, user: UserId, at: usize) -> Option<&Absence> {
        let absences = self.0.get(&(room, user))?;
        absences.iter().rev().find(|absence| absence.removed < at && at < absence.rejoin)
    }
}

pub fn check(
    index: &HistoryIndex,
    absences: &Absences,
    at: usize,
    connection: &Connection,
    violations: &mut Violations,
) {
    let entry = &index.entries[at];
    let (room, is_page) = match &entry.event {
        Event::Change { room, .. }
        | Event::Presence { room }
        | Event::Subscribed { room, .. }
        | Event::Gap { room, .. } => (*room, false),
        Event::Page { room, .. } => (*room, true),
        Event::Hits { messages } => {
            return check_hits(absences, at, connection, messages, violations);
        }
        _ => return,
    };
    let user = connection.user;
    if !is_page && connection.left_rooms.contains(&room) && !is_rejoining(index, room, user, at) {
        let detail = format!("the socket delivered more of room {room} after it delivered removed");
        violations.add(Anomaly::LeakAfterRemoval, [at], detail);
    }
    let Some(absence) = absences.find(room, user, at) else { return };
    let deadline = absence.removed_us + REMOVAL_TIMEOUT_US;
    let is_late = if is_page {
        connection.page_requested_us.get(&room).is_some_and(|requested| *requested > deadline)
    } else {
        let is_new = matches!(&entry.event, Event::Change { row: ChangedRow::Message(message), .. }
            if index.earliest_write_us(message).is_some_and(|written| written > deadline));
        connection.opened_us > deadline
            || is_new
            || connection.pinged_us > deadline
                && index.is_undisturbed(entry.process, absence.removed_us, entry.at_us)
    };
    if is_late {
        let detail = format!("the server sent room {room} to {user} after their removal");
        violations.add(Anomaly::LeakAfterRemoval, [absence.removed, at], detail);
    }
}

/// A search that began long after the removal must not find the room.
fn check_hits(
    absences: &Absences,
    at: usize,
    connection: &Connection,
    messages: &[Arc<Message>],
    violations: &mut Violations,
) {
    let user = connection.user;
    let rooms: BTreeSet<RoomId> = messages.iter().map(|message| message.room).collect();
    for room in rooms {
        let Some(absence) = absences.find(room, user, at) else { continue };
        if connection.searched_us > absence.removed_us + REMOVAL_TIMEOUT_US {
            let detail = format!("{user} found messages of room {room} after their removal");
            violations.add(Anomaly::LeakAfterRemoval, [absence.removed, at], detail);
        }
    }
}

/// Whether the last membership change that was invoked before the entry is a join.
fn is_rejoining(index: &HistoryIndex, room: RoomId, user: UserId, at: usize) -> bool {
    let changes = index.membership_changes.get(&(room, user)).map_or(&[][..], Vec::as_slice);
    let last = changes.iter().rev().find(|change| change.operation.invoked < at);
    last.is_some_and(|change| change.is_join)
}
