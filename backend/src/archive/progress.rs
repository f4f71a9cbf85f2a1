//! A progress line on standard error, if that is a terminal.

use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

/// Minimum time between two updates.
const INTERVAL: Duration = Duration::from_millis(200);

pub struct Progress {
    /// In messages.
    total: u64,
    /// `None` if standard error is not a terminal.
    last_update: Option<Instant>,
}

impl Progress {
    pub fn new(total: u64) -> Self {
        Self { total, last_update: stderr().is_terminal().then(Instant::now) }
    }

    pub fn show(&mut self, done: u64) {
        if self.last_update.is_some_and(|update| update.elapsed() >= INTERVAL) {
            eprint!("\r{done} of {} messages", self.total);
            self.last_update = Some(Instant::now());
        }
    }
}

impl Drop for Progress {
    /// Clears the line for the next output.
    fn drop(&mut self) {
        if self.last_update.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
