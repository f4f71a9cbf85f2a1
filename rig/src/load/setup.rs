//! The target of a load, with accounts and rooms: a server that the rig starts, a running server,
//! or a baseline.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::BoxFuture;
use tempfile::TempDir;

use super::{
    baseline::Baseline,
    cores::Cores,
    fixture::{AdminLogin, Fixture},
    runtime::block_on,
    seed::wait_until_indexed,
};
use crate::services::{
    Hallway, Host, Process, Program, ServerOptions, Service, Usage, raise_file_limit,
};

const NODE_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");

/// The program and the disk of servers that the run starts.
#[derive(Clone, Debug, clap::Args)]
pub struct ServerSource {
    /// The server program. [default: hallway beside this program, or target/release/hallway]
    #[arg(long)]
    server: Option<PathBuf>,

    /// The directory for data; its disk is part of what is measured. [default: the system's
    /// temporary directory]
    #[arg(long)]
    folder: Option<PathBuf>,
}

impl ServerSource {
    /// A directory that is removed when the value is dropped.
    pub fn create_dir(&self) -> Result<TempDir> {
        let parent = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        tempfile::Builder::new()
            .prefix("rig-")
            .tempdir_in(&parent)
            .with_context(|| format!("cannot create a directory in {}", parent.display()))
    }

    /// The path of the server program.
    fn program(&self) -> Result<PathBuf> {
        let beside = std::env::current_exe()?.with_file_name("hallway");
        let built = if beside.is_file() {
            beside
        } else {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/hallway")
        };
        let program = self.server.clone().unwrap_or(built);
        ensure!(program.is_file(), "{} does not exist: build it first", program.display());
        Ok(program)
    }
}

pub struct Setup {
    /// The name of the target in results.
    pub name: &'static str,
    pub address: SocketAddr,
    pub fixture: Fixture,
    /// Before `_data`, because fields are dropped in order and the server uses its data until it
    /// ends.
    target: Target,
    _data: Option<TempDir>,
}

enum Target {
    Hallway {
        server: Hallway,
        data: PathBuf,
    },
    Baseline(BaselineServer),
    /// A running server; the pid is for its memory and processor time.
    External {
        pid: Option<u32>,
    },
}

impl Setup {
    /// Starts a server with a new SQLite file and creates rooms.
    pub fn hallway(source: &ServerSource, cores: Cores, rooms: usize) -> Result<Self> {
        raise_file_limit(0)?;
        let dir = source.create_dir()?;
        let data = dir.path().join("data");
        let mut options = ServerOptions::new(&data);
        options.core = Some(cores.server);
        options.env.push(("HALLWAY_LOG".into(), "warn".into()));
        let server = block_on(Hallway::start(&source.program()?, options))?;
        let address = server.address();
        let fixture = create_fixture(address, rooms, None)?;
        let (name, target) = ("hallway", Target::Hallway { server, data });
        let mut setup = Self { name, address, fixture, target, _data: Some(dir) };
        // Password hashes leave memory allocated, which must not count as memory of the load.
        setup.restart_with(|_| Ok(()))?;
        Ok(setup)
    }

    /// Uses a running server.
    pub fn external(
        url: &str,
        pid: Option<u32>,
        rooms: usize,
        admin: Option<&AdminLogin>,
    ) -> Result<Self> {
        let host = url.strip_prefix("http://").context("the URL must begin with http://")?;
        let host = host.trim_end_matches('/');
        let mut addresses =
            host.to_socket_addrs().with_context(|| format!("cannot find {host}"))?;
        let address = addresses.next().with_context(|| format!("{host} has no address"))?;
        let fixture = create_fixture(address, rooms, admin)?;
        Ok(Self {
            name: "hallway",
            address,
            fixture,
            target: Target::External { pid },
            _data: None,
        })
    }

    /// Starts a fan-out baseline.
    pub fn baseline(baseline: Baseline, cores: Cores, rooms: usize) -> Result<Self> {
        let program = Program::new(std::env::current_exe()?);
        let program = program.args(["baseline", "--loop", baseline.name(), "--port"]);
        let dir = tempfile::Builder::new().prefix("rig-").tempdir()?;
        Self::baseline_server(baseline.name(), dir, program, &[], cores, rooms)
    }

    /// Starts the chat for Node, with its data in a directory of `source`.
    pub fn node(
        name: &'static str,
        source: &ServerSource,
        cores: Cores,
        rooms: usize,
    ) -> Result<Self> {
        install_node_modules()?;
        let dir = source.create_dir()?;
        let node = crate::services::find_program(&["node"], "nodejs")?;
        let program = Program::new(node).arg(Path::new(NODE_DIR).join("server.mjs"));
        let mode: &[_] = if name == "node-search" { &["search"] } else { &[] };
        let program = program.arg(dir.path());
        Self::baseline_server(name, dir, program, mode, cores, rooms)
    }

    /// Starts a baseline. The arguments of `program` are extended by the port and `args`.
    fn baseline_server(
        name: &'static str,
        dir: TempDir,
        program: Program,
        args: &[&str],
        cores: Cores,
        rooms: usize,
    ) -> Result<Self> {
        raise_file_limit(0)?;
        let address = Host::local().free_address()?;
        let program = program.arg(address.port().to_string()).args(args);
        let process = Process::start(program.on_core(Some(cores.server)), dir.path().join("log"))?;
        let server = BaselineServer { process, address };
        block_on(server.wait_until_ready())?;
        let (fixture, target) = (Fixture::unchecked(rooms), Target::Baseline(server));
        Ok(Self { name, address, fixture, target, _data: Some(dir) })
    }

    /// Stops the server, changes its data directory, starts it again, and waits until the search index is
    /// complete. Returns the time from the start of the program until then.
    pub fn restart_with(&mut self, change: impl FnOnce(&Path) -> Result<()>) -> Result<Duration> {
        let Target::Hallway { server, data } = &self.target else {
            bail!("only a server that the run started can restart");
        };
        block_on(server.terminate())?;
        change(data)?;
        let started = Instant::now();
        block_on(server.restart())?;
        wait_until_indexed(data)?;
        Ok(started.elapsed())
    }

    /// The resources that the target has used so far; `None` if its process is unknown.
    pub fn usage(&self) -> Result<Option<Usage>> {
        match &self.target {
            Target::Hallway { server, .. } => server.process().usage().map(Some),
            Target::Baseline(server) => server.process().usage().map(Some),
            Target::External { pid } => pid.map(Usage::of).transpose(),
        }
    }
}

fn create_fixture(node: SocketAddr, rooms: usize, admin: Option<&AdminLogin>) -> Result<Fixture> {
    eprintln!("Creating accounts and {rooms} rooms");
    block_on(Fixture::create(node, rooms, admin))
}

/// A running baseline.
struct BaselineServer {
    process: Process,
    address: SocketAddr,
}

impl Service for BaselineServer {
    fn process(&self) -> &Process {
        &self.process
    }

    fn health_check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(tokio::net::TcpStream::connect(self.address).await.map(drop)?) })
    }
}

/// Installs the libraries of the chat for Node before its first start.
fn install_node_modules() -> Result<()> {
    // npm writes this file last.
    if Path::new(NODE_DIR).join("node_modules/.package-lock.json").is_file() {
        return Ok(());
    }
    eprintln!("Installing the libraries of {NODE_DIR}");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    let status = npm.current_dir(NODE_DIR).stdout(Stdio::null()).status();
    let status = status.context("npm is not installed: apt-get install npm")?;
    ensure!(status.success(), "npm cannot install the libraries of {NODE_DIR}");
    Ok(())
}
