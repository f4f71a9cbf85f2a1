//! Extracts durations from a history: acks, deliveries, reconnects.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use shared::{
    ids::{ClientId, RoomId},
    problem::Code,
};

use crate::history::{ChangedRow, Event, FaultPhase, History, RIG};

/// A duration, in microseconds on the clock of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub start_us: u64,
    pub took_us: u64,
}

impl Interval {
    pub fn end_us(&self) -> u64 {
        self.start_us + self.took_us
    }
}

/// The period in which a fault was active, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPeriod {
    pub name: String,
    pub from_us: u64,
    pub to_us: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Timings {
    /// From the first attempt to send a message to its ack, retries included.
    pub acks: Vec<Interval>,
    /// From the first attempt to the delivery to each reader, without readers that paused.
    pub deliveries: Vec<Interval>,
    /// From the loss of a socket until its client was connected again. Only steady clients; see
    /// [`Timings::new`].
    pub reconnects: Vec<Interval>,
    /// When each message was sent for the first time.
    pub sends: Vec<u64>,
    /// When a client connected (1) or lost its socket (-1). A reader counts as connected once it
    /// has subscribed.
    pub connection_changes: Vec<(u64, i32)>,
    /// When a socket ended, and its close code. Failed attempts to connect do not count.
    pub closes: Vec<(u64, Option<u16>)>,
    /// When an operation was refused, and the code.
    pub refusals: Vec<(u64, Code)>,
    /// The number of clients that paused reading.
    pub paused: usize,
    /// For clients that lost their socket during a pause: from reading again until connected.
    pub reconnects_after_pause: Vec<Interval>,
    pub faults: Vec<FaultPeriod>,
    /// The processes of clients that never connected again.
    pub never_reconnected: Vec<u32>,
    /// The time of the last entry that was read.
    pub end_us: u64,
}

impl Timings {
    /// Reads a history up to `until_us`, when the run begins to end the clients. The processes up
    /// to the number `steady` are steady clients, which always want a socket; the sockets of others
    /// are ignored.
    pub fn new(history: &History, until_us: u64, steady: u32) -> Self {
        let mut collector = Collector { steady, ..Collector::default() };
        for entry in history.0.iter().take_while(|entry| entry.at_us <= until_us) {
            collector.add(entry.at_us, entry.process, &entry.event);
            collector.timings.end_us = entry.at_us;
        }
        collector.finish()
    }
}

#[derive(Default)]
struct Collector {
    /// The highest process number of a steady client.
    steady: u32,
    timings: Timings,
    /// When each message was sent for the first time.
    sent_us: HashMap<ClientId, u64>,
    acked: HashSet<ClientId>,
    delivered: HashSet<(u32, ClientId)>,
    /// Processes that were removed from a room and are not members again yet.
    removed: HashSet<(u32, RoomId)>,
    /// When a removed process became a member again.
    rejoined_us: HashMap<(u32, RoomId), u64>,
    /// The deliveries to each process, also to readers that paused.
    deliveries: Vec<(u32, Interval)>,
    clients: HashMap<u32, ClientState>,
    /// When each fault without an end began.
    active_faults: HashMap<String, u64>,
}

#[derive(Default)]
struct ClientState {
    /// Whether the client has a socket that received `welcome`.
    is_welcomed: bool,
    is_reader: bool,
    has_paused: bool,
    is_connected: bool,
    /// When the client lost its socket; `None` once it is connected again.
    lost_us: Option<u64>,
    /// When the client last resumed reading, until a reconnect counts from there.
    resumed_us: Option<u64>,
}

impl Collector {
    fn add(&mut self, at_us: u64, process: u32, event: &Event) {
        match event {
            Event::Send { draft, .. } => {
                let first_us = *self.sent_us.entry(draft.client_id).or_insert(at_us);
                self.timings.sends.extend((first_us == at_us).then_some(at_us));
            }
            Event::Ack { client_id, .. } => {
                if let Some(interval) = self.since_sent(*client_id, at_us)
                    && self.acked.insert(*client_id)
                {
                    self.timings.acks.push(interval);
                }
            }
            Event::Change { row: ChangedRow::Message(message), .. } => {
                self.add_delivery(at_us, process, message.room, message.client_id);
            }
            Event::LeftRoom { room, .. } => {
                self.removed.insert((process, *room));
            }
            Event::Nack { code, .. } | Event::Refused { code, .. } => {
                self.timings.refusals.push((at_us, *code));
            }
            Event::Fault { name, phase } if process == RIG => self.add_fault(at_us, name, *phase),
            _ if process <= self.steady => self.add_socket_event(at_us, process, event),
            _ => {}
        }
    }

