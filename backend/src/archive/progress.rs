//! How far it is, for somebody who watches.

use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

const EVERY: Duration = Duration::from_millis(200);

/// A line on standard error, if that is a terminal.
pub struct Progress {
    of: u64,
    /// When it was last written; never, where nobody watches.
    shown: Option<Instant>,
}

impl Progress {
    /// Towards so many messages.
    pub fn new(of: u64) -> Self {
        Self { of, shown: stderr().is_terminal().then(Instant::now) }
    }

    /// So many are done.
    pub fn show(&mut self, done: u64) {
        if self.shown.is_some_and(|shown| shown.elapsed() >= EVERY) {
            eprint!("\r{done} of {} messages", self.of);
            self.shown = Some(Instant::now());
        }
    }
}

impl Drop for Progress {
    /// What is written next has the line for itself.
    fn drop(&mut self) {
        if self.shown.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
