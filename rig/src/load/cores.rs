//! Separates the processor cores of the server and of the load generator.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    time::{ClockId, clock_gettime},
    unistd::Pid,
};

#[derive(Clone, Copy, Debug)]
pub struct Cores {
    pub server: usize,
    load: usize,
}

impl Cores {
    /// Chooses the first core that this process may use for the server, and the last one for the
    /// load, and pins this thread, and the threads that it starts later, to the latter.
    pub fn split() -> Result<Self> {
        let allowed =
            sched_getaffinity(Pid::from_raw(0)).context("cannot read the allowed cores")?;
        let mut allowed =
            (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
        let server = allowed.next().context("this process may use no core")?;
        let cores = Self { server, load: allowed.next_back().unwrap_or(server) };
        let mut set = CpuSet::new();
        set.set(cores.load)?;
        sched_setaffinity(Pid::from_raw(0), &set)
            .with_context(|| format!("cannot pin to core {}", cores.load))?;
        Ok(cores)
    }

    /// Whether server and load share a core.
    pub fn is_shared(self) -> bool {
        self.server == self.load
    }
}

/// The processor time of this thread so far, with a resolution of nanoseconds.
pub fn thread_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}