    /// Adds the first delivery of a message to a process. A message that was sent before the
    /// process joined again does not count, because its delivery is not late.
    fn add_delivery(&mut self, at_us: u64, process: u32, room: RoomId, id: ClientId) {
        self.add_rejoin(at_us, process, room);
        let member_since_us = self.rejoined_us.get(&(process, room)).copied().unwrap_or(0);
        if let Some(interval) = self.since_sent(id, at_us)
            && self.delivered.insert((process, id))
            && interval.start_us >= member_since_us
        {
            self.deliveries.push((process, interval));
        }
    }

    fn add_rejoin(&mut self, at_us: u64, process: u32, room: RoomId) {
        if self.removed.remove(&(process, room)) {
            self.rejoined_us.insert((process, room), at_us);
        }
    }

    fn add_socket_event(&mut self, at_us: u64, process: u32, event: &Event) {
        match event {
            Event::Subscribed { room, .. } | Event::Gap { room, .. } => {
                self.add_rejoin(at_us, process, *room);
                self.set_connected(at_us, process);
            }
            Event::Connect { .. } => self.set_disconnected(at_us, process),
            Event::Welcome => {
                let client = self.client(process);
                client.is_welcomed = true;
                if !client.is_reader {
                    self.set_connected(at_us, process);
                }
            }
            Event::Subscribe { .. } => self.client(process).is_reader = true,
            Event::Closed { code } => {
                // A failed attempt to connect is not the end of a socket.
                if std::mem::take(&mut self.client(process).is_welcomed) {
                    self.timings.closes.push((at_us, *code));
                }
                self.set_disconnected(at_us, process);
            }
            Event::ReadPaused => self.client(process).has_paused = true,
            Event::ReadResumed => self.client(process).resumed_us = Some(at_us),
            _ => {}
        }
    }

    fn client(&mut self, process: u32) -> &mut ClientState {
        self.clients.entry(process).or_default()
    }

    /// The time since a message was sent for the first time; `None` for other messages.
    fn since_sent(&self, id: ClientId, at_us: u64) -> Option<Interval> {
        let start_us = *self.sent_us.get(&id)?;
        Some(Interval { start_us, took_us: at_us - start_us })
    }

    fn set_connected(&mut self, at_us: u64, process: u32) {
        let Self { clients, timings, .. } = self;
        let client = clients.entry(process).or_default();
        let since = |start_us| Interval { start_us, took_us: at_us - start_us };
        if let Some(lost_us) = client.lost_us.take() {
            timings.reconnects.push(since(lost_us));
            timings.reconnects_after_pause.extend(client.resumed_us.take().map(since));
        }
        if !std::mem::replace(&mut client.is_connected, true) {
            timings.connection_changes.push((at_us, 1));
        }
    }

    /// Of several failures in a row, only the first one counts.
    fn set_disconnected(&mut self, at_us: u64, process: u32) {
        let client = self.client(process);
        if std::mem::replace(&mut client.is_connected, false) {
            client.lost_us = Some(at_us);
            self.timings.connection_changes.push((at_us, -1));
        }
    }

    fn add_fault(&mut self, at_us: u64, name: &str, phase: FaultPhase) {
        match phase {
            FaultPhase::Begin => drop(self.active_faults.insert(name.to_owned(), at_us)),
            FaultPhase::End => {
                if let Some((name, from_us)) = self.active_faults.remove_entry(name) {
                    self.timings.faults.push(FaultPeriod { name, from_us, to_us: at_us });
                }
            }
        }
    }

    fn finish(self) -> Timings {
        let Self { mut timings, clients, deliveries, active_faults, .. } = self;
        let has_paused = |process: &u32| clients.get(process).is_some_and(|one| one.has_paused);
        timings.paused = clients.keys().filter(|process| has_paused(process)).count();
        let unpaused = deliveries.into_iter().filter(|(process, _)| !has_paused(process));
        timings.deliveries = unpaused.map(|(_, interval)| interval).collect();
        let to_us = timings.end_us;
        let active = active_faults.into_iter();
        timings.faults.extend(active.map(|(name, from_us)| FaultPeriod { name, from_us, to_us }));
        timings.faults.sort_by_key(|fault| fault.from_us);
        let lost = clients.iter().filter(|(_, client)| client.lost_us.is_some());
        timings.never_reconnected = lost.map(|(process, _)| *process).collect();
        timings.never_reconnected.sort_unstable();
        timings
    }
}

/// The durations of the intervals that start in a period.
pub fn durations_within(intervals: &[Interval], period_us: &Range<u64>) -> Vec<u64> {
    let within = intervals.iter().filter(|interval| period_us.contains(&interval.start_us));
    within.map(|interval| interval.took_us).collect()
}
