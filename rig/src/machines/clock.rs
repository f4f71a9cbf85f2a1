//! A wall clock that can be set while a program runs.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::folder;

/// Where Debian and others put it.
const FOLDERS: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/faketime",
    "/usr/lib/aarch64-linux-gnu/faketime",
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
    "/usr/local/lib/faketime",
    "/opt/homebrew/lib/faketime",
];

/// The wall clock of every program that is started with its variables. Durations (the monotonic
/// clock) are not touched, as when an administrator sets a machine's clock.
pub struct Clock {
    folder: TempDir,
    library: PathBuf,
}

impl Clock {
    /// One that shows the right time. Needs libfaketime.
    pub fn new() -> Result<Self> {
        let files = FOLDERS.iter().map(|folder| PathBuf::from(folder).join("libfaketimeMT.so.1"));
        let library = files.into_iter().find(|file| file.is_file());
        let library =
            library.context("libfaketime is not installed: apt-get install libfaketime")?;
        let clock = Self { folder: folder()?, library };
        clock.shift(0)?;
        Ok(clock)
    }

    /// From now on (running programs notice within two seconds) it shows the right time and this many
    /// seconds.
    pub fn shift(&self, seconds: i64) -> Result<()> {
        // By way of a rename: a program reads the file each time it looks at the clock.
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{seconds:+}\n"))?;
        Ok(fs::rename(new, self.file())?)
    }

    /// What puts a program under this clock.
    pub fn env(&self) -> Vec<(String, String)> {
        let file = self.file().display().to_string();
        let variables = [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", file),
            // Not each time: every look at the file costs.
            ("FAKETIME_CACHE_DURATION", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }
}
