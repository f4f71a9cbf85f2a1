//! The report of a run: the verdict, measurements, violations, and a chart over time.

mod chart;
mod summary;
#[cfg(test)]
mod tests;
mod time_series;
mod timings;

pub use summary::{Measurement, Report};
pub use timings::{FaultPeriod, Interval, Timings, durations_within};
