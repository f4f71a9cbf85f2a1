//! An index of a history: operations, final states and observed messages.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    messages::Message,
};

use super::operations::{
    Completion, MembershipChange, Operation, SendAttempt, SentMessage, first_possible_invocation,
};
use crate::history::{ChangedRow, Entry, Event, FaultPhase, NodeState, ReaderState};

/// A message's number in its room.
pub type MessageKey = (RoomId, Seq);

/// How long delivery may still be late after a fault, in microseconds.
const RECOVERY_US: u64 = 2_000_000;

#[derive(Default)]
pub struct HistoryIndex<'h> {
    pub entries: &'h [Entry],
    pub sent_messages: BTreeMap<ClientId, SentMessage<'h>>,
    /// The new texts, and the operations that wrote them.
    pub edits: HashMap<MessageKey, Vec<(&'h str, Operation)>>,
    pub deletes: HashMap<MessageKey, Vec<Operation>>,
    /// The added emoji, who added them, and the operations.
    pub reactions: HashMap<MessageKey, Vec<(&'h str, UserId, Operation)>>,
    /// Joins and removals, in the order of invocation.
    pub membership_changes: BTreeMap<(RoomId, UserId), Vec<MembershipChange>>,
    /// The final states of the nodes, each with the index of its entry.
    pub node_states: BTreeMap<RoomId, Vec<(usize, &'h NodeState)>>,
    /// The final states of the readers, each with the index of its entry.
    pub reader_states: Vec<(usize, &'h ReaderState)>,
    /// Every state of a message that a client observed, with the index of the first entry that
    /// shows it. Equal states that do not share memory occur several times.
    pub observed: Vec<(usize, &'h Message)>,
    /// The name, begin and end of each fault, in microseconds. The end includes the recovery time.
    faults: Vec<(&'h str, u64, u64)>,
    /// By process: the begin and end of each pause, in microseconds. The end includes the recovery
    /// time.
    read_pauses: HashMap<u32, Vec<(u64, u64)>>,
    /// The addresses of the states in `observed`.
    observed_pointers: HashSet<*const Message>,
    /// The edit, delete, reaction, removal or join that a process has in flight.
    in_flight: HashMap<u32, InFlight>,
}

/// An operation's key and its position among the operations of that key.
enum InFlight {
    Edit(MessageKey, usize),
    Delete(MessageKey, usize),
    React(MessageKey, usize),
    Membership((RoomId, UserId), usize),
}

impl<'h> HistoryIndex<'h> {
    pub fn new(entries: &'h [Entry]) -> Self {
        let mut index = Self { entries, ..Self::default() };
        for (at, entry) in entries.iter().enumerate() {
            index.add_invocation(at, entry);
            index.add_completion(at, entry);
            index.add_observation(at, entry);
            index.add_fault_or_pause(entry);
        }
        index
    }

    fn add_invocation(&mut self, at: usize, Entry { process, event, .. }: &'h Entry) {
        let operation = Operation::new(at);
        let in_flight = match event {
            Event::Send { draft, via, .. } => {
                let new = || SentMessage { draft, attempts: Vec::new() };
                let message = self.sent_messages.entry(draft.client_id).or_insert_with(new);
                message.attempts.push(SendAttempt { process: *process, via: *via, operation });
                return;
            }
            Event::Edit { room, seq, content } => {
                let edits = self.edits.entry((*room, *seq)).or_default();
                edits.push((content, operation));
                InFlight::Edit((*room, *seq), edits.len() - 1)
            }
            Event::Delete { room, seq } => {
                let deletes = self.deletes.entry((*room, *seq)).or_default();
                deletes.push(operation);
                InFlight::Delete((*room, *seq), deletes.len() - 1)
            }
            Event::React { room, seq, user, emoji } => {
                let reactions = self.reactions.entry((*room, *seq)).or_default();
                reactions.push((emoji, *user, operation));
                InFlight::React((*room, *seq), reactions.len() - 1)
            }
            Event::Remove { room, user } | Event::Join { room, user } => {
                let is_join = matches!(event, Event::Join { .. });
                let changes = self.membership_changes.entry((*room, *user)).or_default();
                changes.push(MembershipChange { is_join, operation });
                InFlight::Membership((*room, *user), changes.len() - 1)
            }
            _ => return,
        };
        self.in_flight.insert(*process, in_flight);
    }

    fn add_completion(&mut self, at: usize, Entry { process, event, .. }: &Entry) {
        let refused = |retry: bool| if retry { Completion::Info } else { Completion::Fail };
        match event {
            Event::Ack { client_id, .. } => {
                self.complete_send(*process, *client_id, Completion::Ok(at));
            }
            Event::Nack { client_id, retry, .. } => {
                self.complete_send(*process, *client_id, refused(*retry));
            }
            Event::Unknown { client_id } => {
                self.complete_send(*process, *client_id, Completion::Info);
            }
            Event::Edited { .. }
            | Event::Deleted { .. }
            | Event::Reacted { .. }
            | Event::Removed { .. }
            | Event::Joined { .. } => self.complete_in_flight(*process, Completion::Ok(at)),
            Event::Refused { retry, .. } => self.complete_in_flight(*process, refused(*retry)),
            Event::NoReply => self.complete_in_flight(*process, Completion::Info),
            _ => {}
        }
    }

    fn complete_send(&mut self, process: u32, client_id: ClientId, completion: Completion) {
        let attempts = self.sent_messages.get_mut(&client_id).map(|sent| &mut sent.attempts);
        let is_pending = |attempt: &&mut SendAttempt| {
            attempt.process == process && attempt.operation.completion == Completion::Pending
        };
        if let Some(attempt) = attempts.and_then(|all| all.iter_mut().rev().find(is_pending)) {
            attempt.operation.completion = completion;
        }
    }

    fn complete_in_flight(&mut self, process: u32, completion: Completion) {
        let operation = match self.in_flight.remove(&process) {
            Some(InFlight::Edit(key, nth)) => {
                let edits = self.edits.get_mut(&key);
                edits.and_then(|edits| edits.get_mut(nth)).map(|(_, operation)| operation)
            }
            Some(InFlight::Delete(key, nth)) => {
                self.deletes.get_mut(&key).and_then(|deletes| deletes.get_mut(nth))
            }
            Some(InFlight::React(key, nth)) => {
                let reactions = self.reactions.get_mut(&key);
                reactions.and_then(|all| all.get_mut(nth)).map(|(.., operation)| operation)
            }
            Some(InFlight::Membership(key, nth)) => {
                let changes = self.membership_changes.get_mut(&key);
                changes.and_then(|all| all.get_mut(nth)).map(|change| &mut change.operation)
            }
            None => None,
        };
        if let Some(operation) = operation {
            operation.completion = completion;
        }
    }

    fn add_observation(&mut self, at: usize, entry: &'h Entry) {
        match &entry.event {
            Event::Ack { message, .. }
            | Event::Edited { message }
            | Event::Reacted { message }
            | Event::Change { row: ChangedRow::Message(message), .. } => {
                self.add_message(at, message);
            }
            Event::Page { messages, .. } | Event::Hits { messages } => {
                messages.iter().for_each(|m| self.add_message(at, m));
            }
            Event::NodeState(state) => {
                self.node_states.entry(state.room).or_default().push((at, state));
                state.messages.iter().for_each(|message| self.add_message(at, message));
            }
            Event::ReaderState(state) => self.reader_states.push((at, state)),
            _ => {}
        }
    }

    fn add_message(&mut self, at: usize, message: &'h Message) {
        if self.observed_pointers.insert(message) {
            self.observed.push((at, message));
        }
    }

    fn add_fault_or_pause(&mut self, Entry { at_us, process, event }: &'h Entry) {
        match event {
            Event::Fault { name, phase: FaultPhase::Begin } => {
                self.faults.push((name, *at_us, u64::MAX));
            }
            Event::Fault { name, phase: FaultPhase::End } => {
                let mut latest_first = self.faults.iter_mut().rev();
                if let Some((.., until)) = latest_first.find(|(other, ..)| other == name) {
                    *until = at_us + RECOVERY_US;
                }
            }
            Event::ReadPaused => {
                self.read_pauses.entry(*process).or_default().push((*at_us, u64::MAX));
            }
            Event::ReadResumed => {
                let pauses = self.read_pauses.get_mut(process);
                if let Some((_, until)) = pauses.and_then(|pauses| pauses.last_mut()) {
                    *until = at_us + RECOVERY_US;
                }
            }
            _ => {}
        }
    }

    /// Whether no fault was active and the process read its socket during the whole period,
    /// recovery times included. Only then does the server send frames soon after it composed them.
    pub fn is_undisturbed(&self, process: u32, from_us: u64, to_us: u64) -> bool {
        let pauses = self.read_pauses.get(&process).into_iter().flatten().copied();
        let faults = self.faults.iter().map(|(_, from, until)| (*from, *until));
        !faults.chain(pauses).any(|(from, until)| from <= to_us && until >= from_us)
    }

    /// The earliest time, in microseconds, at which a message can have got this state; `None` if no
    /// client wrote it, or every attempt failed.
    pub fn earliest_write_us(&self, message: &Message) -> Option<u64> {
        let sent = self.sent_messages.get(&message.client_id)?;
        let key = (message.room, message.seq);
        let invoked = if message.deleted_at.is_some() {
            first_possible_invocation(self.deletes.get(&key).into_iter().flatten())
        } else if message.content == sent.draft.content {
            first_possible_invocation(sent.attempts.iter().map(|attempt| &attempt.operation))
        } else {
            let edits = self.edits.get(&key).into_iter().flatten();
            let edits = edits.filter(|(text, _)| *text == message.content);
            first_possible_invocation(edits.map(|(_, operation)| operation))
        };
        invoked.map(|invoked| self.entries[invoked].at_us)
    }

    /// When the first delete of a message was acknowledged, in microseconds.
    pub fn delete_acked_us(&self, key: MessageKey) -> Option<u64> {
        let acked = self.deletes.get(&key)?.iter().filter_map(Operation::ok).min()?;
        Some(self.entries[acked].at_us)
    }
}
