//! The result of a load run, as text and JSON.

use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{
    load::client::counters::{Errors, Histogram},
    services::Usage,
};

/// The distribution of a latency, in milliseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl From<&Histogram> for Latency {
    fn from(us: &Histogram) -> Self {
        let ms = |quantile| us.value_at_quantile(quantile) as f64 / 1_000.0;
        let max_ms = us.max() as f64 / 1_000.0;
        Self { p50_ms: ms(0.5), p99_ms: ms(0.99), p999_ms: ms(0.999), max_ms }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50_ms, p99_ms, p999_ms, max_ms } = self;
        write!(f, "p50 {p50_ms:.2} ms, p99 {p99_ms:.2}, p99.9 {p999_ms:.2}, max {max_ms:.2}")
    }
}

/// The resources that a process used during a measurement.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceUse {
    /// Processor time, as a share of one core.
    pub cores: f64,
    /// Processor time for a million deliveries, in seconds; `None` without deliveries.
    pub s_per_million: Option<f64>,
    /// Resident memory at the end, in MiB.
    pub rss_mib: f64,
}

impl ResourceUse {
    pub fn between(before: Usage, after: Usage, elapsed: Duration, deliveries: u64) -> Self {
        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        Self {
            cores: cpu / elapsed.as_secs_f64(),
            s_per_million: (deliveries > 0).then(|| cpu / deliveries as f64 * 1e6),
            rss_mib: after.rss_kib as f64 / 1_024.0,
        }
    }
}

/// The result of one load run on one target.
#[derive(Clone, Debug, Serialize)]
pub struct LoadResult {
    pub target: String,
    /// The load as text.
    pub load: String,
    /// The length of the measurement, in seconds.
    pub seconds: f64,
    pub sends_per_s: f64,
    pub acks_per_s: f64,
    /// To all subscribers together.
    pub deliveries_per_s: f64,
    /// From the scheduled time of a message to its ack.
    pub ack: Latency,
    /// From the scheduled time of a message to each delivery.
    pub delivery: Latency,
    /// From the last message to the last delivery, in milliseconds.
    pub drained_ms: f64,
    /// Deliveries that never came.
    pub lost: u64,
    /// Deliveries that came twice.
    pub duplicated: u64,
    /// Deliveries that came after later ones.
    pub misordered: u64,
    /// Deliveries that `gap` frames replaced.
    pub gaps: u64,
    /// Messages that were refused.
    pub refused: u64,
    /// Sockets that the server closed.
    pub closed: u64,
    /// The first error message.
    pub first_error: Option<String>,
    /// The target's process; `None` if it is unknown.
    pub server: Option<ResourceUse>,
    /// The rig's process, less the time it spins while it waits. If this is near one core, the load
    /// generator is the bottleneck.
    pub client: ResourceUse,
}

impl LoadResult {
    /// Whether there were no errors.
    pub fn is_clean(&self) -> bool {
        let Self { lost, duplicated, misordered, gaps, refused, closed, .. } = self;
        [lost, duplicated, misordered, gaps, refused, closed].into_iter().all(|count| *count == 0)
            && self.first_error.is_none()
    }

    pub fn set_errors(&mut self, errors: &Errors) {
        self.duplicated = errors.duplicated;
        self.misordered = errors.misordered;
        self.gaps = errors.gaps;
        self.refused = errors.refused;
        self.closed = errors.closed;
        self.first_error.clone_from(&errors.first_message);
    }
}

impl fmt::Display for LoadResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}, {:.0} s", self.target, self.load, self.seconds)?;
        writeln!(f, "  deliveries/s   {:.0}", self.deliveries_per_s)?;
        writeln!(f, "  sends/s        {:.0} ({:.0} acks/s)", self.sends_per_s, self.acks_per_s)?;
        writeln!(f, "  delivery       {}", self.delivery)?;
        writeln!(f, "  ack            {}", self.ack)?;
        writeln!(
            f,
            "  errors         {} lost, {} duplicated, {} misordered, {} in gaps, {} refused, \
             {} sockets closed",
            self.lost, self.duplicated, self.misordered, self.gaps, self.refused, self.closed
        )?;
        writeln!(f, "  drained        {:.0} ms after the last message", self.drained_ms)?;
        for (name, used) in [("server", self.server.as_ref()), ("client", Some(&self.client))] {
            let Some(ResourceUse { cores, s_per_million, rss_mib }) = used else { continue };
            write!(f, "  {name:<14} {:.0} % of a core", cores * 100.0)?;
            if let Some(s) = s_per_million {
                write!(f, ", {s:.2} CPU-seconds per million deliveries")?;
            }
            writeln!(f, ", {rss_mib:.1} MiB")?;
        }
        match &self.first_error {
            Some(message) => writeln!(f, "  first error    {message}"),
            None => Ok(()),
        }
    }
}
