//! A valid history, and helpers to corrupt it.

use std::sync::Arc;

use shared::{
    ids::{Seq, UserId},
    messages::Message,
};

use super::model::{Model, READERS, SendResult};
use crate::{
    checker::{Anomaly, check},
    history::{ChangedRow, Entry, Event, History, NodeState, ReaderState},
};

/// A message of user 1 that is neither edited nor deleted.
pub(super) const PLAIN: i64 = 1;
/// A message that is edited once.
pub(super) const EDITED: i64 = 3;
/// A message that is deleted.
pub(super) const DELETED: i64 = 4;
/// A message that gets a reaction.
pub(super) const REACTED: i64 = 6;

pub(super) fn valid_history() -> Vec<Entry> {
    let mut model = Model::new();
    for user in [1, 1, 2, 2, 1, 2] {
        model.send(UserId(user), SendResult::Acked);
        (0..READERS).for_each(|nth| model.deliver(nth, 1));
    }
    model.edit_or_delete(EDITED as usize - 1, false, true);
    model.react(REACTED as usize - 1, true);
    model.edit_or_delete(DELETED as usize - 1, true, true);
    (0..READERS).for_each(|nth| model.ping(nth));
    model.wait(1_500_000);
    model.connect(0);
    model.toggle_guest();
    model.wait(2_500_000);
    for result in [SendResult::Acked, SendResult::AckLost, SendResult::Unavailable { stored: true }]
    {
        model.send(UserId(2), result);
    }
    (0..READERS).for_each(|nth| model.ping(nth));
    model.wait(500_000);
    model.toggle_guest();
    model.send(UserId(1), SendResult::Acked);
    model.finish().0
}

/// Corrupts the valid history and asserts that the checker finds this anomaly, with these words in
/// its detail.
#[track_caller]
pub(super) fn assert_finds(anomaly: Anomaly, words: &str, corrupt: impl FnOnce(&mut Vec<Entry>)) {
    let mut entries = valid_history();
    corrupt(&mut entries);
    let violations = check(&History(entries));
    let is_found =
        violations.iter().any(|found| found.anomaly == anomaly && found.detail.contains(words));
    assert!(is_found, "{anomaly} ({words}) is not in {violations:#?}");
}

/// The index of the first entry that matches.
pub(super) fn find(entries: &[Entry], matches: impl Fn(&Entry) -> bool) -> usize {
    entries.iter().position(matches).expect("an entry that matches")
}

/// Inserts an entry with the time of the entry before it.
pub(super) fn insert(entries: &mut Vec<Entry>, at: usize, process: u32, event: Event) {
    let at_us = entries[at - 1].at_us;
    entries.insert(at, Entry { at_us, process, event });
}

/// The index of the first entry that delivers a message to a reader.
pub(super) fn find_change(entries: &[Entry], process: u32, seq: i64) -> usize {
    find(entries, |entry| match &entry.event {
        Event::Change { row: ChangedRow::Message(message), .. } => {
            entry.process == process && message.seq == Seq(seq)
        }
        _ => false,
    })
}

/// The last ack of a message: the index of its entry, and the message.
pub(super) fn find_ack(entries: &[Entry], seq: i64) -> (usize, Arc<Message>) {
    let mut acks = entries.iter().enumerate().rev().filter_map(|(at, entry)| match &entry.event {
        Event::Ack { message, .. } if message.seq == Seq(seq) => Some((at, message.clone())),
        _ => None,
    });
    acks.next().expect("an ack")
}

/// The final states of the nodes.
pub(super) fn node_states(entries: &mut [Entry]) -> Vec<&mut NodeState> {
    let states = entries.iter_mut().filter_map(|entry| match &mut entry.event {
        Event::NodeState(state) => Some(Arc::make_mut(state)),
        _ => None,
    });
    states.collect()
}

/// The first final state of a reader.
pub(super) fn first_reader_state(entries: &mut [Entry]) -> &mut ReaderState {
    let mut states = entries.iter_mut().filter_map(|entry| match &mut entry.event {
        Event::ReaderState(state) => Some(Arc::make_mut(state)),
        _ => None,
    });
    states.next().expect("the state of a reader")
}

/// Changes every observed state of every message, except those in pages.
pub(super) fn for_each_message(entries: &mut [Entry], change: impl Fn(&mut Message)) {
    for entry in entries {
        match &mut entry.event {
            Event::Ack { message, .. }
            | Event::Edited { message }
            | Event::Reacted { message }
            | Event::Change { row: ChangedRow::Message(message), .. } => {
                change(Arc::make_mut(message))
            }
            Event::NodeState(state) => {
                let state = Arc::make_mut(state);
                state.messages.iter_mut().for_each(|message| change(Arc::make_mut(message)));
                state.messages.sort_by_key(|message| message.seq);
            }
            _ => {}
        }
    }
}

/// Sends a message once more at the end; `change` alters the acknowledged message.
pub(super) fn resend(entries: &mut Vec<Entry>, seq: i64, change: impl Fn(&mut Message)) {
    let (at, mut message) = find_ack(entries, seq);
    let client_id = message.client_id;
    change(Arc::make_mut(&mut message));
    let is_attempt = |entry: &Entry| match &entry.event {
        Event::Send { draft, .. } => draft.client_id == client_id,
        _ => false,
    };
    let send = entries[find(entries, is_attempt)].event.clone();
    let (process, end) = (entries[at].process, entries.len());
    insert(entries, end, process, send);
    insert(entries, end + 1, process, Event::Ack { client_id, message });
}
