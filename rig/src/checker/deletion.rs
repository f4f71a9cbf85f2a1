//! Leak after delete: the server sends the text or the reactions of a deleted message.
//!
//! Text that the server sends more than 1 s after it acknowledged the delete is a leak; the second
//! covers text in transit. The time of sending has lower bounds: the server sent a reply (a page,
//! an ack) after the request, and a frame after its socket was opened and after any tombstone that
//! the socket delivered before. Without a fault it also sent the frame after the last answered
//! ping; after a pause, a process sends frames that it composed before. The rig reads the
//! final states of the nodes after all deletes. A tombstone never has text.

use shared::messages::Message;

use super::{Anomaly, Violations, connection::Connection, index::HistoryIndex};
use crate::history::{ChangedRow, Event};

/// How long text may be in transit, in microseconds.
const TRANSIT_US: u64 = 1_000_000;

/// Checks acks and final states, which need no connection.
pub fn check_replies(index: &HistoryIndex, at: usize, violations: &mut Violations) {
    match &index.entries[at].event {
        Event::Ack { client_id, message } if has_text(message) => {
            let sent = index.sent_messages.get(client_id);
            let mut operations =
                sent.into_iter().flat_map(|sent| &sent.attempts).map(|a| a.operation);
            if let Some(operation) = operations.find(|operation| operation.ok() == Some(at)) {
                let sent_us = index.entries[operation.invoked].at_us;
                check_text(index, at, message, sent_us, violations);
            }
        }
        Event::NodeState(state) => {
            let texts = state.messages.iter().filter(|message| has_text(message));
            texts.for_each(|message| check_text(index, at, message, u64::MAX, violations));
        }
        _ => {}
    }
}

/// Checks changes and pages, whose time of sending the connection bounds.
pub fn check(
    index: &HistoryIndex,
    at: usize,
    connection: &mut Connection,
    violations: &mut Violations,
) {
    let entry = &index.entries[at];
    match &entry.event {
        Event::Change { room, row: ChangedRow::Message(message), .. } => {
            let key = (*room, message.seq);
            if message.deleted_at.is_some() {
                connection.tombstones.insert(key);
            }
            if !has_text(message) {
                return;
            }
            if connection.tombstones.contains(&key) {
                let detail =
                    format!("text of {} of {room} came with or after its tombstone", key.1);
                violations.add(Anomaly::LeakAfterDelete, [at], detail);
            }
            let is_undisturbed_since =
                |us: &u64| index.is_undisturbed(entry.process, *us, entry.at_us);
            let undisturbed = index.delete_acked_us(key).filter(is_undisturbed_since);
            let pinged_us = undisturbed.map_or(0, |_| connection.pinged_us);
            check_text(index, at, message, connection.opened_us.max(pinged_us), violations);
        }
        Event::Page { room, messages, .. } => {
            let requested_us = connection.page_requested_us.get(room).copied().unwrap_or(0);
            let texts = messages.iter().filter(|message| has_text(message));
            texts.for_each(|message| check_text(index, at, message, requested_us, violations));
        }
        _ => {}
    }
}

fn has_text(message: &Message) -> bool {
    !message.content.is_empty() || !message.reactions.is_empty()
}

/// Checks text that the server sent at `sent_us` or later.
fn check_text(
    index: &HistoryIndex,
    at: usize,
    message: &Message,
    sent_us: u64,
    violations: &mut Violations,
) {
    let (room, seq) = (message.room, message.seq);
    if let Some(acked_us) = index.delete_acked_us((room, seq))
        && sent_us > acked_us.saturating_add(TRANSIT_US)
    {
        let detail = format!("text of {seq} of room {room} was sent after its deletion");
        violations.add(Anomaly::LeakAfterDelete, [at], detail);
    }
}
