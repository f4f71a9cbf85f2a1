//! What was measured, for people and for programs.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::load::{client::tally::Faults, ground::resources::Usage};

/// A latency's distribution, in milliseconds.
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs)]
pub struct Latency {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl From<&Histogram<u32>> for Latency {
    fn from(us: &Histogram<u32>) -> Self {
        let at = |quantile| us.value_at_quantile(quantile) as f64 / 1_000.0;
        Self {
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: us.max() as f64 / 1_000.0,
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50_ms, p99_ms, p999_ms, max_ms } = self;
        write!(f, "p50 {p50_ms:.2} ms, p99 {p99_ms:.2}, p99.9 {p999_ms:.2}, max {max_ms:.2}")
    }
}

/// What a process took of the machine.
#[derive(Clone, Debug, Serialize)]
pub struct Taken {
    /// Processor time, as a share of one core.
    pub cores: f64,
    /// Processor time for a million deliveries, in seconds; none without deliveries.
    pub s_per_million: Option<f64>,
    /// Memory in RAM at the end, in MiB.
    pub rss_mib: f64,
}

impl Taken {
    /// Between two looks that are so far apart.
    pub fn between(before: Usage, after: Usage, apart: Duration, deliveries: u64) -> Self {
        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        Self {
            cores: cpu / apart.as_secs_f64(),
            s_per_million: (deliveries > 0).then(|| cpu / deliveries as f64 * 1e6),
            rss_mib: after.rss_kib as f64 / 1_024.0,
        }
    }
}

/// One load on one target.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// What was loaded.
    pub target: String,
    /// How.
    pub load: String,
    /// How long it was measured, without warm-up.
    pub seconds: f64,
    /// Messages sent in a second.
    pub sends_per_s: f64,
    /// Messages acknowledged in a second.
    pub acks_per_s: f64,
    /// Deliveries in a second, all subscribers together.
    pub deliveries_per_s: f64,
    /// From when a message was meant to be sent to its ack.
    pub ack: Latency,
    /// From when a message was meant to be sent to each delivery.
    pub delivery: Latency,
    /// After the last message was sent, how long until everything had come, in milliseconds.
    pub drained_ms: f64,
    /// Deliveries that never came.
    pub lost: u64,
    /// Deliveries that came twice.
    pub duplicated: u64,
    /// Deliveries that came after later ones.
    pub misordered: u64,
    /// Deliveries left out by a `gap`.
    pub gaps: u64,
    /// Messages that were refused.
    pub refused: u64,
    /// Sockets that ended early.
    pub closed: u64,
    /// The first complaint.
    pub complaint: Option<String>,
    /// The target's process, if it is known.
    pub server: Option<Taken>,
    /// This process, without its waiting: near one core, the figures are its own and not the
    /// target's.
    pub client: Taken,
}

impl Figures {
    /// Whether anything went wrong.
    pub fn is_clean(&self) -> bool {
        let Self { lost, duplicated, misordered, gaps, refused, closed, .. } = self;
        [lost, duplicated, misordered, gaps, refused, closed].into_iter().all(|count| *count == 0)
            && self.complaint.is_none()
    }

    /// Takes over what went wrong.
    pub fn blame(&mut self, faults: &Faults) {
        self.duplicated = faults.duplicated;
        self.misordered = faults.misordered;
        self.gaps = faults.gaps;
        self.refused = faults.refused;
        self.closed = faults.closed;
        self.complaint.clone_from(&faults.complaint);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, text: String| {
            writeln!(f, "  {name:<14} {text}")
        };
        writeln!(f, "{}: {}, {:.0} s", self.target, self.load, self.seconds)?;
        row(f, "deliveries/s", format!("{:.0}", self.deliveries_per_s))?;
        row(f, "sends/s", format!("{:.0} ({:.0} acks/s)", self.sends_per_s, self.acks_per_s))?;
        row(f, "delivery", self.delivery.to_string())?;
        row(f, "ack", self.ack.to_string())?;
        row(
            f,
            "wrong",
            format!(
                "{} lost, {} duplicated, {} misordered, {} in gaps, {} refused, {} sockets closed",
                self.lost, self.duplicated, self.misordered, self.gaps, self.refused, self.closed
            ),
        )?;
        row(f, "drained", format!("{:.0} ms after the last message", self.drained_ms))?;
        for (name, taken) in [("server", self.server.as_ref()), ("client", Some(&self.client))] {
            let Some(Taken { cores, s_per_million, rss_mib }) = taken else { continue };
            let million = s_per_million
                .map_or(String::new(), |s| format!(", {s:.2} CPU-seconds per million deliveries"));
            row(f, name, format!("{:.0} % of a core{million}, {rss_mib:.1} MiB", cores * 100.0))?;
        }
        match &self.complaint {
            Some(complaint) => row(f, "complaint", complaint.clone()),
            None => Ok(()),
        }
    }
}
