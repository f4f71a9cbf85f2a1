//! Writing a history down while it happens, and keeping it on disk.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Entry, Event};

/// A whole run, by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History(pub Vec<Entry>);

impl History {
    /// Reads JSON lines.
    pub fn read(path: &Path) -> io::Result<Self> {
        let lines = BufReader::new(File::open(path)?).lines();
        lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<io::Result<_>>().map(Self)
    }

    /// Writes JSON lines.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        self.0.iter().try_for_each(|entry| write_line(&mut file, entry))?;
        file.flush()
    }
}

fn write_line(file: &mut impl Write, entry: &Entry) -> io::Result<()> {
    serde_json::to_writer(&mut *file, entry)?;
    file.write_all(b"\n")
}

/// Where everybody writes; clones write to the same history.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    began: Instant,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: Vec<Entry>,
    copy: Option<BufWriter<File>>,
    failure: Option<io::Error>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self(Arc::new(Inner { began: Instant::now(), kept: Mutex::default() }))
    }
}

impl Recorder {
    /// One that also writes each entry to a file as it comes, so that a run which does not reach
    /// its end leaves something to look at.
    pub fn with_copy(path: &Path) -> io::Result<Self> {
        let recorder = Self::default();
        recorder.kept().copy = Some(BufWriter::new(File::create(path)?));
        Ok(recorder)
    }

    /// How long the run has been going on: the clock of [`Entry::at_us`].
    pub fn elapsed(&self) -> Duration {
        self.0.began.elapsed()
    }

    /// Writes down a step; the answer is its time in microseconds.
    pub fn record(&self, process: u32, event: Event) -> u64 {
        let mut kept = self.kept();
        // Under the lock, so that the entries are in the order of their times.
        let at_us = self.elapsed().as_micros() as u64;
        let entry = Entry { at_us, process, event };
        if let Some(copy) = &mut kept.copy
            && let Err(error) = write_line(copy, &entry)
        {
            kept.failure.get_or_insert(error);
        }
        kept.entries.push(entry);
        at_us
    }

    /// Everything so far; what comes later begins a new history. Fails if the file could not be
    /// written.
    pub fn take(&self) -> io::Result<History> {
        let mut kept = self.kept();
        if let Some(copy) = &mut kept.copy {
            copy.flush()?;
        }
        match kept.failure.take() {
            Some(error) => Err(error),
            None => Ok(History(std::mem::take(&mut kept.entries))),
        }
    }

    /// A poisoned lock is taken all the same: an entry is pushed whole or not at all.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
