//! Lost writes, duplicates, unstable acks and aborted reads.

use std::collections::HashMap;

use shared::{
    ids::{ClientId, Seq, UserId},
    messages::Message,
};

use super::{
    Anomaly, Violations,
    index::HistoryIndex,
    operations::{MembershipChange, Operation, SentMessage},
};
use crate::history::Event;

pub fn check(index: &HistoryIndex, violations: &mut Violations) {
    for sent in index.sent_messages.values() {
        check_lost_message(index, sent, violations);
        check_acks(index, sent, violations);
    }
    check_lost_edits(index, violations);
    check_reactions(index, violations);
    check_lost_membership_changes(index, violations);
    check_duplicates(index, violations);
    check_aborted_reads(index, violations);
}

/// An acknowledged message is in every final state.
fn check_lost_message(index: &HistoryIndex, sent: &SentMessage, violations: &mut Violations) {
    let Some(ack) = sent.acks().next() else { return };
    let id = sent.draft.client_id;
    let acked_seq = acked_message(index, ack).map(|message| message.seq).filter(|seq| seq.0 > 0);
    for (at, state) in index.node_states.get(&sent.draft.room).into_iter().flatten() {
        // The message is almost always at its acknowledged `seq`. A scan for each message would
        // take quadratic time.
        let at_seq = acked_seq.and_then(|Seq(seq)| state.messages.get(seq as usize - 1));
        let is_present = at_seq.is_some_and(|message| message.client_id == id)
            || state.messages.iter().any(|message| message.client_id == id);
        if !is_present {
            let (node, room) = (state.node, state.room);
            let detail = format!("{id} was acknowledged; node {node} does not have it in {room}");
            violations.add(Anomaly::LostWrite, [ack, *at], detail);
        }
    }
}

fn acked_message<'h>(index: &HistoryIndex<'h>, ack: usize) -> Option<&'h Message> {
    match &index.entries[ack].event {
        Event::Ack { message, .. } => Some(message),
        _ => None,
    }
}

/// All acks of one `client_id` describe one message, which the final states have.
fn check_acks(index: &HistoryIndex, sent: &SentMessage, violations: &mut Violations) {
    let mut acks = sent.acks().filter_map(|at| Some((at, acked_message(index, at)?)));
    let Some((first, message)) = acks.next() else { return };
    let id = sent.draft.client_id;
    if message.client_id != id {
        let detail = format!("the ack of {id} carries {}", message.client_id);
        violations.add(Anomaly::UnstableAck, [first], detail);
    }
    for (at, other) in acks {
        if !is_same_message(message, other) {
            let [one, two] = [message, other].map(|m| format!("{} at {}", m.id, m.seq));
            let detail = format!("{id} was acknowledged as {one} and as {two}");
            violations.add(Anomaly::UnstableAck, [first, at], detail);
        }
    }
    for (at, state) in index.node_states.get(&sent.draft.room).into_iter().flatten() {
        let at_seq = state.messages.get((message.seq.0 - 1) as usize);
        let Some(stored) = at_seq.filter(|stored| stored.client_id == id) else { continue };
        let is_later_state = is_same_message(message, stored) && stored.rev >= message.rev;
        if !is_later_state || (stored.rev == message.rev && **stored != *message) {
            let (seq, node) = (message.seq, state.node);
            let detail =
                format!("the ack of {id} at {seq} differs from the message at node {node}");
            violations.add(Anomaly::UnstableAck, [first, *at], detail);
        }
    }
}

/// Whether two states belong to one message.
fn is_same_message(one: &Message, two: &Message) -> bool {
    let fixed = |m: &Message| (m.id, m.room, m.seq, m.user.id, m.client_id, m.reply_to);
    fixed(one) == fixed(two) && one.created_at == two.created_at
}

/// Acknowledged edits and deletes are in every final state.
fn check_lost_edits(index: &HistoryIndex, violations: &mut Violations) {
    for (at, state) in index.node_states.values().flatten() {
        for message in &state.messages {
            let key = (message.room, message.seq);
            let edits = index.edits.get(&key).into_iter().flatten();
            for edit in edits.filter_map(|(_, operation)| operation.ok()) {
                if let Event::Edited { message: edited } = &index.entries[edit].event
                    && edited.rev > message.rev
                {
                    let detail = format!("the edit of {} is not at node {}", key.1, state.node);
                    violations.add(Anomaly::LostWrite, [edit, *at], detail);
                }
            }
            let mut deletes = index.deletes.get(&key).into_iter().flatten();
            if let Some(delete) = deletes.find_map(Operation::ok)
                && message.deleted_at.is_none()
            {
                let detail = format!("the deletion of {} is not at node {}", key.1, state.node);
                violations.add(Anomaly::LostWrite, [delete, *at], detail);
            }
        }
    }
}

