//! The log of the program. No line contains message texts or tokens, whatever the filter, and no
//! client can fill the disk with warnings.

use std::{
    collections::HashMap,
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tracing::{Event, Level, Metadata, Subscriber, callsite::Identifier};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// The period of [`WARNINGS_MAX`].
const PERIOD: Duration = Duration::from_secs(60);
/// The maximum number of warnings and errors that one place in the source logs in a period.
const WARNINGS_MAX: u64 = 30;

/// Starts the log on standard error, with a filter in the syntax of [`EnvFilter`].
pub fn init(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter).context("HALLWAY_LOG is invalid")?;
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(is_free_of_secrets))
        .with(WarningLimit::default())
        .with(fmt::layer().with_ansi(is_terminal).with_writer(std::io::stderr))
        .init();
    Ok(())
}

/// Other crates log frames, statements and messages between nodes at their finer levels.
fn is_free_of_secrets(metadata: &Metadata<'_>) -> bool {
    let is_own = metadata.target().split("::").next() == Some("hallway");
    is_own || *metadata.level() <= Level::INFO
}

/// Drops warnings and errors of a place in the source that logs too many of them, since a client may
/// cause them.
#[derive(Default)]
struct WarningLimit(Mutex<HashMap<Identifier, Warnings>>);

/// The warnings of one place since `start`.
struct Warnings {
    start: Instant,
    count: u64,
}

impl<S: Subscriber> Layer<S> for WarningLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        *event.metadata().level() > Level::WARN || self.count(event.metadata(), Instant::now())
    }
}

impl WarningLimit {
    /// Counts a warning; returns whether to log it.
    fn count(&self, metadata: &Metadata<'_>, now: Instant) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Warnings { start: now, count: 0 };
        let warnings = places.entry(metadata.callsite()).or_insert_with(new);
        if now.duration_since(warnings.start) >= PERIOD {
            let dropped = warnings.count.saturating_sub(WARNINGS_MAX);
            *warnings = new();
            if dropped > 0 {
                // Not an event, because events inside of a layer are lost.
                let place = (metadata.file().unwrap_or("?"), metadata.line().unwrap_or(0));
                eprintln!("{}:{}: {dropped} more warnings were not logged", place.0, place.1);
            }
        }
        warnings.count += 1;
        warnings.count <= WARNINGS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_logs_a_limited_number_of_warnings_in_a_period() {
        let limit = WarningLimit::default();
        let span = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            tracing::warn_span!("a place")
        });
        let (metadata, start) = (span.metadata().unwrap(), Instant::now());
        let logged = |at| (0..1_000).filter(|_| limit.count(metadata, at)).count();
        assert_eq!(logged(start), WARNINGS_MAX as usize);
        assert_eq!(logged(start + PERIOD / 2), 0);
        assert_eq!(logged(start + PERIOD), WARNINGS_MAX as usize);
    }
}
