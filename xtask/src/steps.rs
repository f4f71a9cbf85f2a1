//! Prints the name of each step and measures its time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The finished steps.
#[derive(Default)]
pub struct Steps {
    finished: Vec<Step>,
}

struct Step {
    name: &'static str,
    time: Duration,
    passed: bool,
}

impl Steps {
    /// Runs a step. Its error has the step's name as context.
    pub fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("\n▸ {name}");
        let start = Instant::now();
        let outcome = work();
        let (time, passed) = (start.elapsed(), outcome.is_ok());
        eprintln!(
            "  {name}: {} in {}",
            if passed { "done" } else { "FAILED" },
            format_duration(time)
        );
        self.finished.push(Step { name, time, passed });
        outcome.with_context(|| format!("step `{name}`"))
    }

    /// Formats the times of all finished steps as a table.
    pub fn table(&self) -> String {
        let line = |mark: &str, name: &str, time| {
            format!("  {mark} {name:<18} {:>9}\n", format_duration(time))
        };
        let mark = |step: &Step| if step.passed { "✓" } else { "✗" };
        let total = self.finished.iter().map(|step| step.time).sum();
        let rows = self.finished.iter().map(|step| line(mark(step), step.name, step.time));
        rows.chain([line(" ", "together", total)]).collect()
    }
}

/// Formats long times as minutes and seconds, short ones with tenths.
fn format_duration(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} m {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_formatted() {
        assert_eq!(format_duration(Duration::from_millis(1_540)), "1.5 s");
        assert_eq!(format_duration(Duration::from_secs(605)), "10 m 05 s");
    }
}
