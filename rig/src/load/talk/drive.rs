//! Sends, by a fixed schedule or as fast as answers come, and counts what becomes of it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::Result;
use shared::ids::RoomId;

use super::{
    figures::{Figures, Taken},
    progress::Progress,
    words::Words,
};
use crate::load::{
    client::{Crowd, Role, wire::Stamp},
    ground::{
        Target,
        resources::{Usage, thread_time},
    },
};

/// Messages that are late are sent so many at a time, then it is listened.
const BURST: usize = 64;
/// Waiting is done by the kernel, in milliseconds, except for what is less than this.
const SPIN_US: u64 = 1_500;
/// When nothing has come for this long at the end, what has not come is lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// When messages are sent.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many a second in all, whatever comes back.
    Open(f64),
    /// So many in flight in all.
    Closed {
        /// How many.
        window: usize,
        /// In flight until everybody has it, and not only until the ack.
        is_whole: bool,
    },
}

/// One load.
pub struct Drive<'a> {
    /// Whom it loads.
    pub target: &'a Target,
    /// Subscribers first, then `speakers` speakers, all live.
    pub crowd: &'a mut Crowd,
    /// Where the speakers are among the sockets.
    pub speakers: std::ops::Range<usize>,
    /// The rooms, each spoken to in turn.
    pub rooms: &'a [RoomId],
    /// Subscribers of each.
    pub subscribers: usize,
    /// When messages are sent.
    pub pace: Pace,
    /// Length of a text, in bytes.
    pub bytes: usize,
}

/// Where a run is.
#[derive(Default)]
struct Run {
    /// Messages sent so far.
    sent: usize,
    /// The speaker of each message that is waited for.
    speakers: HashMap<usize, usize>,
    /// The newest change of each room that was acknowledged.
    heads: HashMap<i64, i64>,
    words: Words,
    /// Processor time spent waiting for a moment by asking again and again, since the measuring began.
    spun: Duration,
    is_over: bool,
}

/// What had been used when the measuring began.
struct Before {
    at: Instant,
    server: Option<Usage>,
    client: Usage,
}

