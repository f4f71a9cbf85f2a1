//! Leak after delete.
//!
//! Text that is sent more than a second after its deletion was acknowledged is a leak; the second
//! is for what was on its way. An answer to a request (a page, an ack) counts as sent after the
//! request. A frame counts as sent after its socket was opened, and after its tombstone came on the
//! same socket; and after an echo that was asked for before it, while nothing is broken: a process
//! that was frozen sends what it composed before. What the nodes give at the end came after
//! everything. A tombstone never has text.

use shared::messages::Message;

use super::{Found, Kind, facts::Facts, walk::Link};
use crate::history::{Event, Seen};

/// How long what is on its way may still come, in microseconds.
const ALLOWANCE_US: u64 = 1_000_000;

/// Judges what comes without a socket of its own: answers to writes, and final states.
pub fn judge_answers(facts: &Facts, at: usize, found: &mut Found) {
    match &facts.entries[at].event {
        Event::Ack { client_id, message } if has_text(message) => {
            let saying = facts.sayings.get(client_id);
            let attempts = saying.into_iter().flat_map(|saying| &saying.attempts);
            let mut asked = attempts.filter(|(.., step)| step.done() == Some(at));
            if let Some((.., step)) = asked.next() {
                let sent_us = facts.entries[step.asked].at_us;
                leak_if_after(facts, at, message, sent_us, found);
            }
        }
        Event::Final(last) => {
            let texts = last.messages.iter().filter(|message| has_text(message));
            texts.for_each(|message| leak_if_after(facts, at, message, u64::MAX, found));
        }
        _ => {}
    }
}

pub fn judge(facts: &Facts, at: usize, link: &mut Link, found: &mut Found) {
    let entry = &facts.entries[at];
    match &entry.event {
        Event::Change { room, row: Seen::Message(message), .. } => {
            let place = (*room, message.seq);
            if message.deleted_at.is_some() {
                link.tombstones.insert(place);
            }
            if !has_text(message) {
                return;
            }
            if link.tombstones.contains(&place) {
                let detail = format!("text of {} of {room} came with or after its end", place.1);
                found.add(Kind::LeakAfterDelete, [at], detail);
            }
            let calm = |gone: u64| facts.is_calm(entry.process, gone, entry.at_us);
            let echoed = facts.deleted_us(place).filter(|gone| calm(*gone));
            let sent_us = link.opened_us.max(echoed.map_or(0, |_| link.echoed_us));
            leak_if_after(facts, at, message, sent_us, found);
        }
        Event::Page { room, messages, .. } => {
            let asked_us = link.asked_us.get(room).copied().unwrap_or(0);
            let texts = messages.iter().filter(|message| has_text(message));
            texts.for_each(|message| leak_if_after(facts, at, message, asked_us, found));
        }
        _ => {}
    }
}

fn has_text(message: &Message) -> bool {
    !message.content.is_empty()
}

fn leak_if_after(facts: &Facts, at: usize, message: &Message, sent_us: u64, found: &mut Found) {
    let place = (message.room, message.seq);
    if let Some(gone) = facts.deleted_us(place)
        && sent_us > gone.saturating_add(ALLOWANCE_US)
    {
        let detail = format!("text of {} of room {} was sent after its deletion", place.1, place.0);
        found.add(Kind::LeakAfterDelete, [at], detail);
    }
}
