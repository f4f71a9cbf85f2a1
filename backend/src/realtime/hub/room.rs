//! A room that somebody listens to: its changes are told in their order.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    live::RemovedReason,
    messages::{Change, Row},
};

use crate::failpoints::{Fault, has};

use super::{Event, Hub, Signal, State, hints::NodeId, inbox::Listener};

/// How long a change that came early waits for those before it, until they are read.
const EARLY: Duration = Duration::from_millis(20);
/// Changes that may wait so; with more, all of it is read.
const EARLY_MAX: usize = 1_024;

#[derive(Default)]
pub(super) struct Listened {
    /// All changes up to this one were told to whoever listened then; none was yet.
    pub(super) told: Option<Rev>,
    pub(super) listeners: HashMap<u64, Arc<Listener>>,
    /// Who was told to be there.
    pub(super) announced: HashSet<UserId>,
    /// Who is there by way of other nodes.
    pub(super) elsewhere: HashMap<NodeId, HashSet<UserId>>,
    /// Who was last said to other nodes to be here.
    pub(super) said: HashSet<UserId>,
    /// Messages that may still wait in somebody's queue, oldest first.
    waiting: VecDeque<(Seq, Weak<Event>)>,
    early: BTreeMap<Rev, (Change, Option<RemovedReason>)>,
    is_waiting: bool,
}

impl Listened {
    /// Who is there by way of this node.
    pub(super) fn here(&self) -> HashSet<UserId> {
        self.listeners.values().map(|listener| listener.user).collect()
    }

    /// Who is there.
    pub(super) fn present(&self) -> HashSet<UserId> {
        let mut present = self.here();
        present.extend(self.elsewhere.values().flatten());
        present
    }

    /// Keeps track of what may still wait to go out, and takes the text away of what was deleted.
    fn note(&mut self, event: &Arc<Event>) {
        let Row::Message(message) = &event.change().row else { return };
        while self.waiting.front().is_some_and(|(_, event)| event.strong_count() == 0) {
            self.waiting.pop_front();
        }
        if self.waiting.len() > EARLY_MAX {
            self.waiting.retain(|(_, event)| event.strong_count() > 0);
        }
        if message.deleted_at.is_some() {
            let same = self.waiting.iter().filter(|(seq, _)| *seq == message.seq);
            same.filter_map(|(_, event)| event.upgrade()).for_each(|event| event.delete(message));
        } else {
            self.waiting.push_back((message.seq, Arc::downgrade(event)));
        }
    }

    /// Listeners are to read for themselves what was not told, up to here.
    pub(super) fn skip_to(&mut self, room: RoomId, rev: Rev) {
        self.told = Some(rev);
        self.early = self.early.split_off(&rev.next());
        for listener in self.listeners.values() {
            listener.tell(Signal::Behind(room));
        }
    }
}

impl Hub {
    /// A change that was committed, here or on another node: told when it is the next one.
    pub(super) fn offer(&self, room: RoomId, change: Change, why: Option<RemovedReason>) {
        let must_wait = self.state().offer(room, change, why);
        if must_wait {
            let hub = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(EARLY).await;
                if hub.state().still_waits(room) {
                    hub.read(room).await;
                }
            });
        }
    }
}

impl State {
    /// True if a wait begins for what is missing.
    fn offer(&mut self, room: RoomId, change: Change, why: Option<RemovedReason>) -> bool {
        let Some(listened) = self.rooms.get_mut(&room) else { return false };
        let told = listened.told.unwrap_or(Rev(change.rev.0 - 1));
        if change.rev <= told {
            return false;
        }
        if change.rev > told.next() && !has(Fault::NoCatchUp) {
            if listened.early.len() < EARLY_MAX {
                listened.early.insert(change.rev, (change, why));
            }
            return !std::mem::replace(&mut listened.is_waiting, true);
        }
        let mut next = Some((change, why));
        while let Some((change, why)) = next {
            let rev = change.rev;
            self.tell(room, change, why);
            let listened = self.rooms.get_mut(&room);
            next = listened.and_then(|listened| listened.early.remove(&rev.next()));
        }
        false
    }

    /// Tells a room its next change. Whoever is no longer in it by that change listens no longer,
    /// however it came here.
    fn tell(&mut self, room: RoomId, change: Change, why: Option<RemovedReason>) {
        let Some(listened) = self.rooms.get_mut(&room) else { return };
        listened.told = Some(change.rev);
        let gone = match &change.row {
            Row::Member(member) if member.left => Some(member.user.id),
            _ => None,
        };
        let event = Arc::new(Event::new(room, change));
        listened.note(&event);
        for listener in listened.listeners.values() {
            listener.tell(Signal::Event(event.clone()));
        }
        if let Some(user) = gone
            && !has(Fault::RemovalIgnored)
        {
            self.removed(room, user, why.unwrap_or(RemovedReason::Removed));
        }
    }

    fn still_waits(&mut self, room: RoomId) -> bool {
        let Some(listened) = self.rooms.get_mut(&room) else { return false };
        listened.is_waiting = false;
        !listened.early.is_empty()
    }

    /// Takes what was read of a room after `told`: told one by one where nothing is left out between
    /// (a row that changed twice shows only its last change); otherwise whoever listens reads for
    /// themselves.
    pub(super) fn catch_up(&mut self, room: RoomId, changes: Vec<Change>, to: Rev) {
        let Some(listened) = self.rooms.get_mut(&room) else { return };
        let Some(told) = listened.told else { return };
        let new: Vec<Change> = changes.into_iter().filter(|change| change.rev > told).collect();
        if new.len() as i64 == to.0 - told.0 {
            new.into_iter().for_each(|change| _ = self.offer(room, change, None));
            return;
        }
        if to > told {
            listened.skip_to(room, to);
        }
        for change in &new {
            if let Row::Member(member) = &change.row
                && member.left
            {
                self.removed(room, member.user.id, RemovedReason::Removed);
            }
        }
    }
}