impl Drive<'_> {
    /// Runs it. The answer has yet to be named.
    pub fn run(mut self, warm_up: Duration, measured: Duration) -> Result<Figures> {
        let mut run = Run { words: Words::new(self.bytes), ..Run::default() };
        if let Pace::Closed { is_whole: true, .. } = self.pace {
            self.crowd.awaited = Some(Vec::new());
        }
        self.fill_window(&mut run);
        let began_us = self.crowd.now_us();
        self.until(&mut run, began_us, Instant::now() + warm_up, "warming up")?;
        self.crowd.tally.begin();
        run.spun = Duration::ZERO;
        let before = Before::look(self.target)?;
        self.until(&mut run, began_us, Instant::now() + measured, "measuring")?;
        let mut figures = self.figures(&before, run.spun)?;
        let drained = self.drain(&mut run)?;
        figures.drained_ms = drained.as_secs_f64() * 1_000.0;
        figures.blame(&self.crowd.tally.faults);
        figures.lost = self.lost(&run);
        Ok(figures)
    }

    fn fill_window(&mut self, run: &mut Run) {
        if let Pace::Closed { window, .. } = self.pace {
            for nth in 0..window {
                let speaker = self.speakers.start + nth % self.speakers.len();
                self.say(run, speaker, self.crowd.now_us());
            }
        }
    }

    fn until(&mut self, run: &mut Run, began_us: u64, end: Instant, doing: &str) -> Result<()> {
        let mut progress = Progress::new(doing, &self.crowd.tally);
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            progress.tell(now, &self.crowd.tally);
            let wait = end.min(progress.next).saturating_duration_since(now);
            let wait = match self.pace {
                Pace::Open(rate) => wait.min(self.send_due(run, began_us, rate)),
                Pace::Closed { .. } => wait,
            };
            if wait.is_zero() {
                let before = thread_time()?;
                if !self.crowd.turn(wait)? {
                    run.spun += thread_time()? - before;
                }
            } else {
                self.crowd.turn(wait)?;
            }
            self.take_answers(run);
        }
    }

    /// Sends what the schedule says; how long there is nothing to do then.
    fn send_due(&mut self, run: &mut Run, began_us: u64, rate: f64) -> Duration {
        for _ in 0..BURST {
            let due_us = began_us + (run.sent as f64 * 1e6 / rate) as u64;
            let wait_us = due_us.saturating_sub(self.crowd.now_us());
            if wait_us > SPIN_US {
                return Duration::from_micros(wait_us - SPIN_US / 2);
            }
            if wait_us > 0 {
                break;
            }
            let speaker = self.speakers.start + run.sent % self.speakers.len();
            self.say(run, speaker, due_us);
        }
        Duration::ZERO
    }

    fn take_answers(&mut self, run: &mut Run) {
        for (room, rev) in self.crowd.acked.drain(..) {
            let head = run.heads.entry(room).or_default();
            *head = rev.max(*head);
        }
        let answered = std::mem::take(&mut self.crowd.answered);
        let complete = std::mem::take(&mut self.crowd.complete);
        match self.pace {
            Pace::Open(_) => {}
            Pace::Closed { is_whole: false, .. } => {
                for speaker in answered {
                    self.say(run, speaker, self.crowd.now_us());
                }
            }
            Pace::Closed { is_whole: true, .. } => {
                for nth in complete {
                    if let Some(speaker) = run.speakers.remove(&nth) {
                        self.say(run, speaker, self.crowd.now_us());
                    }
                }
            }
        }
    }

    fn say(&mut self, run: &mut Run, speaker: usize, at_us: u64) {
        if run.is_over {
            return;
        }
        let nth = run.sent;
        run.sent += 1;
        if let Some(awaited) = &mut self.crowd.awaited {
            awaited.push(self.subscribers as u32);
            run.speakers.insert(nth, speaker);
        }
        let room = self.rooms[nth % self.rooms.len()];
        self.crowd.say(speaker, run.words.frame(room, Stamp { at_us, nth }));
    }

    fn figures(&self, before: &Before, spun: Duration) -> Result<Figures> {
        let tally = &self.crowd.tally;
        let apart = before.at.elapsed();
        let per_s = |count: u64| count as f64 / apart.as_secs_f64();
        let taken = |before, after| Taken::between(before, after, apart, tally.deliveries);
        let server = before.server.zip(self.target.usage()?);
        let mut client = Usage::ours()?;
        client.cpu = client.cpu.saturating_sub(spun);
        Ok(Figures {
            target: String::new(),
            load: String::new(),
            seconds: apart.as_secs_f64(),
            sends_per_s: per_s(tally.sends),
            acks_per_s: per_s(tally.acks),
            deliveries_per_s: per_s(tally.deliveries),
            ack: (&tally.ack_us).into(),
            delivery: (&tally.delivery_us).into(),
            drained_ms: 0.0,
            lost: 0,
            duplicated: 0,
            misordered: 0,
            gaps: 0,
            refused: 0,
            closed: 0,
            complaint: None,
            server: server.map(|(before, after)| taken(before, after)),
            client: taken(before.client, client),
        })
    }

    /// Sends nothing more, and listens until everything has come; how long that took.
    fn drain(&mut self, run: &mut Run) -> Result<Duration> {
        run.is_over = true;
        let began = Instant::now();
        let mut last = (0, began);
        loop {
            let tally = &self.crowd.tally;
            let heard = tally.heard + tally.stored + tally.faults.refused;
            if heard > last.0 {
                last = (heard, Instant::now());
            }
            let is_answered = tally.stored + tally.faults.refused >= run.sent as u64;
            let is_heard = tally.heard >= tally.stored * self.subscribers as u64;
            if is_answered && is_heard || last.1.elapsed() > PATIENCE {
                return Ok(last.1 - began);
            }
            self.crowd.turn(Duration::from_millis(100))?;
            self.take_answers(run);
        }
    }

    fn lost(&self, run: &Run) -> u64 {
        let lost = self.crowd.conns().iter().map(|conn| match &conn.role {
            Role::Subscriber { room, follow } => {
                follow.lost(run.heads.get(&room.0).copied().unwrap_or_default())
            }
            Role::Speaker => 0,
        });
        lost.sum()
    }
}

impl Before {
    fn look(target: &Target) -> Result<Self> {
        Ok(Self { at: Instant::now(), server: target.usage()?, client: Usage::ours()? })
    }
}
