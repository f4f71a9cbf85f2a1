//! Leak after delete.
//!
//! Text that the server sends more than 1 s after it acknowledged the delete is a leak; the second
//! covers text in transit. A reply to a request (a page, an ack) left the server after the request. A
//! frame left the server after its socket was opened, and after the tombstone that the same socket
//! delivered. Without a fault it also left after the last answered ping; a process that was paused
//! sends what it composed before. The final states of the nodes come after everything. A tombstone
//! never has text.

use shared::messages::Message;

use super::{Anomaly, Violations, connection::Connection, index::Index};
use crate::history::{ChangedRow, Event};

/// How long text may be in transit, in microseconds.
const TRANSIT_US: u64 = 1_000_000;

/// Checks acks and final states, which need no connection.
pub fn check_replies(index: &Index, at: usize, violations: &mut Violations) {
    match &index.entries[at].event {
        Event::Ack { client_id, message } if has_text(message) => {
            let sends = index.sends.get(client_id);
            let mut operations =
                sends.into_iter().flat_map(|sends| &sends.attempts).map(|a| a.operation);
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

pub fn check(index: &Index, at: usize, connection: &mut Connection, violations: &mut Violations) {
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
            let is_undisturbed =
                |deleted: u64| index.is_undisturbed(entry.process, deleted, entry.at_us);
            let pinged = index.deleted_us(key).filter(|deleted| is_undisturbed(*deleted));
            let pinged_us = pinged.map_or(0, |_| connection.pinged_us);
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
    !message.content.is_empty()
}

/// Checks text that left the server at `sent_us` or later.
fn check_text(
    index: &Index,
    at: usize,
    message: &Message,
    sent_us: u64,
    violations: &mut Violations,
) {
    let (room, seq) = (message.room, message.seq);
    if let Some(deleted) = index.deleted_us((room, seq))
        && sent_us > deleted.saturating_add(TRANSIT_US)
    {
        let detail = format!("text of {seq} of room {room} was sent after its deletion");
        violations.add(Anomaly::LeakAfterDelete, [at], detail);
    }
}
