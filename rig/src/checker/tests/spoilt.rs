//! One honest history, to be spoilt in one place at a time, and the tools for that.

use std::sync::Arc;

use shared::{
    ids::{Seq, UserId},
    messages::Message,
};

use super::model::{Fate, READERS, World};
use crate::{
    checker::{Kind, check},
    history::{Entry, Event, Final, Fold, History, Seen},
};

/// Of user 1, and nothing else happens to it.
pub(super) const PLAIN: i64 = 1;
pub(super) const EDITED: i64 = 3;
pub(super) const DELETED: i64 = 4;

pub(super) fn honest() -> Vec<Entry> {
    let mut world = World::new();
    for user in [1, 1, 2, 2, 1, 2] {
        world.say(UserId(user), Fate::Acked);
        (0..READERS).for_each(|nth| world.deliver(nth, 1));
    }
    world.rewrite(EDITED as usize - 1, false, true);
    world.rewrite(DELETED as usize - 1, true, true);
    (0..READERS).for_each(|nth| world.echo(nth));
    world.wait(1_500_000);
    world.connect(0);
    world.move_guest();
    world.wait(2_500_000);
    for fate in [Fate::Acked, Fate::AckLost, Fate::Busy { stored: true }] {
        world.say(UserId(2), fate);
    }
    (0..READERS).for_each(|nth| world.echo(nth));
    world.wait(500_000);
    world.move_guest();
    world.say(UserId(1), Fate::Acked);
    world.finish().0
}

/// Spoils the honest history; the checker must find this kind, in these words.
#[track_caller]
pub(super) fn spoilt(kind: Kind, says: &str, spoil: impl FnOnce(&mut Vec<Entry>)) {
    let mut entries = honest();
    spoil(&mut entries);
    let violations = check(&History(entries));
    let is_found = violations.iter().any(|found| found.kind == kind && found.detail.contains(says));
    assert!(is_found, "{kind} ({says}) is not in {violations:#?}");
}

/// The first entry of its sort.
pub(super) fn find(entries: &[Entry], is_it: impl Fn(&Entry) -> bool) -> usize {
    entries.iter().position(is_it).expect("such an entry")
}

/// Puts a step in, at the time of the one before it.
pub(super) fn insert(entries: &mut Vec<Entry>, at: usize, process: u32, event: Event) {
    let at_us = entries[at - 1].at_us;
    entries.insert(at, Entry { at_us, process, event });
}

/// Where a reader got a message (for the first time).
pub(super) fn seen(entries: &[Entry], process: u32, seq: i64) -> usize {
    find(entries, |entry| match &entry.event {
        Event::Change { row: Seen::Message(message), .. } => {
            entry.process == process && message.seq == Seq(seq)
        }
        _ => false,
    })
}

/// Where a message was acknowledged, and how.
pub(super) fn acked(entries: &[Entry], seq: i64) -> (usize, Arc<Message>) {
    let mut acks = entries.iter().enumerate().rev().filter_map(|(at, entry)| match &entry.event {
        Event::Ack { message, .. } if message.seq == Seq(seq) => Some((at, message.clone())),
        _ => None,
    });
    acks.next().expect("an ack")
}

pub(super) fn finals(entries: &mut [Entry]) -> Vec<&mut Final> {
    let finals = entries.iter_mut().filter_map(|entry| match &mut entry.event {
        Event::Final(last) => Some(Arc::make_mut(last)),
        _ => None,
    });
    finals.collect()
}

pub(super) fn fold(entries: &mut [Entry]) -> &mut Fold {
    let mut folds = entries.iter_mut().filter_map(|entry| match &mut entry.event {
        Event::Fold(fold) => Some(Arc::make_mut(fold)),
        _ => None,
    });
    folds.next().expect("a fold")
}

/// Every message that anybody saw, as one state each.
pub(super) fn everywhere(entries: &mut [Entry], change: impl Fn(&mut Message)) {
    for entry in entries {
        match &mut entry.event {
            Event::Ack { message, .. }
            | Event::Edited { message }
            | Event::Change { row: Seen::Message(message), .. } => change(Arc::make_mut(message)),
            Event::Final(last) => {
                let last = Arc::make_mut(last);
                last.messages.iter_mut().for_each(|message| change(Arc::make_mut(message)));
                last.messages.sort_by_key(|message| message.seq);
            }
            _ => {}
        }
    }
}

/// The same text said once more at the end.
pub(super) fn again(entries: &mut Vec<Entry>, seq: i64, change: impl Fn(&mut Message)) {
    let (at, mut message) = acked(entries, seq);
    let client_id = message.client_id;
    change(Arc::make_mut(&mut message));
    let is_attempt = |entry: &Entry| match &entry.event {
        Event::Send { said, .. } => said.client_id == client_id,
        _ => false,
    };
    let send = entries[find(entries, is_attempt)].event.clone();
    let (process, end) = (entries[at].process, entries.len());
    insert(entries, end, process, send);
    insert(entries, end + 1, process, Event::Ack { client_id, message });
}
