//! One pass over what came by sockets and pages, with what is known of each socket at that moment.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::ids::{RoomId, UserId};

use super::{
    Found, deletion,
    facts::{Facts, Place},
    removal::{self, Outs},
    stream::{self, Stream},
};
use crate::history::Event;

/// What is known of a process's socket. A page's answer is judged by when it was asked for, a frame
/// by when its socket was opened or its last echo asked for: it left the server later than both.
pub struct Link {
    /// Whose.
    pub user: UserId,
    /// When it was asked for.
    pub opened_us: u64,
    /// When the last echo was asked for.
    pub echoed_us: u64,
    /// When the last page of a room was asked for.
    pub asked_us: BTreeMap<RoomId, u64>,
    /// Rooms that this socket was told it is out of, with nothing asked for before or since.
    pub out: HashSet<RoomId>,
    /// Tombstones that came.
    pub tombstones: HashSet<Place>,
    /// Where each room's changes are.
    pub streams: BTreeMap<RoomId, Stream>,
}

impl Link {
    fn new(user: UserId, opened_us: u64) -> Self {
        Self {
            user,
            opened_us,
            echoed_us: 0,
            asked_us: BTreeMap::new(),
            out: HashSet::new(),
            tombstones: HashSet::new(),
            streams: BTreeMap::new(),
        }
    }
}

pub fn check(facts: &Facts, found: &mut Found) {
    let outs = Outs::of(facts);
    let mut links: HashMap<u32, Link> = HashMap::new();
    for (at, entry) in facts.entries.iter().enumerate() {
        if let Event::Connect { user, .. } = entry.event {
            // Pages asked for over the old socket's time may still come.
            let asked_us = links.remove(&entry.process).map(|link| link.asked_us);
            let link = Link::new(user, entry.at_us);
            let asked_us = asked_us.unwrap_or_default();
            links.insert(entry.process, Link { asked_us, ..link });
        }
        deletion::judge_answers(facts, at, found);
        let Some(link) = links.get_mut(&entry.process) else { continue };
        stream::judge(facts, at, link, found);
        removal::judge(facts, &outs, at, link, found);
        deletion::judge(facts, at, link, found);
        learn(link, entry.at_us, &entry.event);
    }
}

fn learn(link: &mut Link, at_us: u64, event: &Event) {
    match event {
        Event::Pong { asked_us } => link.echoed_us = link.echoed_us.max(*asked_us),
        Event::Read { room } => drop(link.asked_us.insert(*room, at_us)),
        Event::Subscribe { room, .. } => drop(link.out.remove(room)),
        Event::OutOf { room, .. } if !link.streams.contains_key(room) => {
            link.out.insert(*room);
        }
        _ => {}
    }
}
