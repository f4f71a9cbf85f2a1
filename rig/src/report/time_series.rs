//! The timings of a run in equal time slices, for the chart.

use super::timings::{FaultPeriod, Interval, Timings};
use crate::stats::quantile;

/// The minimum length of a slice, in microseconds.
const MIN_SLICE_US: u64 = 100_000;
/// A chart cannot show more slices than this.
const MAX_SLICES: u64 = 500;

#[derive(Clone, Debug)]
pub struct TimeSeries {
    /// The length of a slice, in microseconds.
    pub slice_us: u64,
    /// Sent messages a second.
    pub sends: Vec<f64>,
    /// Deliveries a second, to all readers together.
    pub deliveries: Vec<f64>,
    /// The ack p99 of the messages that were sent in the slice, in milliseconds; `None` without
    /// acks.
    pub ack_p99_ms: Vec<Option<f64>>,
    /// The delivery p99 of the messages that were sent in the slice, in milliseconds.
    pub delivery_p99_ms: Vec<Option<f64>>,
    /// Connected clients at the end of the slice.
    pub connected: Vec<f64>,
    pub faults: Vec<FaultPeriod>,
}

impl TimeSeries {
    pub fn new(timings: &Timings) -> Self {
        let slice_us = MIN_SLICE_US * timings.end_us.div_ceil(MIN_SLICE_US * MAX_SLICES).max(1);
        let count = (timings.end_us / slice_us + 1) as usize;
        let slice = |at_us: u64| (at_us / slice_us) as usize;
        let per_second = |times: &mut dyn Iterator<Item = u64>| {
            let mut slices = vec![0.0; count];
            times.for_each(|at_us| slices[slice(at_us)] += 1e6 / slice_us as f64);
            slices
        };
        let p99_ms = |intervals: &[Interval]| {
            let mut slices = vec![Vec::new(); count];
            intervals.iter().for_each(|one| slices[slice(one.start_us)].push(one.took_us));
            let p99 = |times| quantile(times, 0.99).map(|us| us as f64 / 1e3);
            slices.into_iter().map(p99).collect::<Vec<_>>()
        };
        let mut connected = vec![0.0; count];
        for (at_us, change) in &timings.connection_changes {
            connected[slice(*at_us)..].iter_mut().for_each(|n| *n += f64::from(*change));
        }
        Self {
            slice_us,
            sends: per_second(&mut timings.sends.iter().copied()),
            deliveries: per_second(&mut timings.deliveries.iter().map(Interval::end_us)),
            ack_p99_ms: p99_ms(&timings.acks),
            delivery_p99_ms: p99_ms(&timings.deliveries),
            connected,
            faults: timings.faults.clone(),
        }
    }

    /// The length of the run, in seconds.
    pub fn seconds(&self) -> f64 {
        self.sends.len() as f64 * self.slice_us as f64 / 1e6
    }
}
