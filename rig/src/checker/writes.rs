//! What became of what was written: lost, doubled, answered differently, read without being written.

use std::collections::HashMap;

use shared::{
    ids::{ClientId, Seq},
    messages::Message,
};

use super::{
    Found, Kind,
    facts::{Facts, Move, Saying},
};
use crate::history::Event;

pub fn check(facts: &Facts, found: &mut Found) {
    for saying in facts.sayings.values() {
        lost(facts, saying, found);
        unstable(facts, saying, found);
    }
    edits_lost(facts, found);
    moves_lost(facts, found);
    doubled(facts, found);
    aborted(facts, found);
}

/// A message acknowledged, and not in every final state.
fn lost(facts: &Facts, saying: &Saying, found: &mut Found) {
    let Some(ack) = saying.acks().next() else { return };
    for (at, last) in facts.finals.get(&saying.said.room).into_iter().flatten() {
        let id = saying.said.client_id;
        // Almost always at the place that the ack named.
        let place = place_of(facts, ack).and_then(|seq| last.messages.get(seq.0 as usize - 1));
        let is_there = place.is_some_and(|message| message.client_id == id)
            || last.messages.iter().any(|message| message.client_id == id);
        if !is_there {
            let (node, room) = (last.node, last.room);
            let detail = format!("{id} was acknowledged; node {node} does not have it in {room}");
            found.add(Kind::LostWrite, [ack, *at], detail);
        }
    }
}

fn place_of(facts: &Facts, ack: usize) -> Option<Seq> {
    acked(facts, ack).map(|message| message.seq).filter(|seq| seq.0 > 0)
}

fn acked<'h>(facts: &Facts<'h>, ack: usize) -> Option<&'h Message> {
    match &facts.entries[ack].event {
        Event::Ack { message, .. } => Some(message),
        _ => None,
    }
}

/// The acks of one message name one message, and the final state has it.
fn unstable(facts: &Facts, saying: &Saying, found: &mut Found) {
    let mut acks = saying.acks().filter_map(|at| Some((at, acked(facts, at)?)));
    let Some((first, message)) = acks.next() else { return };
    let id = saying.said.client_id;
    if message.client_id != id {
        let detail = format!("the ack of {id} carries {}", message.client_id);
        found.add(Kind::UnstableAck, [first], detail);
    }
    for (at, other) in acks {
        if !is_same(message, other) {
            let [one, two] = [message, other].map(|m| format!("{} at {}", m.id, m.seq));
            let detail = format!("{id} was acknowledged as {one} and as {two}");
            found.add(Kind::UnstableAck, [first, at], detail);
        }
    }
    for (at, last) in facts.finals.get(&saying.said.room).into_iter().flatten() {
        let place = last.messages.get((message.seq.0 - 1) as usize);
        let Some(kept) = place.filter(|kept| kept.client_id == id) else { continue };
        let is_kept = is_same(message, kept) && kept.rev >= message.rev;
        if !is_kept || (kept.rev == message.rev && **kept != *message) {
            let (seq, node) = (message.seq, last.node);
            let detail =
                format!("{id} was acknowledged at {seq} otherwise than node {node} has it");
            found.add(Kind::UnstableAck, [first, *at], detail);
        }
    }
}

/// The same message, perhaps at different stages of its life.
fn is_same(one: &Message, two: &Message) -> bool {
    let fixed = |m: &Message| (m.id, m.room, m.seq, m.user.id, m.client_id, m.reply_to);
    fixed(one) == fixed(two) && one.created_at == two.created_at
}

/// An edit or a deletion acknowledged, and not in every final state.
fn edits_lost(facts: &Facts, found: &mut Found) {
    for (at, last) in facts.finals.values().flatten() {
        for message in &last.messages {
            let place = (message.room, message.seq);
            let edits = facts.edits.get(&place).into_iter().flatten();
            for edit in edits.filter_map(|(_, step)| step.done()) {
                let Event::Edited { message: edited } = &facts.entries[edit].event else {
                    continue;
                };
                if edited.rev > message.rev {
                    let detail = format!("the edit of {} is not at node {}", place.1, last.node);
                    found.add(Kind::LostWrite, [edit, *at], detail);
                }
            }
            let deletes = facts.deletes.get(&place).into_iter().flatten();
            if let Some(delete) = deletes.filter_map(|step| step.done()).next()
                && message.deleted_at.is_none()
            {
                let detail = format!("the deletion of {} is not at node {}", place.1, last.node);
                found.add(Kind::LostWrite, [delete, *at], detail);
            }
        }
    }
}

/// Whoever was put out last is out, whoever came in last is in; where every step is known.
fn moves_lost(facts: &Facts, found: &mut Found) {
    for ((room, user), moves) in &facts.moves {
        let Some(Move { is_join, step }) = moves.last() else { continue };
        let is_known = moves.iter().all(|moved| moved.step.done().is_some());
        let Some(done) = step.done().filter(|_| is_known) else { continue };
        for (at, last) in facts.finals.get(room).into_iter().flatten() {
            if last.members.iter().any(|member| member.user.id == *user) != *is_join {
                let what = if *is_join { "joined" } else { "removed" };
                let detail = format!("{user} {what}: not so at node {} in {room}", last.node);
                found.add(Kind::LostWrite, [done, *at], detail);
            }
        }
    }
}

/// One name, two numbers.
fn doubled(facts: &Facts, found: &mut Found) {
    let mut places: HashMap<ClientId, (usize, &Message)> = HashMap::new();
    for (at, message) in &facts.states {
        let (first, held) = places.entry(message.client_id).or_insert((*at, message));
        if (held.room, held.seq) != (message.room, message.seq) {
            let (id, one, two) = (message.client_id, held.seq, message.seq);
            let detail = format!("{id} is both {one} and {two} of room {}", message.room);
            found.add(Kind::Duplicate, [*first, *at], detail);
        }
    }
    // A list that gives the very same row twice.
    for (at, last) in facts.finals.values().flatten() {
        let mut names: Vec<_> = last.messages.iter().map(|message| message.client_id).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let detail = format!("node {} gives {} twice", last.node, pair[0]);
            found.add(Kind::Duplicate, [*at], detail);
        }
    }
}

/// A state that nobody wrote, or only in attempts that were refused for good.
fn aborted(facts: &Facts, found: &mut Found) {
    for (at, message) in &facts.states {
        let id = message.client_id;
        let Some(saying) = facts.sayings.get(&id) else {
            found.add(Kind::AbortedRead, [*at], format!("nobody sent {id}"));
            continue;
        };
        let said = saying.said;
        let is_said = (said.room, said.user) == (message.room, message.user.id)
            && saying.attempts.iter().any(|(_, _, step)| step.may_be_done());
        if !is_said || facts.made_us(message).is_none() {
            let asked = saying.attempts[0].2.asked;
            let what = if is_said { "reads as nobody wrote it" } else { "was refused" };
            let detail = format!("{id} at {} of room {} {what}", message.seq, message.room);
            found.add(Kind::AbortedRead, [asked, *at], detail);
        }
    }
}
