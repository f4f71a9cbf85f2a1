//! What the machine gives: cores, file handles, and what a process has used of it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::resource::{Resource, getrlimit, setrlimit},
    time::{ClockId, clock_gettime},
    unistd::Pid,
};

/// Ticks a second in `/proc/PID/stat`: the same on every Linux that is still built.
const TICKS_PER_S: u64 = 100;

/// One core for what is measured, another for who measures. With a single one they share it.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    server: usize,
    load: usize,
}

impl Cores {
    /// The first and the last that this process may use. From here on its own threads stay on the
    /// last.
    pub fn split() -> Result<Self> {
        let mine = sched_getaffinity(Pid::from_raw(0)).context("which cores are ours?")?;
        let mut free = (0..CpuSet::count()).filter(|core| mine.is_set(*core).unwrap_or(false));
        let server = free.next().context("not a single core is ours")?;
        let cores = Self { server, load: free.next_back().unwrap_or(server) };
        pin(cores.load)?;
        Ok(cores)
    }

    /// Whether the two stand in each other's way.
    pub fn is_shared(self) -> bool {
        self.server == self.load
    }

    /// Runs `start` on the server's core: a process that it starts stays there.
    pub fn on_server<T>(self, start: impl FnOnce() -> T) -> Result<T> {
        pin(self.server)?;
        let started = start();
        pin(self.load)?;
        Ok(started)
    }
}

/// Keeps this thread, and those that it starts from now on, on one core.
fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("cannot stay on core {core}"))
}

/// Takes as many file handles as the system allows; processes started later inherit it. Fails if
/// that is fewer than `needed`.
pub fn raise_file_limit(needed: usize) -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    anyhow::ensure!(
        hard >= needed as u64,
        "{needed} open files are needed and the limit is {hard}: raise it by `ulimit -Hn`"
    );
    Ok(())
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time of all its threads, in steps of 10 ms.
    pub cpu: Duration,
    /// Memory in RAM, in KiB.
    pub rss_kib: u64,
    /// The most memory in RAM that it ever had, in KiB.
    pub peak_kib: u64,
}

impl Usage {
    /// Of a process that runs.
    pub fn of(pid: u32) -> Result<Self> {
        let read = |what| {
            let path = format!("/proc/{pid}/{what}");
            fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
        };
        let (stat, status) = (read("stat")?, read("status")?);
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th
        // field after it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 =
            fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        let kib = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line: &str| line.split_whitespace().next()?.parse().ok());
            kib.with_context(|| format!("process {pid} has ended"))
        };
        Ok(Self {
            cpu: Duration::from_millis(ticks * 1_000 / TICKS_PER_S),
            rss_kib: kib("VmRSS:")?,
            peak_kib: kib("VmHWM:")?,
        })
    }

    /// Of this process.
    pub fn ours() -> Result<Self> {
        Self::of(std::process::id())
    }
}

/// Processor time of this thread so far, to the nanosecond.
pub fn thread_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_of_this_process_show() {
        let before = Usage::ours().unwrap();
        let mut memory = vec![0u8; 32 * 1_024 * 1_024];
        while Usage::ours().unwrap().cpu < before.cpu + Duration::from_millis(50) {
            memory.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        }
        let after = Usage::ours().unwrap();
        assert!(after.rss_kib >= before.rss_kib + 30 * 1_024, "{before:?} {after:?}");
        assert!(after.peak_kib >= after.rss_kib);
        drop(memory);
    }
}
