//! How fast it is, while it runs.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::Serialize;
use shared::ids::ClientId;

/// The width of a window.
pub const WINDOW: Duration = Duration::from_millis(100);

/// Which of the two latencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From the first attempt of a message to its first ack, over all retries; by the time of the
    /// ack.
    Ack,
    /// From the first attempt of a message to each reader who is not of the slow and narrow ones;
    /// by the time of the delivery.
    Delivery,
}

/// Latencies of a tenth of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// When it began, since the run began.
    pub at: Duration,
    /// How they were.
    #[serde(flatten)]
    pub summary: Summary,
}

/// Latencies of some time; zero where there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many.
    pub count: usize,
    /// Half were not above this.
    pub p50: Duration,
    /// 99 of 100.
    pub p99: Duration,
    /// 999 of 1 000.
    pub p999: Duration,
    /// The greatest.
    pub max: Duration,
}

impl Summary {
    fn of(mut us: Vec<u32>) -> Self {
        us.sort_unstable();
        let at = |share: f64| {
            let rank = (us.len() as f64 * share).ceil() as usize;
            us.get(rank.max(1) - 1)
                .map_or(Duration::ZERO, |us| Duration::from_micros(u64::from(*us)))
        };
        Self { count: us.len(), p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}

/// Counts and latencies of a run.
#[derive(Default)]
pub struct Meter {
    acks: AtomicU64,
    deliveries: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When each message was first sent, in microseconds.
    sent: HashMap<ClientId, u64>,
    unacked: HashSet<ClientId>,
    /// Microseconds, by window.
    acks: Vec<Vec<u32>>,
    deliveries: Vec<Vec<u32>>,
}

impl State {
    fn add(&mut self, measure: Measure, client_id: ClientId, at_us: u64, since_us: u64) {
        let Some(sent) = self.sent.get(&client_id).filter(|sent| **sent >= since_us) else {
            return;
        };
        let latency = u32::try_from(at_us.saturating_sub(*sent)).unwrap_or(u32::MAX);
        let nth = (at_us / WINDOW.as_micros() as u64) as usize;
        let windows = self.windows(measure);
        if windows.len() <= nth {
            windows.resize_with(nth + 1, Vec::new);
        }
        windows[nth].push(latency);
    }

    fn windows(&mut self, measure: Measure) -> &mut Vec<Vec<u32>> {
        match measure {
            Measure::Ack => &mut self.acks,
            Measure::Delivery => &mut self.deliveries,
        }
    }
}

impl Meter {
    /// A message sets out, for the first time.
    pub fn sent(&self, client_id: ClientId, at_us: u64) {
        let mut state = self.state();
        state.sent.insert(client_id, at_us);
        state.unacked.insert(client_id);
    }

    /// Its ack came; only the first counts.
    pub fn acked(&self, client_id: ClientId, at_us: u64) {
        let mut state = self.state();
        if state.unacked.remove(&client_id) {
            self.acks.fetch_add(1, Relaxed);
            state.add(Measure::Ack, client_id, at_us, 0);
        }
    }

    /// A change came to a reader.
    pub fn delivered(&self) {
        self.deliveries.fetch_add(1, Relaxed);
    }

    /// That was a message new to a reader who has been there since `since_us`.
    pub fn received(&self, client_id: ClientId, at_us: u64, since_us: u64) {
        self.state().add(Measure::Delivery, client_id, at_us, since_us);
    }

    /// Messages acknowledged so far.
    pub fn acks(&self) -> u64 {
        self.acks.load(Relaxed)
    }

    /// Changes that came to readers so far.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Relaxed)
    }

    /// Each window from the one that holds `since` on, empty ones included.
    pub fn windows(&self, measure: Measure, since: Duration) -> Vec<Window> {
        let first = (since.as_micros() / WINDOW.as_micros()) as usize;
        let mut state = self.state();
        let windows = state.windows(measure).iter().enumerate().skip(first);
        let window = |(nth, us): (usize, &Vec<u32>)| Window {
            at: WINDOW * nth as u32,
            summary: Summary::of(us.clone()),
        };
        windows.map(window).collect()
    }

    /// All latencies of the windows that begin from one time up to before another.
    pub fn summary(&self, measure: Measure, from: Duration, to: Duration) -> Summary {
        let nth = |at: Duration| at.as_micros().div_ceil(WINDOW.as_micros()) as usize;
        let mut state = self.state();
        let windows = state.windows(measure);
        let to = nth(to).min(windows.len());
        let windows = &windows[nth(from).min(to)..to];
        Summary::of(windows.iter().flatten().copied().collect())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn latencies_are_counted_where_they_end() {
        let (meter, ms) = (Meter::default(), Duration::from_millis);
        for nth in 0..100u64 {
            let name = ClientId(Uuid::from_u128(u128::from(nth)));
            meter.sent(name, 50_000);
            meter.acked(name, 250_000 + nth * 1_000);
            meter.acked(name, 900_000);
            meter.received(name, 260_000, 50_001);
        }
        assert_eq!((meter.acks(), meter.deliveries()), (100, 0));
        let all = meter.summary(Measure::Ack, ms(0), ms(1_000));
        assert_eq!((all.count, all.p50, all.p99, all.max), (100, ms(249), ms(298), ms(299)));
        let windows = meter.windows(Measure::Ack, ms(150));
        let counts: Vec<_> = windows.iter().map(|w| (w.at, w.summary.count)).collect();
        assert_eq!(counts, [(ms(100), 0), (ms(200), 50), (ms(300), 50)]);
        assert_eq!(meter.summary(Measure::Ack, ms(300), ms(400)).count, 50);
        assert_eq!(meter.summary(Measure::Delivery, ms(0), ms(1_000)), Summary::default());
    }
}
