//! A history, sorted by what it is about.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    messages::Message,
};

use crate::history::{Door, Entry, Event, Final, Fold, Phase, Said, Seen};

/// A message's number in its room.
pub type Place = (RoomId, Seq);

/// How long after the end of a fault things may still be late, in microseconds.
const GRACE_US: u64 = 2_000_000;

/// How something that was asked for ended; the numbers are entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// No answer is in the history.
    Open,
    /// Done for certain.
    Done(usize),
    /// Not done for certain.
    Refused,
    /// Refused in a way that leaves open whether it was done: to be tried again.
    Failed,
    /// The link was lost before an answer came.
    Unknown,
}

/// Something that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The entry of the asking.
    pub asked: usize,
    /// What came of it.
    pub end: End,
}

impl Step {
    fn new(asked: usize) -> Self {
        Self { asked, end: End::Open }
    }

    /// Whether it may have been done.
    pub fn may_be_done(&self) -> bool {
        self.end != End::Refused
    }

    /// The entry that says it was done.
    pub fn done(&self) -> Option<usize> {
        if let End::Done(at) = self.end { Some(at) } else { None }
    }
}

/// All attempts to say one thing.
pub struct Saying<'h> {
    /// What.
    pub said: &'h Said,
    /// Who tried (a process), which way, and what came of it; in the order of asking.
    pub attempts: Vec<(u32, Door, Step)>,
}

impl Saying<'_> {
    /// The entries of its acks.
    pub fn acks(&self) -> impl Iterator<Item = usize> {
        self.attempts.iter().filter_map(|(_, _, step)| step.done())
    }
}

/// Somebody's coming in or being put out.
pub struct Move {
    /// Which of the two.
    pub is_join: bool,
    /// What came of it.
    pub step: Step,
}

