//! The measurements and the report of a run, and the files of the report.

use std::{fmt::Write, fs, path::Path};

use anyhow::Result;

use super::{chart, time_series::TimeSeries, timings::Timings};
use crate::{checker::Violation, stats::format_grouped};

/// The maximum number of violations in a report.
const MAX_VIOLATIONS: usize = 30;

/// A measured value and its upper limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    pub name: String,
    /// In `unit`. `None` if there was nothing to measure, which counts as over the limit.
    pub value: Option<f64>,
    pub limit: f64,
    /// Empty for counts.
    pub unit: &'static str,
}

impl Measurement {
    pub fn new(
        name: impl Into<String>,
        value: impl Into<Option<f64>>,
        limit: f64,
        unit: &'static str,
    ) -> Self {
        Self { name: name.into(), value: value.into(), limit, unit }
    }

    /// The number of occurrences of something that must never happen.
    pub fn never(name: impl Into<String>, count: usize) -> Self {
        Self::new(name, count as f64, 0.0, "")
    }

    pub fn holds(&self) -> bool {
        self.value.is_some_and(|value| value <= self.limit)
    }

    pub fn value_text(&self) -> String {
        self.value.map_or("not measured".into(), |value| self.format_value(value))
    }

    pub fn limit_text(&self) -> String {
        self.format_value(self.limit)
    }

    fn format_value(&self, value: f64) -> String {
        format!("{} {}", format_grouped(value), self.unit).trim_end().to_owned()
    }
}

#[derive(Clone, Debug)]
pub struct Report {
    /// Such as `kill-server on sqlite`.
    pub title: String,
    /// The run in a sentence.
    pub description: String,
    /// The measurements that must be within their limits.
    pub measurements: Vec<Measurement>,
    pub violations: Vec<Violation>,
    /// The error that ended the run early.
    pub failure: Option<String>,
}

impl Report {
    /// Whether the run was complete and the checker found no violation. Measurements do not count.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.failure.is_none()
    }

    /// Whether the report is clean and every measurement is within its limit.
    pub fn is_good(&self) -> bool {
        self.is_clean() && self.measurements.iter().all(Measurement::holds)
    }

    /// Writes `report.md` and `timeline.svg` into a directory.
    pub fn write(&self, dir: &Path, timings: &Timings) -> Result<()> {
        let chart = chart::draw(&self.title, &TimeSeries::new(timings))?;
        fs::write(dir.join("report.md"), self.markdown(timings))?;
        Ok(fs::write(dir.join("timeline.svg"), chart)?)
    }

    fn verdict(&self) -> String {
        let broken = self.measurements.iter().filter(|one| !one.holds()).count();
        match (&self.failure, self.violations.len(), broken) {
            (Some(failure), ..) => format!("The run ended early: {failure}"),
            (None, 0, 0) => "Good: no violations, all measurements within their limits.".into(),
            (None, violations, broken) => {
                format!("Bad: {violations} violations, {broken} measurements over their limits.")
            }
        }
    }

    fn markdown(&self, timings: &Timings) -> String {
        let mut text = format!("# {}\n\n{}\n\n", self.title, self.description);
        let _ = write!(
            text,
            "**{}**\n\nSeconds: {}. Messages sent: {}, acknowledged: {}, deliveries: {}. Faults: {}.\n\n",
            self.verdict(),
            format_grouped(timings.end_us as f64 / 1e6),
            format_grouped(timings.sends.len() as f64),
            format_grouped(timings.acks.len() as f64),
            format_grouped(timings.deliveries.len() as f64),
            timings.faults.len()
        );
        text += "| measurement | value | limit | |\n|---|---:|---:|---|\n";
        for one in &self.measurements {
            let mark = if one.holds() { "holds" } else { "**broken**" };
            let (value, limit) = (one.value_text(), one.limit_text());
            let _ = writeln!(text, "| {} | {value} | {limit} | {mark} |", one.name);
        }
        text += "\n![Throughput, latency and faults over time](timeline.svg)\n";
        if !self.violations.is_empty() {
            text += "\n## Violations\n\n";
            for violation in self.violations.iter().take(MAX_VIOLATIONS) {
                let _ = writeln!(text, "- {violation}");
            }
            if let Some(more @ 1..) = self.violations.len().checked_sub(MAX_VIOLATIONS) {
                let _ = writeln!(text, "- and {more} more");
            }
        }
        text
    }
}
