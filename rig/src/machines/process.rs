//! A program that runs as a process of its own, and what can be done to it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::program::Program;

/// How long the kernel may take to bury a process that was killed.
const BURIED_WITHIN: Duration = Duration::from_secs(10);
/// How much of a log an error quotes, in bytes.
const QUOTED: usize = 2_000;

/// A program that can be started, killed, paused and started again. It ends with this value, and
/// (where `setpriv` is installed) with the process that started it.
pub struct Process {
    program: Program,
    log: PathBuf,
    child: Mutex<Option<Child>>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// From the signal to the end.
    pub took: Duration,
}

impl Process {
    /// Starts a program. What it says goes to the end of the file `log`.
    pub fn start(program: Program, log: PathBuf) -> Result<Self> {
        let process = Self { program, log, child: Mutex::default() };
        process.start_again()?;
        Ok(process)
    }

    /// Starts the program again, the same as before. Fails if it is still running.
    pub fn start_again(&self) -> Result<()> {
        let mut child = self.child();
        if child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None))) {
            bail!("{} is running already", self.name());
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.program.command()?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        *child = Some(spawn(command).with_context(|| format!("cannot start {}", self.name()))?);
        Ok(())
    }

    /// The program's name.
    pub fn name(&self) -> &str {
        self.program.name()
    }

    /// The file that holds what the program said, through all its lives.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The end of the log, for an error.
    pub fn last_words(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(QUOTED)..]).trim().to_owned()
    }

    /// The process number, for `/proc`; none once it has ended.
    pub fn pid(&self) -> Option<u32> {
        let mut child = self.child();
        let child = child.as_mut()?;
        matches!(child.try_wait(), Ok(None)).then(|| child.id())
    }

    /// Its memory in RAM, in MiB. Fails once it has ended.
    pub fn memory_mib(&self) -> Result<f64> {
        let pid = self.running_pid()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.with_context(|| format!("{} has ended", self.name()))? / 1_024.0)
    }

    /// `kill -9` for it and all its children, at once; returns when they are gone. Nothing happens
    /// to a process that has ended already.
    pub fn kill(&self) -> Result<()> {
        let Some(pid) = self.pid() else { return Ok(()) };
        // Stopped first, so that it has no more children than those that are found.
        signal(pid, Signal::SIGSTOP)?;
        let family = family(pid)?;
        family.iter().try_for_each(|pid| signal(*pid, Signal::SIGKILL))?;
        if let Some(mut child) = self.child().take() {
            child.wait()?;
        }
        let began = Instant::now();
        while family.iter().any(|pid| is_alive(*pid)) {
            if began.elapsed() > BURIED_WITHIN {
                bail!("{} does not die", self.name());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Stops it and all its children where they are (SIGSTOP): sockets stay open, nothing moves.
    pub fn pause(&self) -> Result<()> {
        let pid = self.running_pid()?;
        signal(pid, Signal::SIGSTOP)?;
        family(pid)?.iter().try_for_each(|pid| signal(*pid, Signal::SIGSTOP))
    }

    /// Lets it and all its children go on (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        family(self.running_pid()?)?.iter().try_for_each(|pid| signal(*pid, Signal::SIGCONT))
    }

    /// Asks it to end (SIGTERM) and waits that long for it. Fails if it does not.
    pub async fn terminate(&self, patience: Duration) -> Result<Exit> {
        signal(self.running_pid()?, Signal::SIGTERM)?;
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return Ok(Exit { code: status.code(), took: began.elapsed() });
            }
            if began.elapsed() > patience {
                bail!("{} does not end within {patience:?} of SIGTERM", self.name());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How it ended, if it has.
    fn ended(&self) -> Option<ExitStatus> {
        self.child().as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    fn running_pid(&self) -> Result<u32> {
        self.pid().with_context(|| format!("{} is not running: {}", self.name(), self.last_words()))
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.kill();
    }
}

type Order = (Command, mpsc::Sender<std::io::Result<Child>>);

/// Starts processes from a thread that lives as long as this process: the kernel ends a child that
/// asked for it when the *thread* that started it ends.
fn spawn(command: Command) -> Result<Child> {
    static ORDERS: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    let orders = ORDERS.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, done) in orders {
                // Whoever ordered it waits for it.
                let _ = done.send(command.spawn());
            }
        });
        sender
    });
    let (done, spawned) = mpsc::channel();
    orders.send((command, done)).map_err(|_| anyhow::anyhow!("no thread starts processes"))?;
    Ok(spawned.recv()??)
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    match kill(Pid::from_raw(pid as i32), signal) {
        // A child that has just ended by itself.
        Ok(()) | Err(nix::Error::ESRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot send {signal} to {pid}")),
    }
}

/// A process and everything below it, itself first.
fn family(pid: u32) -> Result<Vec<u32>> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?.1)))
        .collect();
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    Ok(family)
}

fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// State and parent of a process.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
