//! What is loaded: a server of the run's own on a core of its own, one that runs already, or a bare
//! loop.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    node,
    resources::{Cores, Usage},
};
use crate::{load::bare::Loop, services::Program};

/// What a server may take to stop by itself.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// Something that answers.
pub struct Target {
    /// Where.
    pub address: SocketAddr,
    process: Option<Process>,
    /// Of a process that somebody else started.
    pid: Option<u32>,
}

/// A child process, ended when dropped.
struct Process {
    child: Child,
    /// Kept open: a program must not fail for want of somebody who reads it.
    _said: BufReader<ChildStdout>,
}

impl Target {
    /// `hallway serve` on this data folder; and how long it took from the start of the program to
    /// the first answer.
    pub fn hallway(program: &Path, data: &Path, cores: Cores) -> Result<(Self, Duration)> {
        let ours = std::env::vars().map(|(name, _)| name);
        let sway = |name: &String| {
            name.starts_with("HALLWAY_") || matches!(name.as_str(), "DATABASE_URL" | "REDIS_URL")
        };
        let serve = Program::new(program.to_owned()).arg("serve").arg("--data").arg(data);
        let serve = serve.args(["--listen", "127.0.0.1:0", "--log", "warn"]);
        let serve = ours.filter(sway).fold(serve, Program::env_remove);
        let began = Instant::now();
        let target = Self::start(serve.command()?, cores)
            .with_context(|| format!("cannot run {}", program.display()))?;
        target.ask()?;
        Ok((target, began.elapsed()))
    }

    /// A bare fan-out.
    pub fn bare(which: Loop, cores: Cores) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        // It ends when its standard input does.
        command.args(["bare", "--loop", which.name()]).stdin(Stdio::piped());
        Self::start(command, cores)
    }

    /// `node` or `node-search`: the chat for Node, which keeps its messages in this folder.
    pub fn node(name: &str, data: &Path, cores: Cores) -> Result<Self> {
        let mut command = node::command()?;
        // It ends when its standard input does.
        command.arg(data).args(name.strip_prefix("node-")).stdin(Stdio::piped());
        Self::start(command, cores)
    }

    /// One that runs already; `pid` is for its memory and processor time.
    pub fn at(url: &str, pid: Option<u32>) -> Result<Self> {
        let host = url.strip_prefix("http://").context("a URL begins with http://")?;
        let host = host.trim_end_matches('/');
        let address = host.to_socket_addrs().with_context(|| format!("cannot find {host}"))?.next();
        let address = address.with_context(|| format!("{host} has no address"))?;
        Ok(Self { address, process: None, pid })
    }

    fn start(mut command: Command, cores: Cores) -> Result<Self> {
        command.stdout(Stdio::piped());
        let mut child = cores.on_server(|| command.spawn())??;
        let mut said = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut line = String::new();
        let read = said.read_line(&mut line);
        let process = Process { child, _said: said };
        read?;
        let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let Some(address) = url.and_then(|url| url.parse().ok()) else {
            bail!("it did not say where it is but {line:?}");
        };
        Ok(Self { address, process: Some(process), pid: None })
    }

    fn ask(&self) -> Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        let host = self.address;
        write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "it is not ready: {answer}");
        Ok(())
    }

    /// What it has used so far; none if nobody said which process it is.
    pub fn usage(&self) -> Result<Option<Usage>> {
        let ours = self.process.as_ref().map(|process| process.child.id());
        ours.or(self.pid).map(Usage::of).transpose()
    }

    /// Asks it to stop, and waits until it has (30 s at most).
    pub fn stop(mut self) -> Result<()> {
        let Some(process) = &mut self.process else { return Ok(()) };
        kill(Pid::from_raw(process.child.id() as i32), Signal::SIGTERM)?;
        let since = Instant::now();
        while process.child.try_wait()?.is_none() {
            ensure!(since.elapsed() < STOP_WITHIN, "it was asked to stop and has not");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where `cargo xtask build` leaves the server, seen from this program: beside it, or in the
/// workspace.
pub fn built_server() -> PathBuf {
    let beside = std::env::current_exe().ok().map(|path| path.with_file_name("hallway"));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/hallway");
    beside.filter(|path| path.is_file()).unwrap_or(workspace)
}
