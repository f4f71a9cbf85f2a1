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
    /// What became of its asking for rooms.
    pub asked: BTreeMap<RoomId, Asked>,
    /// Tombstones that came.
    pub tombstones: HashSet<Place>,
    /// Where each room's changes are.
    pub streams: BTreeMap<RoomId, Stream>,
}

/// A socket's asking for a room.
#[derive(Default)]
pub struct Asked {
    /// How often there was no answer yet. Whoever reads slowly may have asked several times before
    /// they hear that they are out, and be in again before the last of it is answered.
    open: usize,
    /// Whether changes may come by themselves.
    is_in: bool,
}

impl Asked {
    /// Whether nothing may come any more.
    pub fn is_over(&self) -> bool {
        !self.is_in && self.open == 0
    }
}

impl Link {
    fn new(user: UserId, opened_us: u64) -> Self {
        Self {
            user,
            opened_us,
            echoed_us: 0,
            asked_us: BTreeMap::new(),
            asked: BTreeMap::new(),
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
        Event::Subscribe { room, .. } => link.asked.entry(*room).or_default().open += 1,
        Event::Subscribed { room, .. } => {
            let asked = link.asked.entry(*room).or_default();
            *asked = Asked { open: asked.open.saturating_sub(1), is_in: true };
        }
        Event::OutOf { room, .. } => {
            // Whoever is in hears it by itself; whoever is not, when they ask.
            let asked = link.asked.entry(*room).or_default();
            let answered = usize::from(!asked.is_in);
            *asked = Asked { open: asked.open.saturating_sub(answered), is_in: false };
        }
        _ => {}
    }
}