/// A history, sorted by what it is about.
#[derive(Default)]
pub struct Facts<'h> {
    /// All of it.
    pub entries: &'h [Entry],
    /// What was said.
    pub sayings: BTreeMap<ClientId, Saying<'h>>,
    /// New texts of messages.
    pub edits: HashMap<Place, Vec<(&'h str, Step)>>,
    /// Deletions of messages.
    pub deletes: HashMap<Place, Vec<Step>>,
    /// Who was put out of which room and came in again, in the order of asking.
    pub moves: BTreeMap<(RoomId, UserId), Vec<Move>>,
    /// What the nodes gave at the end.
    pub finals: BTreeMap<RoomId, Vec<(usize, &'h Final)>>,
    /// What readers held at the end.
    pub folds: Vec<(usize, &'h Fold)>,
    /// Every state of a message that anybody saw, each (nearly) once, where it was first seen.
    pub states: Vec<(usize, &'h Message)>,
    faults: Vec<(&'h str, u64, u64)>,
    stalls: HashMap<u32, Vec<(u64, u64)>>,
    seen: HashSet<*const Message>,
    asked: HashMap<u32, Asked>,
}

/// What a process waits for besides acks, and which of its kind it is.
enum Asked {
    Edit(Place, usize),
    Delete(Place, usize),
    Move((RoomId, UserId), usize),
}

impl<'h> Facts<'h> {
    /// Sorts a history.
    pub fn of(entries: &'h [Entry]) -> Self {
        let mut facts = Self { entries, ..Self::default() };
        for (at, entry) in entries.iter().enumerate() {
            facts.ask(at, entry);
            facts.end(at, entry);
            facts.see(at, entry);
            facts.disturb(entry);
        }
        facts
    }

    fn ask(&mut self, at: usize, Entry { process, event, .. }: &'h Entry) {
        let step = Step::new(at);
        let asked = match event {
            Event::Send { said, by, .. } => {
                let new = || Saying { said, attempts: Vec::new() };
                let saying = self.sayings.entry(said.client_id).or_insert_with(new);
                return saying.attempts.push((*process, *by, step));
            }
            Event::Edit { room, seq, content } => {
                let edits = self.edits.entry((*room, *seq)).or_default();
                edits.push((content, step));
                Asked::Edit((*room, *seq), edits.len() - 1)
            }
            Event::Delete { room, seq } => {
                let deletes = self.deletes.entry((*room, *seq)).or_default();
                deletes.push(step);
                Asked::Delete((*room, *seq), deletes.len() - 1)
            }
            Event::Remove { room, user } | Event::Join { room, user } => {
                let is_join = matches!(event, Event::Join { .. });
                let moves = self.moves.entry((*room, *user)).or_default();
                moves.push(Move { is_join, step });
                Asked::Move((*room, *user), moves.len() - 1)
            }
            _ => return,
        };
        self.asked.insert(*process, asked);
    }

    fn end(&mut self, at: usize, Entry { process, event, .. }: &Entry) {
        match event {
            Event::Ack { client_id, .. } => self.answer(*process, *client_id, End::Done(at)),
            Event::Nack { client_id, retry: false, .. } => {
                self.answer(*process, *client_id, End::Refused)
            }
            Event::Nack { client_id, .. } => self.answer(*process, *client_id, End::Failed),
            Event::Unknown { client_id } => self.answer(*process, *client_id, End::Unknown),
            Event::Edited { .. }
            | Event::Deleted { .. }
            | Event::Removed { .. }
            | Event::Joined { .. } => self.settle(*process, End::Done(at)),
            Event::Refused { retry: false, .. } => self.settle(*process, End::Refused),
            Event::Refused { .. } => self.settle(*process, End::Failed),
            Event::Lost => self.settle(*process, End::Unknown),
            _ => {}
        }
    }

    fn answer(&mut self, process: u32, client_id: ClientId, end: End) {
        let attempts = self.sayings.get_mut(&client_id).map(|saying| &mut saying.attempts);
        let open = |(by, _, step): &&mut (u32, Door, Step)| *by == process && step.end == End::Open;
        if let Some((_, _, step)) = attempts.and_then(|all| all.iter_mut().rev().find(open)) {
            step.end = end;
        }
    }

    fn settle(&mut self, process: u32, end: End) {
        let step = match self.asked.remove(&process) {
            Some(Asked::Edit(place, nth)) => {
                let edits = self.edits.get_mut(&place);
                edits.and_then(|edits| edits.get_mut(nth)).map(|(_, step)| step)
            }
            Some(Asked::Delete(place, nth)) => {
                self.deletes.get_mut(&place).and_then(|deletes| deletes.get_mut(nth))
            }
            Some(Asked::Move(who, nth)) => {
                let moves = self.moves.get_mut(&who);
                moves.and_then(|moves| moves.get_mut(nth)).map(|moved| &mut moved.step)
            }
            None => None,
        };
        if let Some(step) = step {
            step.end = end;
        }
    }

    fn see(&mut self, at: usize, entry: &'h Entry) {
        match &entry.event {
            Event::Ack { message, .. }
            | Event::Edited { message }
            | Event::Change { row: Seen::Message(message), .. } => self.state(at, message),
            Event::Page { messages, .. } => messages.iter().for_each(|m| self.state(at, m)),
            Event::Final(last) => {
                self.finals.entry(last.room).or_default().push((at, last));
                last.messages.iter().for_each(|message| self.state(at, message));
            }
            Event::Fold(fold) => self.folds.push((at, fold)),
            _ => {}
        }
    }

    fn state(&mut self, at: usize, message: &'h Message) {
        if self.seen.insert(message) {
            self.states.push((at, message));
        }
    }

    fn disturb(&mut self, Entry { at_us, process, event }: &'h Entry) {
        match event {
            Event::Fault { name, phase: Phase::Begin } => {
                self.faults.push((name, *at_us, u64::MAX));
            }
            Event::Fault { name, phase: Phase::End } => {
                let mut open = self.faults.iter_mut().rev();
                if let Some((.., until)) = open.find(|(of, ..)| of == name) {
                    *until = at_us + GRACE_US;
                }
            }
            Event::Stalled => {
                self.stalls.entry(*process).or_default().push((*at_us, u64::MAX));
            }
            Event::Awake => {
                let stall = self.stalls.get_mut(process).and_then(|stalls| stalls.last_mut());
                stall.into_iter().for_each(|(_, until)| *until = at_us + GRACE_US);
            }
            _ => {}
        }
    }

    /// Whether nothing was broken and the process did read, all the time from one moment to the
    /// other: then the server does not hold back what it composed long before.
    pub fn is_calm(&self, process: u32, from_us: u64, to_us: u64) -> bool {
        let stalls = self.stalls.get(&process).into_iter().flatten().copied();
        let faults = self.faults.iter().map(|(_, from, until)| (*from, *until));
        !faults.chain(stalls).any(|(from, until)| from <= to_us && until >= from_us)
    }

    /// When a message's state can have come about at the earliest; none if nobody wrote it, or
    /// every attempt was refused.
    pub fn made_us(&self, message: &Message) -> Option<u64> {
        let (place, saying) = ((message.room, message.seq), self.sayings.get(&message.client_id)?);
        let asked = if message.deleted_at.is_some() {
            first(self.deletes.get(&place).into_iter().flatten())
        } else if message.content == saying.said.content {
            first(saying.attempts.iter().map(|(.., step)| step))
        } else {
            let edits = self.edits.get(&place).into_iter().flatten();
            first(edits.filter(|(text, _)| *text == message.content).map(|(_, step)| step))
        };
        asked.map(|asked| self.entries[asked].at_us)
    }

    /// When a message's deletion was acknowledged first.
    pub fn deleted_us(&self, place: Place) -> Option<u64> {
        let done = self.deletes.get(&place)?.iter().filter_map(Step::done).min()?;
        Some(self.entries[done].at_us)
    }
}

/// The first asking that may have led to something.
fn first<'s>(mut steps: impl Iterator<Item = &'s Step>) -> Option<usize> {
    steps.find(|step| step.may_be_done()).map(|step| step.asked)
}
