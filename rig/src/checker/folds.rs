//! What readers held at the end, against what the nodes gave.

use std::collections::{BTreeSet, HashMap};

use shared::ids::RoomId;

use super::{Found, Kind, facts::Facts};
use crate::history::{Event, Final, Fold, digest};

pub fn check(facts: &Facts, found: &mut Found) {
    let mut wanted = HashMap::new();
    let mut acked: HashMap<RoomId, BTreeSet<i64>> = HashMap::new();
    for saying in facts.sayings.values() {
        for ack in saying.acks() {
            if let Event::Ack { message, .. } = &facts.entries[ack].event {
                acked.entry(message.room).or_default().insert(message.seq.0);
            }
        }
    }
    for (at, fold) in &facts.folds {
        let Some((last_at, last)) = facts.finals.get(&fold.room).and_then(|all| all.first()) else {
            continue;
        };
        let digests = || last.messages.iter().map(|message| digest(message)).collect();
        let digests: &Vec<u64> = wanted.entry(fold.room).or_insert_with(digests);
        let acked = acked.get(&fold.room);
        let is_acked = |seq: i64| acked.is_some_and(|acked| acked.contains(&seq));
        let process = facts.entries[*at].process;
        for (kind, detail) in compare(fold, last, digests, is_acked) {
            found.add(kind, [*at, *last_at], format!("reader {process} {detail}"));
        }
    }
    absent(facts, found);
}

fn compare(
    fold: &Fold,
    last: &Final,
    digests: &[u64],
    is_acked: impl Fn(i64) -> bool,
) -> Vec<(Kind, String)> {
    let mut found = Vec::new();
    let (mut unseen, mut other) = (Vec::new(), Vec::new());
    let length = digests.len().max(fold.digests.len());
    for nth in 0..length {
        let of = |all: &[u64]| all.get(nth).copied().unwrap_or(0);
        let (held, given) = (of(&fold.digests), of(digests));
        let seq = nth as i64 + 1;
        match held == given {
            true => {}
            false if held == 0 && is_acked(seq) => unseen.push(seq),
            false => other.push(seq),
        }
    }
    let room = fold.room;
    if !unseen.is_empty() {
        let detail = format!("never held {} of room {room}, acknowledged", listed(&unseen));
        found.push((Kind::Unseen, detail));
    }
    if !other.is_empty() {
        let detail = format!("held {} of room {room} otherwise", listed(&other));
        found.push((Kind::FoldMismatch, detail));
    }
    if fold.rev != last.last_rev {
        let detail = format!("ended at change {} of {} in {room}", fold.rev, last.last_rev);
        found.push((Kind::FoldMismatch, detail));
    }
    if fold.members != last.members {
        let who = |members: &[shared::rooms::Member]| {
            let who = members.iter().map(|m| format!("{} ({})", m.user.id, m.rev));
            who.collect::<Vec<_>>().join(", ")
        };
        let (held, given) = (who(&fold.members), who(&last.members));
        let detail = format!("held the members {held} of room {room}, which are {given}");
        found.push((Kind::FoldMismatch, detail));
    }
    found
}

fn listed(seqs: &[i64]) -> String {
    let first: Vec<_> = seqs.iter().take(5).map(i64::to_string).collect();
    let more = if seqs.len() > 5 { format!(" and {} more", seqs.len() - 5) } else { String::new() };
    first.join(", ") + &more
}

/// A reader who was let in and said nothing at the end saw nothing.
fn absent(facts: &Facts, found: &mut Found) {
    let mut following = HashMap::new();
    for (at, entry) in facts.entries.iter().enumerate() {
        match &entry.event {
            Event::Subscribe { room, .. } if facts.finals.contains_key(room) => {
                following.insert((entry.process, *room), at);
            }
            Event::OutOf { room, .. } => drop(following.remove(&(entry.process, *room))),
            Event::Fold(fold) => drop(following.remove(&(entry.process, fold.room))),
            _ => {}
        }
    }
    for ((process, room), at) in following {
        let detail = format!("reader {process} holds nothing of room {room} at the end");
        found.add(Kind::Unseen, [at], detail);
    }
}
