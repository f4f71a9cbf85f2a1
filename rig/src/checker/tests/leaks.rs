//! The checker finds content that the server sent after a removal or a delete.

use std::sync::Arc;

use shared::ids::Rev;

use super::{
    fixtures::*,
    model::{GUEST, READER, READERS, ROOM},
};
use crate::{
    checker::{Anomaly, check},
    history::{ChangedRow, Entry, Event, FaultPhase, History, RIG},
};

#[test]
fn leaks_after_removal_are_found() {
    let guest = READER + READERS as u32 - 1;
    // A change long after the removal, to another reader.
    let find_late_change = |entries: &[Entry]| find_change(entries, READER, 7);
    assert_finds(Anomaly::LeakAfterRemoval, "after it delivered removed", |entries| {
        let at = find_late_change(entries);
        let event = entries[at].event.clone();
        insert(entries, at, guest, event);
    });
    assert_finds(Anomaly::LeakAfterRemoval, "after their removal", |entries| {
        let at = find_late_change(entries);
        let event = entries[at].event.clone();
        insert(entries, at, guest, event);
        entries.retain(|entry| !matches!(entry.event, Event::LeftRoom { .. }));
    });
    assert_finds(Anomaly::LeakAfterRemoval, "after their removal", |entries| {
        let at = find_late_change(entries);
        let (_, message) = find_ack(entries, PLAIN);
        insert(entries, at, guest, Event::ReadPage { room: ROOM });
        let page = Event::Page { room: ROOM, as_of_rev: message.rev, messages: [message].into() };
        insert(entries, at + 1, guest, page);
    });
    assert_finds(Anomaly::LeakAfterRemoval, "found messages of room", |entries| {
        let at = find_late_change(entries);
        let messages = [find_ack(entries, PLAIN).1].into();
        insert(entries, at, guest, Event::Search);
        insert(entries, at + 1, guest, Event::Hits { messages });
    });
    assert_finds(Anomaly::LeakAfterRemoval, "after it delivered removed", |entries| {
        let at = find_late_change(entries);
        insert(entries, at, guest, Event::Presence { room: ROOM });
    });
    assert_finds(Anomaly::LeakAfterRemoval, "after their removal", |entries| {
        let (at, user, room) = (find_late_change(entries), GUEST, ROOM);
        insert(entries, at, guest, Event::Connect { node: 1, user });
        insert(entries, at + 1, guest, Event::Subscribe { room, after_rev: Rev(0) });
        let rev = Rev(0);
        insert(entries, at + 2, guest, Event::Subscribed { room, rev });
    });
}

/// A slow reader subscribed twice before the removal and receives `removed` after joining again.
#[test]
fn the_reply_to_an_earlier_subscription_after_a_rejoin_is_no_leak() {
    let guest = READER + READERS as u32 - 1;
    let mut entries = valid_history();
    let is_subscribe = |event: &Event| matches!(event, Event::Subscribe { .. });
    let subscribe_at =
        entries.iter().rposition(|e| e.process == guest && is_subscribe(&e.event)).unwrap();
    let subscribe = entries.remove(subscribe_at).event;
    let is_removed = |entry: &Entry| matches!(entry.event, Event::LeftRoom { .. });
    let removed_at = find(&entries, is_removed);
    let subscribed = Event::Subscribed { room: ROOM, rev: Rev(0) };
    for event in [subscribed, subscribe.clone(), subscribe] {
        insert(&mut entries, removed_at, guest, event);
    }
    assert_eq!(check(&History(entries.clone())), []);
    // Without the join it is a leak.
    entries.retain(|entry| !matches!(entry.event, Event::Join { .. }));
    let found = check(&History(entries));
    assert!(
        found.iter().any(|found| found.detail.contains("after it delivered removed")),
        "{found:#?}"
    );
}

#[test]
fn leaks_after_delete_are_found() {
    let deleted_text = |entries: &[Entry]| {
        let message = find_ack(entries, DELETED).1;
        Event::Change { room: ROOM, rev: message.rev, row: ChangedRow::Message(message) }
    };
    assert_finds(Anomaly::LeakAfterDelete, "sent after", |entries| {
        let event = deleted_text(entries);
        let connects =
            |entry: &Entry| entry.process == READER && matches!(entry.event, Event::Connect { .. });
        let at = entries.iter().rposition(connects).unwrap();
        insert(entries, at + 3, READER, event);
    });
    assert_finds(Anomaly::LeakAfterDelete, "with or after its tombstone", |entries| {
        let event = deleted_text(entries);
        let tombstone = find(entries, |entry| match &entry.event {
            Event::Change { row: ChangedRow::Message(message), .. } => message.deleted_at.is_some(),
            _ => false,
        });
        let process = entries[tombstone].process;
        insert(entries, tombstone + 1, process, event);
    });
    assert_finds(Anomaly::LeakAfterDelete, "sent after", |entries| {
        resend(entries, DELETED, |_| ())
    });
    assert_finds(Anomaly::LeakAfterDelete, "sent after", |entries| {
        let content = find_ack(entries, DELETED).1.content.clone();
        for state in node_states(entries) {
            Arc::make_mut(&mut state.messages[DELETED as usize - 1]).content = content.clone();
        }
    });
}

/// A frame that comes after the reply to a late ping was sent late. With a fault that is not
/// certain, because a paused process sends frames that it composed before.
#[test]
fn a_ping_proves_that_a_frame_is_late_unless_a_fault_was_active() {
    let guest = READER + READERS as u32 - 1;
    let insert_late_frame = |entries: &mut Vec<Entry>, process: u32, seq: i64| {
        let (at, message) = (find_change(entries, READER, 7), find_ack(entries, seq).1);
        let pinged_us = entries[at].at_us - 1;
        let (rev, row) = (message.rev, ChangedRow::Message(message));
        insert(entries, at, process, Event::Pong { pinged_us });
        insert(entries, at + 1, process, Event::Change { room: ROOM, rev, row });
        entries.retain(|entry| match &entry.event {
            Event::LeftRoom { .. } => false,
            Event::Change { row: ChangedRow::Message(message), .. } => {
                entry.process != process || message.deleted_at.is_none()
            }
            _ => true,
        });
    };
    assert_finds(Anomaly::LeakAfterRemoval, "after their removal", |entries| {
        insert_late_frame(entries, guest, PLAIN)
    });
    assert_finds(Anomaly::LeakAfterDelete, "sent after", |entries| {
        insert_late_frame(entries, READER + 1, DELETED)
    });
    for (process, seq) in [(guest, PLAIN), (READER + 1, DELETED)] {
        let mut entries = valid_history();
        insert_late_frame(&mut entries, process, seq);
        let (name, phase) = ("paused".to_owned(), FaultPhase::Begin);
        insert(&mut entries, 1, RIG, Event::Fault { name, phase });
        let violations = check(&History(entries));
        let is_leak = |kind| matches!(kind, Anomaly::LeakAfterRemoval | Anomaly::LeakAfterDelete);
        assert!(!violations.iter().any(|found| is_leak(found.anomaly)), "{violations:#?}");
    }
}
