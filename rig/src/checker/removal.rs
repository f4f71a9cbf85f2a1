//! Leak after removal.
//!
//! From two seconds after a removal was acknowledged until somebody asks for the person to come in
//! again, nothing of the room may be sent to any of their sockets, nor given to them by REST. A
//! frame counts as sent later than that when what it tells was only said later, or when its socket
//! was opened later, or when an echo that was asked for later came before it; the last only while
//! nothing is broken, since a process that was frozen sends what it composed before. On a socket
//! that was told `removed`, nothing more may come before it asks for the room again, while nobody has
//! asked for the person to come in again: of a slow reader, what they asked for before they heard of
//! the removal may be answered when they are in again.

use std::collections::BTreeMap;

use shared::ids::{RoomId, UserId};

use super::{
    Found, Kind,
    facts::{End, Facts},
    walk::Link,
};
use crate::history::{Event, Seen};

/// How long a removal may take to reach everything, in microseconds (promise 8).
const WITHIN_US: u64 = 2_000_000;

/// A time for which somebody is known to be out of a room.
struct Out {
    /// The entry that acknowledged the removal, and its time.
    from: usize,
    from_us: u64,
    /// The entry of the next asking to come in.
    until: usize,
}

/// Who was out of what, and when.
pub struct Outs(BTreeMap<(RoomId, UserId), Vec<Out>>);

impl Outs {
    pub fn of(facts: &Facts) -> Self {
        let mut all = BTreeMap::new();
        for (who, moves) in &facts.moves {
            let mut outs: Vec<Out> = Vec::new();
            for moved in moves {
                match (moved.is_join, moved.step.done()) {
                    (false, Some(from)) => {
                        let from_us = facts.entries[from].at_us;
                        outs.push(Out { from, from_us, until: usize::MAX });
                    }
                    (false, None) => {}
                    (true, _) => {
                        let open = outs.iter_mut().filter(|out| out.until == usize::MAX);
                        open.for_each(|out| out.until = moved.step.asked);
                    }
                }
                // A joining without an answer may happen at any time after.
                let is_open = matches!(moved.step.end, End::Open | End::Failed | End::Unknown);
                if moved.is_join && is_open {
                    break;
                }
            }
            all.insert(*who, outs);
        }
        Self(all)
    }

    fn at(&self, room: RoomId, user: UserId, at: usize) -> Option<&Out> {
        let outs = self.0.get(&(room, user))?;
        outs.iter().rev().find(|out| out.from < at && at < out.until)
    }
}

pub fn judge(facts: &Facts, outs: &Outs, at: usize, link: &Link, found: &mut Found) {
    let event = &facts.entries[at].event;
    let (room, is_page) = match event {
        Event::Change { room, .. } | Event::Subscribed { room, .. } | Event::Gap { room, .. } => {
            (*room, false)
        }
        Event::Page { room, .. } => (*room, true),
        _ => return,
    };
    if !is_page && link.out.contains(&room) && !is_asked_in(facts, room, link.user, at) {
        let detail = format!("more of room {room} came after the socket was told it is out of it");
        found.add(Kind::LeakAfterRemoval, [at], detail);
    }
    let Some(out) = outs.at(room, link.user, at) else { return };
    let limit = out.from_us + WITHIN_US;
    let is_late = if is_page {
        link.asked_us.get(&room).is_some_and(|asked| *asked > limit)
    } else {
        link.opened_us > limit || is_news(facts, event, limit) || {
            let Some(entry) = facts.entries.get(at) else { return };
            link.echoed_us > limit && facts.is_calm(entry.process, out.from_us, entry.at_us)
        }
    };
    if is_late {
        let detail = format!("room {room} was shown to {}, who was put out of it", link.user);
        found.add(Kind::LeakAfterRemoval, [out.from, at], detail);
    }
}

/// Whether the last that was asked for, by then, is that somebody comes in.
fn is_asked_in(facts: &Facts, room: RoomId, user: UserId, at: usize) -> bool {
    let moves = facts.moves.get(&(room, user)).map_or(&[][..], Vec::as_slice);
    moves.iter().rev().find(|moved| moved.step.asked < at).is_some_and(|moved| moved.is_join)
}

/// Whether a change tells what was only said after the limit.
fn is_news(facts: &Facts, event: &Event, limit: u64) -> bool {
    match event {
        Event::Change { row: Seen::Message(message), .. } => {
            facts.made_us(message).is_some_and(|made| made > limit)
        }
        _ => false,
    }
}
