//! A process of a program: its start, its signals and its resource usage.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, kill},
    },
    unistd::Pid,
};
use procfs::process::Stat;

use super::program::Program;

/// How long the kernel may take to remove killed processes.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);
/// How many bytes of a log an error quotes.
const LOG_TAIL_BYTES: usize = 2_000;

/// A program that can be started, killed, paused and started again. The process ends when this
/// value is dropped and, where `setpriv` is installed, when the process that started it ends.
pub struct Process {
    program: Program,
    log: PathBuf,
    child: Mutex<Option<Child>>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    /// The exit code; `None` if a signal ended the process.
    pub code: Option<i32>,
    /// The time from the signal until the process ended.
    pub took: Duration,
}

impl Process {
    /// Starts a program. Its output is appended to the file `log`.
    pub fn start(program: Program, log: PathBuf) -> Result<Self> {
        let process = Self { program, log, child: Mutex::default() };
        process.start_again()?;
        Ok(process)
    }

    /// Starts the same program again. Fails if the process is still running.
    pub fn start_again(&self) -> Result<()> {
        let mut child = self.lock_child();
        if child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None))) {
            bail!("{} is already running", self.name());
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.program.command()?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        *child = Some(spawn(command).with_context(|| format!("cannot start {}", self.name()))?);
        Ok(())
    }

    /// The name of the program.
    pub fn name(&self) -> &str {
        self.program.name()
    }

    /// The log file, with the output of all starts.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The end of the log, for an error message.
    pub fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_TAIL_BYTES)..]).trim().to_owned()
    }

    /// The process id; `None` once the process has ended.
    pub fn pid(&self) -> Option<u32> {
        let mut child = self.lock_child();
        let child = child.as_mut()?;
        matches!(child.try_wait(), Ok(None)).then(|| child.id())
    }

    /// The resources that the running process has used so far.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.running_pid()?)
    }

    /// Kills the process and all its descendants with SIGKILL and waits until they are gone. Does
    /// nothing if the process has ended already.
    pub fn kill(&self) -> Result<()> {
        let Some(pid) = self.pid() else { return Ok(()) };
        // The process is stopped first, so that it starts no further children.
        signal(pid, Signal::SIGSTOP)?;
        let tree = process_tree(pid)?;
        tree.iter().try_for_each(|pid| signal(*pid, Signal::SIGKILL))?;
        if let Some(mut child) = self.lock_child().take() {
            child.wait()?;
        }
        let started = Instant::now();
        while tree.iter().any(|pid| is_alive(*pid)) {
            ensure!(started.elapsed() < KILL_TIMEOUT, "{} does not die", self.name());
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Stops the process and all its descendants (SIGSTOP). Their sockets stay open.
    pub fn pause(&self) -> Result<()> {
        let pid = self.running_pid()?;
        signal(pid, Signal::SIGSTOP)?;
        process_tree(pid)?.iter().try_for_each(|pid| signal(*pid, Signal::SIGSTOP))
    }

    /// Continues the process and all its descendants (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        process_tree(self.running_pid()?)?.iter().try_for_each(|pid| signal(*pid, Signal::SIGCONT))
    }

    /// Sends SIGTERM and waits until the process ends. Fails if that takes longer than `timeout`.
    pub async fn terminate(&self, timeout: Duration) -> Result<Exit> {
        signal(self.running_pid()?, Signal::SIGTERM)?;
        let started = Instant::now();
        loop {
            let status =
                self.lock_child().as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = status {
                return Ok(Exit { code: status.code(), took: started.elapsed() });
            }
            let name = self.name();
            ensure!(started.elapsed() < timeout, "{name} did not end {timeout:?} after SIGTERM");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn running_pid(&self) -> Result<u32> {
        self.pid().with_context(|| format!("{} is not running: {}", self.name(), self.log_tail()))
    }

    fn lock_child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

type SpawnRequest = (Command, mpsc::Sender<std::io::Result<Child>>);

/// Starts a process from a thread that lives as long as the rig, because the kernel sends the
/// parent-death signal when the *thread* that started the child ends.
fn spawn(command: Command) -> Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<SpawnRequest>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<SpawnRequest>();
        std::thread::spawn(move || {
            for (mut command, reply) in requests {
                let _ = reply.send(command.spawn());
            }
        });
        sender
    });
    let (reply, spawned) = mpsc::channel();
    spawner.send((command, reply)).context("the spawner thread has ended")?;
    Ok(spawned.recv()??)
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    match kill(Pid::from_raw(pid as i32), signal) {
        // ESRCH: the process has just ended by itself.
        Ok(()) | Err(nix::Error::ESRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot send {signal} to {pid}")),
    }
}

/// The ids of a process and all its descendants. The process itself comes first.
fn process_tree(root: u32) -> Result<Vec<u32>> {
    let stats: Vec<Stat> =
        procfs::process::all_processes()?.filter_map(|process| process.ok()?.stat().ok()).collect();
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(parent) = tree.get(next).copied() {
        let children = stats.iter().filter(|stat| stat.ppid == parent as i32);
        tree.extend(children.map(|stat| stat.pid as u32));
        next += 1;
    }
    Ok(tree)
}

/// Whether a process exists and is no zombie.
fn is_alive(pid: u32) -> bool {
    let stat = procfs::process::Process::new(pid as i32).and_then(|process| process.stat());
    stat.is_ok_and(|stat| !matches!(stat.state, 'Z' | 'X'))
}

/// The resources that a process has used since it started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time of all threads, in steps of 10 ms.
    pub cpu: Duration,
    /// Resident memory, in KiB.
    pub rss_kib: u64,
    /// The peak of the resident memory, in KiB.
    pub peak_kib: u64,
}

impl Usage {
    /// Reads the usage of a process. Fails if the process has ended.
    pub fn of(pid: u32) -> Result<Self> {
        let process = procfs::process::Process::new(pid as i32)?;
        let (stat, status) = (process.stat()?, process.status()?);
        let ticks = (stat.utime + stat.stime) as f64;
        let has_ended = || format!("process {pid} has ended");
        Ok(Self {
            cpu: Duration::from_secs_f64(ticks / procfs::ticks_per_second() as f64),
            rss_kib: status.vmrss.with_context(has_ended)?,
            peak_kib: status.vmhwm.with_context(has_ended)?,
        })
    }
}

/// Raises the limit of open files to the maximum; child processes inherit it. Fails if the maximum
/// is below `needed`.
pub fn raise_file_limit(needed: usize) -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    ensure!(
        hard >= needed as u64,
        "the run needs {needed} open files and the limit is {hard}: raise it with `ulimit -Hn`"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_counts_processor_time_and_memory() {
        let usage = || Usage::of(std::process::id()).unwrap();
        let before = usage();
        let mut memory = vec![0u8; 32 * 1_024 * 1_024];
        while usage().cpu < before.cpu + Duration::from_millis(50) {
            memory.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        }
        let after = usage();
        assert!(after.rss_kib >= before.rss_kib + 30 * 1_024, "{before:?} {after:?}");
        assert!(after.peak_kib >= after.rss_kib);
        drop(memory);
    }
}
