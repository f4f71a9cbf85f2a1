//! A history cut into equal slices of time.

use super::samples::{Band, Sample, Samples, quantile};

/// The shortest slice, in microseconds.
const SLICE_US: u64 = 100_000;
/// More slices than this are not seen apart in a picture.
const SLICES: u64 = 500;

/// What happened, slice by slice.
#[derive(Clone, Debug)]
pub struct Series {
    /// The length of a slice, in microseconds.
    pub slice_us: u64,
    /// Messages sent, per second.
    pub sends: Vec<f64>,
    /// Messages that reached a reader, each reader counted, per second.
    pub deliveries: Vec<f64>,
    /// The ack p99 of what was sent in the slice, in milliseconds; none where nothing was acked.
    pub ack_p99_ms: Vec<Option<f64>>,
    /// The same for deliveries.
    pub delivery_p99_ms: Vec<Option<f64>>,
    /// People who were there at the end of the slice.
    pub here: Vec<f64>,
    /// What was broken.
    pub bands: Vec<Band>,
}

impl Series {
    /// Slices of 100 ms, or longer ones if the run was long.
    pub fn of(samples: &Samples) -> Self {
        let slice_us = SLICE_US * samples.end_us.div_ceil(SLICE_US * SLICES).max(1);
        let count = (samples.end_us / slice_us + 1) as usize;
        let slice = |at_us: u64| (at_us / slice_us) as usize;
        let per_second = |times: &mut dyn Iterator<Item = u64>| {
            let mut slices = vec![0.0; count];
            times.for_each(|at_us| slices[slice(at_us)] += 1e6 / slice_us as f64);
            slices
        };
        let p99_ms = |samples: &[Sample]| {
            let mut slices = vec![Vec::new(); count];
            samples.iter().for_each(|one| slices[slice(one.began_us)].push(one.took_us));
            let p99 = |times| quantile(times, 0.99).map(|us| us as f64 / 1e3);
            slices.into_iter().map(p99).collect::<Vec<_>>()
        };
        let arrivals = samples.deliveries.iter().map(|one| one.began_us + one.took_us);
        let mut here = vec![0.0; count];
        for (at_us, change) in &samples.presence {
            here[slice(*at_us)..].iter_mut().for_each(|n| *n += f64::from(*change));
        }
        Self {
            slice_us,
            sends: per_second(&mut samples.sends.iter().copied()),
            deliveries: per_second(&mut { arrivals }),
            ack_p99_ms: p99_ms(&samples.acks),
            delivery_p99_ms: p99_ms(&samples.deliveries),
            here,
            bands: samples.bands.clone(),
        }
    }

    /// The length of the run, in seconds.
    pub fn seconds(&self) -> f64 {
        self.sends.len() as f64 * self.slice_us as f64 / 1e6
    }
}
