//! Sends the messages of a load, measures, and waits for the last deliveries.

use std::{
    collections::HashMap,
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    LoadSpec,
    load_result::{LoadResult, ResourceUse},
    progress::Progress,
};
use crate::{
    load::{
        client::{ClientPool, Role, wire::Stamp},
        cores::thread_time,
        setup::Setup,
        text::SendFrameEncoder,
    },
    services::Usage,
};

/// The maximum number of late messages that are sent before the next poll.
const BURST: usize = 64;
/// Waits of at most this many microseconds spin instead of sleeping, because a sleep may take
/// longer.
const SPIN_US: u64 = 1_500;
/// After this long without a reply or delivery at the end, the missing ones count as lost.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// The timing of the messages.
#[derive(Clone, Copy, Debug)]
pub enum Pacing {
    /// Open loop: this many messages a second, however late the replies are.
    Open(f64),
    /// Closed loop: always `window` messages in flight.
    Closed {
        window: usize,
        /// A message is in flight until its last delivery instead of its ack.
        until_delivered: bool,
    },
}

pub struct Driver<'a> {
    spec: &'a LoadSpec,
    setup: &'a Setup,
    /// All its connections are live.
    pool: &'a mut ClientPool,
    /// The indexes of the senders among the connections.
    senders: Range<usize>,
    frames: SendFrameEncoder,
    /// The number of messages sent so far.
    sent_count: usize,
    /// The sender of each message whose deliveries are pending.
    sender_by_message: HashMap<usize, usize>,
    /// The newest acknowledged rev of each room.
    heads: HashMap<i64, i64>,
    /// The processor time that spinning has used since the measurement began.
    spin_time: Duration,
    is_draining: bool,
}

/// The resource usage at the start of the measurement.
struct UsageBefore {
    at: Instant,
    server: Option<Usage>,
    client: Usage,
}

impl<'a> Driver<'a> {
    pub fn new(
        spec: &'a LoadSpec,
        setup: &'a Setup,
        pool: &'a mut ClientPool,
        senders: Range<usize>,
    ) -> Self {
        Self {
            spec,
            setup,
            pool,
            senders,
            frames: SendFrameEncoder::new(spec.text_bytes),
            sent_count: 0,
            sender_by_message: HashMap::new(),
            heads: HashMap::new(),
            spin_time: Duration::ZERO,
            is_draining: false,
        }
    }

    pub fn run(mut self) -> Result<LoadResult> {
        if let Pacing::Closed { until_delivered: true, .. } = self.spec.pacing {
            self.pool.pending_deliveries = Some(Vec::new());
        }
        self.fill_window();
        let start_us = self.pool.now_us();
        self.run_until(Instant::now() + self.spec.warm_up, start_us, "warming up")?;
        self.pool.counters.reset();
        self.spin_time = Duration::ZERO;
        let (server, client) = (self.setup.usage()?, Usage::of(std::process::id())?);
        let before = UsageBefore { at: Instant::now(), server, client };
        self.run_until(Instant::now() + self.spec.measured, start_us, "measuring")?;
        let mut result = self.result(&before)?;
        result.drained_ms = self.drain()?.as_secs_f64() * 1_000.0;
        result.set_errors(&self.pool.counters.errors);
        result.lost = self.count_lost();
        Ok(result)
    }

    /// Sends the first messages of a closed loop.
    fn fill_window(&mut self) {
        if let Pacing::Closed { window, .. } = self.spec.pacing {
            for nth in 0..window {
                let sender = self.senders.start + nth % self.senders.len();
                self.send(sender, self.pool.now_us());
            }
        }
    }

