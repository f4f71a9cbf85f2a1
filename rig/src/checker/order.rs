//! One order: numbers are dense, mean one thing each, the same at every node, and leave a sender's
//! own messages in the order of sending.

use std::collections::HashMap;

use shared::ids::{Rev, RoomId, Seq, UserId};

use super::{
    Found, Kind,
    facts::{Facts, Place, Saying},
};
use crate::history::{Door, Event, Final, Seen, digest};

pub fn check(facts: &Facts, found: &mut Found) {
    places(facts, found);
    numbers(facts, found);
    for (room, finals) in &facts.finals {
        for (at, last) in finals {
            dense(*room, *at, last, found);
        }
        if let Some(((first, one), others)) = finals.split_first() {
            others.iter().for_each(|(at, two)| agree((*first, one), (*at, two), found));
        }
    }
    senders(facts, found);
}

/// One `seq`, one message.
fn places(facts: &Facts, found: &mut Found) {
    let mut held = HashMap::new();
    for (at, message) in &facts.states {
        let place: Place = (message.room, message.seq);
        let what = (message.id, message.client_id);
        let (first, known) = held.entry(place).or_insert((*at, what));
        if *known != what {
            let detail = format!("{} and {} are both {} of {}", known.1, what.1, place.1, place.0);
            found.add(Kind::InconsistentOffsets, [*first, *at], detail);
        }
    }
}

/// What a change's number stands for.
#[derive(Clone, Copy, PartialEq)]
enum Meaning {
    Message(u64),
    Member(UserId, bool),
    Room,
}

/// One `rev`, one change.
fn numbers(facts: &Facts, found: &mut Found) {
    let mut held: HashMap<(RoomId, Rev), (usize, Meaning)> = HashMap::new();
    let mut mean = |at: usize, room: RoomId, rev: Rev, meaning: Meaning| {
        let (first, known) = held.entry((room, rev)).or_insert((at, meaning));
        if *known != meaning {
            let detail = format!("change {rev} of room {room} is two different ones");
            found.add(Kind::InconsistentOffsets, [*first, at], detail);
        }
    };
    for (at, message) in &facts.states {
        mean(*at, message.room, message.rev, Meaning::Message(digest(message)));
    }
    for (at, entry) in facts.entries.iter().enumerate() {
        let Event::Change { room, rev, row } = &entry.event else { continue };
        match row {
            // In place of a state that is no more, a later one may come.
            Seen::Message(message) if message.rev >= *rev => {}
            Seen::Message(message) => mean(at, *room, *rev, Meaning::Message(digest(message))),
            Seen::Member(member) => {
                mean(at, *room, *rev, Meaning::Member(member.user.id, member.left));
            }
            Seen::Room(_) => mean(at, *room, *rev, Meaning::Room),
        }
    }
}

/// 1, 2, 3 and so on to the last, which is the room's own.
fn dense(room: RoomId, at: usize, last: &Final, found: &mut Found) {
    let expected = (1..).map(Seq);
    let wrong = last.messages.iter().zip(expected).find(|(message, seq)| message.seq != *seq);
    let count = last.messages.len() as i64;
    let detail = if let Some((message, seq)) = wrong {
        format!("node {} has {} in place of {seq} in room {room}", last.node, message.seq)
    } else if Seq(count) != last.last_seq {
        format!("node {} has {count} messages and says {}", last.node, last.last_seq)
    } else if let Some(ahead) = last.messages.iter().find(|message| message.rev > last.last_rev) {
        format!("node {} has change {} and says {}", last.node, ahead.rev, last.last_rev)
    } else {
        return;
    };
    found.add(Kind::InconsistentOffsets, [at], detail);
}

/// Two nodes give the same.
fn agree(one: (usize, &Final), two: (usize, &Final), found: &mut Found) {
    let ((first, one), (at, two)) = (one, two);
    let pairs = one.messages.iter().zip(&two.messages);
    let detail = if let Some((message, _)) = pairs.clone().find(|(one, two)| one != two) {
        format!("they differ at {} of room {}", message.seq, one.room)
    } else if one.messages.len() != two.messages.len() {
        format!("one has {} messages, the other {}", one.messages.len(), two.messages.len())
    } else if (one.last_seq, one.last_rev) != (two.last_seq, two.last_rev) {
        format!("one is at {}, {}, the other not", one.last_seq, one.last_rev)
    } else if one.members != two.members {
        format!("they differ in the members of room {}", one.room)
    } else {
        return;
    };
    let detail = format!("nodes {} and {}: {detail}", one.node, two.node);
    found.add(Kind::InconsistentOffsets, [first, at], detail);
}

/// What one process sent by socket, one after the other, each acknowledged at the first attempt, has
/// ascending numbers. Where more attempts were needed, the first may have failed on its way and the
/// one behind it not, unknown to the sender.
fn senders(facts: &Facts, found: &mut Found) {
    let mut turns: HashMap<(u32, RoomId), Vec<(usize, usize)>> = HashMap::new();
    for saying in facts.sayings.values() {
        if let (Some(process), Some(ack)) = (only_process(saying), saying.acks().next()) {
            let turn = (saying.attempts[0].2.asked, ack);
            turns.entry((process, saying.said.room)).or_default().push(turn);
        }
    }
    for ((process, room), mut turns) in turns {
        turns.sort_unstable();
        let seq = |ack: usize| match &facts.entries[ack].event {
            Event::Ack { message, .. } => message.seq,
            _ => Seq(0),
        };
        for pair in turns.windows(2) {
            let [one, two] = [pair[0].1, pair[1].1];
            if seq(one) >= seq(two) {
                let detail = format!(
                    "process {process} sent {} of room {room} before {}",
                    seq(one),
                    seq(two)
                );
                found.add(Kind::InconsistentOffsets, [one, two], detail);
            }
        }
    }
}

fn only_process(saying: &Saying) -> Option<u32> {
    match saying.attempts[..] {
        [(process, Door::Socket, _)] => Some(process),
        _ => None,
    }
}
