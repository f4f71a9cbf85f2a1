//! What a history says about time: how long acks, deliveries and comings back took.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use shared::{
    ids::{ClientId, RoomId},
    problem::Code,
};

use crate::history::{Event, History, Phase, RIG, Seen};

/// Something that took time, in microseconds on the clock of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it began.
    pub began_us: u64,
    /// How long it took.
    pub took_us: u64,
}

/// The time during which something was broken, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// What was done.
    pub name: String,
    /// From when.
    pub from_us: u64,
    /// Until when.
    pub to_us: u64,
}

/// Everything in a history that took time.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// From the first attempt to say something to its ack, retries included.
    pub acks: Vec<Sample>,
    /// From the first attempt to the moment when a reader had it, each reader counted except those
    /// who did not read for a while.
    pub deliveries: Vec<Sample>,
    /// From the loss of a socket to the moment when its owner was there again.
    pub resumes: Vec<Sample>,
    /// When somebody sent something.
    pub sends: Vec<u64>,
    /// When somebody was there, who reads: subscribed, who only talks: connected (1), or lost the
    /// socket (-1).
    pub presence: Vec<(u64, i32)>,
    /// When a socket ended, and with which code.
    pub closes: Vec<(u64, Option<u16>)>,
    /// When something was refused, and why.
    pub refusals: Vec<(u64, Code)>,
    /// How many did not read for a while.
    pub stalled: usize,
    /// From the moment when such a one read again and found the socket lost, to being there again.
    pub awakenings: Vec<Sample>,
    /// What was broken, and when.
    pub bands: Vec<Band>,
    /// Owners of lost sockets who never came back, by process.
    pub lost: Vec<u32>,
    /// The end of the history.
    pub end_us: u64,
}

impl Samples {
    /// Reads a history up to a time: what comes after it is the run's own end. Only the processes up
    /// to the number `steady` hold a socket all the time; that others are away means nothing.
    pub fn of(history: &History, until_us: u64, steady: u32) -> Self {
        let mut reader = Reader { steady, ..Reader::default() };
        let entries = history.0.iter().take_while(|entry| entry.at_us <= until_us);
        for entry in entries {
            reader.read(entry.at_us, entry.process, &entry.event);
            reader.samples.end_us = entry.at_us;
        }
        let mut samples = reader.samples;
        samples.stalled = reader.people.values().filter(|person| person.has_stalled).count();
        let reads = |(process, _): &&(u32, Sample)| !reader.people[process].has_stalled;
        samples.deliveries = reader.deliveries.iter().filter(reads).map(|(_, one)| *one).collect();
        let open = reader.broken.into_iter();
        samples.bands.extend(open.map(|(name, from_us)| Band { name, from_us, to_us: u64::MAX }));
        samples.bands.iter_mut().for_each(|band| band.to_us = band.to_us.min(samples.end_us));
        samples.bands.sort_by_key(|band| band.from_us);
        samples.lost = reader.people.iter().filter_map(|(id, person)| person.away(*id)).collect();
        samples.lost.sort_unstable();
        samples
    }
}

#[derive(Default)]
struct Reader {
    steady: u32,
    samples: Samples,
    /// The first attempt of each message.
    sent: HashMap<ClientId, u64>,
    acked: HashSet<ClientId>,
    seen: HashSet<(u32, ClientId)>,
    /// Who is out of which room.
    out: HashSet<(u32, RoomId)>,
    /// Since when they are in it, who were out of it.
    since: HashMap<(u32, RoomId), u64>,
    deliveries: Vec<(u32, Sample)>,
    people: HashMap<u32, Person>,
    broken: HashMap<String, u64>,
}

#[derive(Default)]
struct Person {
    is_welcome: bool,
    reads: bool,
    has_stalled: bool,
    is_here: bool,
    lost_us: Option<u64>,
    awake_us: Option<u64>,
}

impl Person {
    fn away(&self, id: u32) -> Option<u32> {
        self.lost_us.map(|_| id)
    }
}