/// Acknowledged reactions are in every final state, unless the message is deleted. Every observed reaction is of
/// an operation that may have been done, and there is one of each.
fn check_reactions(index: &HistoryIndex, violations: &mut Violations) {
    let operations =
        |message: &Message| index.reactions.get(&(message.room, message.seq)).into_iter().flatten();
    for (at, state) in index.node_states.values().flatten() {
        for message in state.messages.iter().filter(|message| message.deleted_at.is_none()) {
            for (emoji, user, operation) in operations(message) {
                if let Some(done) = operation.ok()
                    && !message.reactions.has(emoji, *user)
                {
                    let (seq, node) = (message.seq, state.node);
                    let detail = format!("the reaction of {user} to {seq} is not at node {node}");
                    violations.add(Anomaly::LostWrite, [done, *at], detail);
                }
            }
        }
    }
    for (at, message) in &index.observed {
        let (room, seq) = (message.room, message.seq);
        if !message.reactions.is_valid() {
            let detail = format!("{seq} of room {room} has a reaction twice");
            violations.add(Anomaly::Duplicate, [*at], detail);
        }
        for reaction in &message.reactions.0 {
            let may_exist = |user: &UserId| {
                operations(message).any(|(emoji, by, operation)| {
                    (*emoji, by) == (&*reaction.emoji, user) && operation.may_be_done()
                })
            };
            if !reaction.users.iter().all(may_exist) {
                let detail = format!("{seq} of room {room} has a reaction that nobody added");
                violations.add(Anomaly::AbortedRead, [*at], detail);
            }
        }
    }
}

/// If every join and removal of a user was acknowledged, the last one decides the membership.
fn check_lost_membership_changes(index: &HistoryIndex, violations: &mut Violations) {
    for ((room, user), changes) in &index.membership_changes {
        let Some(MembershipChange { is_join, operation }) = changes.last() else { continue };
        let all_acked = changes.iter().all(|change| change.operation.ok().is_some());
        let Some(done) = operation.ok().filter(|_| all_acked) else { continue };
        for (at, state) in index.node_states.get(room).into_iter().flatten() {
            if state.members.iter().any(|member| member.user.id == *user) != *is_join {
                let change = if *is_join { "joined" } else { "was removed" };
                let detail = format!("{user} {change}, but not at node {} in {room}", state.node);
                violations.add(Anomaly::LostWrite, [done, *at], detail);
            }
        }
    }
}

/// Each `client_id` has one `seq`.
fn check_duplicates(index: &HistoryIndex, violations: &mut Violations) {
    let mut seen: HashMap<ClientId, (usize, &Message)> = HashMap::new();
    for (at, message) in &index.observed {
        let (first_at, first) = seen.entry(message.client_id).or_insert((*at, message));
        if (first.room, first.seq) != (message.room, message.seq) {
            let (id, one, two) = (message.client_id, first.seq, message.seq);
            let detail = format!("{id} is both {one} and {two} of room {}", message.room);
            violations.add(Anomaly::Duplicate, [*first_at, *at], detail);
        }
    }
    // A node may also return the same row twice, with the same `seq`.
    for (at, state) in index.node_states.values().flatten() {
        let mut ids: Vec<_> = state.messages.iter().map(|message| message.client_id).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            let detail = format!("node {} returns {} twice", state.node, pair[0]);
            violations.add(Anomaly::Duplicate, [*at], detail);
        }
    }
}

/// An operation that may have been done wrote every observed state.
fn check_aborted_reads(index: &HistoryIndex, violations: &mut Violations) {
    for (at, message) in &index.observed {
        let id = message.client_id;
        let Some(sent) = index.sent_messages.get(&id) else {
            violations.add(Anomaly::AbortedRead, [*at], format!("nobody sent {id}"));
            continue;
        };
        let draft = sent.draft;
        let may_exist = (draft.room, draft.user) == (message.room, message.user.id)
            && sent.attempts.iter().any(|attempt| attempt.operation.may_be_done());
        if !may_exist || index.earliest_write_us(message).is_none() {
            let invoked = sent.attempts[0].operation.invoked;
            let problem = if may_exist { "has a state that nobody wrote" } else { "was refused" };
            let detail = format!("{id} at {} of room {} {problem}", message.seq, message.room);
            violations.add(Anomaly::AbortedRead, [invoked, *at], detail);
        }
    }
}
