//! Records a history during a run and writes it to disk.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Entry, Event};

/// The entries of a run, by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History(pub Vec<Entry>);

impl History {
    /// Writes one JSON object per line.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        for entry in &self.0 {
            serde_json::to_writer(&mut file, entry)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    }
}

/// Appends entries to a history. Clones share the history.
#[derive(Clone)]
pub struct Recorder {
    started: Instant,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { started: Instant::now(), entries: Arc::default() }
    }
}

impl Recorder {
    /// The time since the start of the run, by the clock of [`Entry::at_us`].
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn record(&self, process: u32, event: Event) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // The clock is read under the lock, so that the entries are ordered by time.
        let at_us = self.elapsed().as_micros() as u64;
        entries.push(Entry { at_us, process, event });
    }

    /// Takes the entries recorded so far.
    pub fn take(&self) -> History {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        History(std::mem::take(&mut entries))
    }
}