impl Reader {
    fn read(&mut self, at_us: u64, process: u32, event: &Event) {
        match event {
            Event::Send { said, .. } => {
                let first_us = *self.sent.entry(said.client_id).or_insert(at_us);
                self.samples.sends.extend((first_us == at_us).then_some(at_us));
            }
            Event::Ack { client_id, .. } => {
                if let Some(sample) = self.since_sent(*client_id, at_us)
                    && self.acked.insert(*client_id)
                {
                    self.samples.acks.push(sample);
                }
            }
            Event::Change { row: Seen::Message(message), .. } => {
                self.came_in(at_us, process, message.room);
                let (name, place) = (message.client_id, (process, message.room));
                let since_us = self.since.get(&place).copied().unwrap_or(0);
                if let Some(sample) = self.since_sent(name, at_us)
                    && self.seen.insert((process, name))
                    && sample.began_us >= since_us
                {
                    self.person(process);
                    self.deliveries.push((process, sample));
                }
            }
            Event::OutOf { room, .. } => {
                self.out.insert((process, *room));
            }
            Event::Nack { code, .. } | Event::Refused { code, .. } => {
                self.samples.refusals.push((at_us, *code));
            }
            Event::Fault { name, phase } if process == RIG => self.fault(at_us, name, *phase),
            _ if process <= self.steady => self.socket(at_us, process, event),
            _ => {}
        }
    }

    fn socket(&mut self, at_us: u64, process: u32, event: &Event) {
        match event {
            Event::Subscribed { room, .. } | Event::Gap { room, .. } => {
                self.came_in(at_us, process, *room);
                self.here(at_us, process);
            }
            Event::Connect { .. } => self.lost(at_us, process),
            Event::Welcome => {
                let person = self.person(process);
                person.is_welcome = true;
                if !person.reads {
                    self.here(at_us, process);
                }
            }
            Event::Subscribe { .. } => self.person(process).reads = true,
            Event::Closed { code } => {
                // A try that failed is no socket that ended.
                if std::mem::take(&mut self.person(process).is_welcome) {
                    self.samples.closes.push((at_us, *code));
                }
                self.lost(at_us, process);
            }
            Event::Stalled => self.person(process).has_stalled = true,
            Event::Awake => self.person(process).awake_us = Some(at_us),
            _ => {}
        }
    }

    /// What was said while somebody was out of a room is no late delivery.
    fn came_in(&mut self, at_us: u64, process: u32, room: RoomId) {
        if self.out.remove(&(process, room)) {
            self.since.insert((process, room), at_us);
        }
    }

    fn person(&mut self, process: u32) -> &mut Person {
        self.people.entry(process).or_default()
    }

    fn since_sent(&self, name: ClientId, at_us: u64) -> Option<Sample> {
        let began_us = *self.sent.get(&name)?;
        Some(Sample { began_us, took_us: at_us - began_us })
    }

    fn here(&mut self, at_us: u64, process: u32) {
        let Self { people, samples, .. } = self;
        let person = people.entry(process).or_default();
        let since = |began_us| Sample { began_us, took_us: at_us - began_us };
        if let Some(began_us) = person.lost_us.take() {
            samples.resumes.push(since(began_us));
            samples.awakenings.extend(person.awake_us.take().map(since));
        }
        if !std::mem::replace(&mut person.is_here, true) {
            samples.presence.push((at_us, 1));
        }
    }

    /// Only the first of several losses in a row counts: from there on the person waits.
    fn lost(&mut self, at_us: u64, process: u32) {
        let person = self.person(process);
        if std::mem::replace(&mut person.is_here, false) {
            person.lost_us = Some(at_us);
            self.samples.presence.push((at_us, -1));
        }
    }

    fn fault(&mut self, at_us: u64, name: &str, phase: Phase) {
        match phase {
            Phase::Begin => {
                self.broken.insert(name.to_owned(), at_us);
            }
            Phase::End => {
                if let Some(from_us) = self.broken.remove(name) {
                    let band = Band { name: name.to_owned(), from_us, to_us: at_us };
                    self.samples.bands.push(band);
                }
            }
        }
    }
}

/// The smallest time that `share` (0 to 1) of these took at most; none of none.
pub fn quantile(mut times_us: Vec<u64>, share: f64) -> Option<u64> {
    times_us.sort_unstable();
    let rank = (times_us.len() as f64 * share).ceil() as usize;
    times_us.get(rank.max(1) - 1).copied()
}

/// The times of what began in a period.
pub fn within(samples: &[Sample], period_us: &Range<u64>) -> Vec<u64> {
    let within = samples.iter().filter(|sample| period_us.contains(&sample.began_us));
    within.map(|sample| sample.took_us).collect()
}