    /// Sends messages and handles replies until `end`. `start_us` is the start of the schedule.
    fn run_until(&mut self, end: Instant, start_us: u64, activity: &str) -> Result<()> {
        let mut progress = Progress::new(activity, &self.pool.counters);
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            progress.print_if_due(now, &self.pool.counters);
            let wait = end.min(progress.next).saturating_duration_since(now);
            let wait = match self.spec.pacing {
                Pacing::Open(rate) => wait.min(self.send_due(start_us, rate)),
                Pacing::Closed { .. } => wait,
            };
            if wait.is_zero() {
                let before = thread_time()?;
                if !self.pool.poll(wait)? {
                    self.spin_time += thread_time()? - before;
                }
            } else {
                self.pool.poll(wait)?;
            }
            self.handle_replies();
        }
    }

    /// Sends the messages that are due, and returns the time until the next one.
    fn send_due(&mut self, start_us: u64, rate: f64) -> Duration {
        for _ in 0..BURST {
            let due_us = start_us + (self.sent_count as f64 * 1e6 / rate) as u64;
            let wait_us = due_us.saturating_sub(self.pool.now_us());
            if wait_us > SPIN_US {
                return Duration::from_micros(wait_us - SPIN_US / 2);
            }
            if wait_us > 0 {
                break;
            }
            let sender = self.senders.start + self.sent_count % self.senders.len();
            self.send(sender, due_us);
        }
        Duration::ZERO
    }

    /// Handles acks and deliveries. In a closed loop each of them sends the next message.
    fn handle_replies(&mut self) {
        for (room, rev) in self.pool.acked_revs.drain(..) {
            let head = self.heads.entry(room).or_default();
            *head = rev.max(*head);
        }
        let replied = std::mem::take(&mut self.pool.replied_senders);
        let delivered = std::mem::take(&mut self.pool.fully_delivered);
        match self.spec.pacing {
            Pacing::Open(_) => {}
            Pacing::Closed { until_delivered: false, .. } => {
                for sender in replied {
                    self.send(sender, self.pool.now_us());
                }
            }
            Pacing::Closed { until_delivered: true, .. } => {
                for message in delivered {
                    if let Some(sender) = self.sender_by_message.remove(&message) {
                        self.send(sender, self.pool.now_us());
                    }
                }
            }
        }
    }

    fn send(&mut self, sender: usize, scheduled_us: u64) {
        if self.is_draining {
            return;
        }
        let index = self.sent_count;
        self.sent_count += 1;
        if let Some(pending) = &mut self.pool.pending_deliveries {
            pending.push(self.spec.subscribers as u32);
            self.sender_by_message.insert(index, sender);
        }
        let room = self.setup.fixture.rooms[index % self.spec.rooms];
        self.pool.send(sender, self.frames.encode(room, Stamp { scheduled_us, index }));
    }

    fn result(&self, before: &UsageBefore) -> Result<LoadResult> {
        let counters = &self.pool.counters;
        let elapsed = before.at.elapsed();
        let per_s = |count: u64| count as f64 / elapsed.as_secs_f64();
        let between =
            |before, after| ResourceUse::between(before, after, elapsed, counters.deliveries);
        let server = before.server.zip(self.setup.usage()?);
        let mut client = Usage::of(std::process::id())?;
        client.cpu = client.cpu.saturating_sub(self.spin_time);
        Ok(LoadResult {
            target: self.setup.name.into(),
            load: self.spec.to_string(),
            seconds: elapsed.as_secs_f64(),
            sends_per_s: per_s(counters.sends),
            acks_per_s: per_s(counters.acks),
            deliveries_per_s: per_s(counters.deliveries),
            ack: (&counters.ack_us).into(),
            delivery: (&counters.delivery_us).into(),
            drained_ms: 0.0,
            lost: 0,
            duplicated: 0,
            misordered: 0,
            gaps: 0,
            refused: 0,
            closed: 0,
            first_error: None,
            server: server.map(|(before, after)| between(before, after)),
            client: between(before.client, client),
        })
    }

    /// Stops sending and waits for all replies and deliveries, or until none comes for 5 s. Returns
    /// the time until the last one.
    fn drain(&mut self) -> Result<Duration> {
        self.is_draining = true;
        let started = Instant::now();
        let (mut received, mut last_received) = (0, started);
        loop {
            let counters = &self.pool.counters;
            let replies = counters.total_acks + counters.errors.refused;
            if counters.total_deliveries + replies > received {
                (received, last_received) = (counters.total_deliveries + replies, Instant::now());
            }
            let all_delivered =
                counters.total_deliveries >= counters.total_acks * self.spec.subscribers as u64;
            let is_complete = replies >= self.sent_count as u64 && all_delivered;
            if is_complete || last_received.elapsed() > DRAIN_TIMEOUT {
                return Ok(last_received - started);
            }
            self.pool.poll(Duration::from_millis(100))?;
            self.handle_replies();
        }
    }

    /// The number of acknowledged changes that subscribers have not received.
    fn count_lost(&self) -> u64 {
        let lost = self.pool.connections().iter().map(|connection| match &connection.role {
            Role::Subscriber { room, revs } => {
                revs.count_lost(self.heads.get(&room.0).copied().unwrap_or_default())
            }
            Role::Sender | Role::Person { .. } => 0,
        });
        lost.sum()
    }
}
