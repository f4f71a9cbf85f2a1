//! Histories in which something is shown that must not be.

use std::sync::Arc;

use shared::ids::Rev;

use super::{
    model::{GUEST, READER, READERS, ROOM},
    spoilt::*,
};
use crate::{
    checker::{Kind, check},
    history::{Entry, Event, History, Phase, RIG, Seen},
};

#[test]
fn leaks_after_removal() {
    let guest = READER + READERS as u32 - 1;
    // Said long after the removal; another reader got it.
    let late = |entries: &[Entry]| seen(entries, READER, 7);
    spoilt(Kind::LeakAfterRemoval, "was told", |entries| {
        let at = late(entries);
        let event = entries[at].event.clone();
        insert(entries, at, guest, event);
    });
    spoilt(Kind::LeakAfterRemoval, "put out of it", |entries| {
        let at = late(entries);
        let event = entries[at].event.clone();
        insert(entries, at, guest, event);
        entries.retain(|entry| !matches!(entry.event, Event::OutOf { .. }));
    });
    spoilt(Kind::LeakAfterRemoval, "put out of it", |entries| {
        let at = late(entries);
        let (_, message) = acked(entries, PLAIN);
        insert(entries, at, guest, Event::Read { room: ROOM });
        let page = Event::Page { room: ROOM, as_of_rev: message.rev, messages: [message].into() };
        insert(entries, at + 1, guest, page);
    });
    spoilt(Kind::LeakAfterRemoval, "put out of it", |entries| {
        let (at, user, room) = (late(entries), GUEST, ROOM);
        insert(entries, at, guest, Event::Connect { node: 1, user });
        insert(entries, at + 1, guest, Event::Subscribe { room, after_rev: Rev(0) });
        let rev = Rev(0);
        insert(entries, at + 2, guest, Event::Subscribed { room, rev });
    });
}

/// A slow reader has asked twice when they are put out, hears of it late, and is in again by then.
#[test]
fn what_was_asked_for_before_is_answered() {
    let guest = READER + READERS as u32 - 1;
    let mut entries = honest();
    let is_asking = |event: &Event| matches!(event, Event::Subscribe { .. });
    let asks = entries.iter().rposition(|e| e.process == guest && is_asking(&e.event)).unwrap();
    let asked = entries.remove(asks).event;
    let told = |entry: &Entry| matches!(entry.event, Event::OutOf { .. });
    let out = find(&entries, told);
    let subscribed = Event::Subscribed { room: ROOM, rev: Rev(0) };
    for event in [subscribed, asked.clone(), asked] {
        insert(&mut entries, out, guest, event);
    }
    assert_eq!(check(&History(entries.clone())), []);
    // Nobody has asked for them to come in again.
    entries.retain(|entry| !matches!(entry.event, Event::Join { .. }));
    let found = check(&History(entries));
    assert!(found.iter().any(|found| found.detail.contains("was told")), "{found:#?}");
}

#[test]
fn leaks_after_delete() {
    let text = |entries: &[Entry]| {
        let message = acked(entries, DELETED).1;
        Event::Change { room: ROOM, rev: message.rev, row: Seen::Message(message) }
    };
    spoilt(Kind::LeakAfterDelete, "sent after", |entries| {
        let event = text(entries);
        let connects =
            |entry: &Entry| entry.process == READER && matches!(entry.event, Event::Connect { .. });
        let at = entries.iter().rposition(connects).unwrap();
        insert(entries, at + 3, READER, event);
    });
    spoilt(Kind::LeakAfterDelete, "with or after its end", |entries| {
        let event = text(entries);
        let gone = find(entries, |entry| match &entry.event {
            Event::Change { row: Seen::Message(message), .. } => message.deleted_at.is_some(),
            _ => false,
        });
        let process = entries[gone].process;
        insert(entries, gone + 1, process, event);
    });
    spoilt(Kind::LeakAfterDelete, "sent after", |entries| again(entries, DELETED, |_| ()));
    spoilt(Kind::LeakAfterDelete, "sent after", |entries| {
        let content = acked(entries, DELETED).1.content.clone();
        for last in finals(entries) {
            Arc::make_mut(&mut last.messages[DELETED as usize - 1]).content = content.clone();
        }
    });
}

/// What a socket brings after an echo that was asked for late left the server late; unless
/// something was broken, and a frozen process sent what it had in hand.
#[test]
fn echoes_tell_what_is_late() {
    let guest = READER + READERS as u32 - 1;
    let late = |entries: &mut Vec<Entry>, process: u32, seq: i64| {
        let (at, message) = (seen(entries, READER, 7), acked(entries, seq).1);
        let asked_us = entries[at].at_us - 1;
        let (rev, row) = (message.rev, Seen::Message(message));
        insert(entries, at, process, Event::Pong { asked_us });
        insert(entries, at + 1, process, Event::Change { room: ROOM, rev, row });
        entries.retain(|entry| match &entry.event {
            Event::OutOf { .. } => false,
            Event::Change { row: Seen::Message(message), .. } => {
                entry.process != process || message.deleted_at.is_none()
            }
            _ => true,
        });
    };
    spoilt(Kind::LeakAfterRemoval, "put out of it", |entries| late(entries, guest, PLAIN));
    spoilt(Kind::LeakAfterDelete, "sent after", |entries| late(entries, READER + 1, DELETED));
    for (process, seq) in [(guest, PLAIN), (READER + 1, DELETED)] {
        let mut entries = honest();
        late(&mut entries, process, seq);
        let (name, phase) = ("frozen".to_owned(), Phase::Begin);
        insert(&mut entries, 1, RIG, Event::Fault { name, phase });
        let violations = check(&History(entries));
        let is_leak = |kind| matches!(kind, Kind::LeakAfterRemoval | Kind::LeakAfterDelete);
        assert!(!violations.iter().any(|found| is_leak(found.kind)), "{violations:#?}");
    }
}
