//! `run --dev`: the debug server, rebuilt and restarted after each change of its sources, and
//! `trunk serve`, which rebuilds and reloads the page and forwards `/api/` to that server.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};

use crate::steps::Steps;
use crate::{commands, files, places, tools};

const SERVER_SOURCES: [&str; 6] =
    ["backend/src", "backend/build.rs", "backend/Cargo.toml", "shared", "migrations", "Cargo.toml"];
const POLL_INTERVAL: Duration = Duration::from_millis(500);
const TERM_TIMEOUT: Duration = Duration::from_secs(5);

static STOPPED: AtomicBool = AtomicBool::new(false);

/// The default port of `trunk serve`.
pub const PAGE_PORT: u16 = 8080;
/// The default port of the server. The proxies in Trunk.toml use the same port.
pub const SERVER_PORT: u16 = 8000;

/// The two ports of a development run.
pub struct Ports {
    pub page: u16,
    pub server: u16,
}

/// Runs the server and trunk until Ctrl-C or SIGTERM, or until trunk exits.
pub fn run(steps: &mut Steps, ports: &Ports, args: &[String]) -> Result<()> {
    let mut trunk = steps.run("tools", tools::trunk)?;
    // A folder of its own, because dist/ holds the release page, which `cargo xtask build` reuses.
    let dist = places::target().join("dev-page");
    fs::create_dir_all(&dist)?;
    let config = TrunkConfig::for_server_on(ports.server)?;
    trunk.arg("serve").arg("--config").arg(&config.file).arg("--dist").arg(dist);
    trunk.args(["--port", &ports.page.to_string()]);
    ctrlc::set_handler(|| STOPPED.store(true, Ordering::Relaxed))?;
    let mut built_at = last_modified();
    // trunk starts after the server is built, so that the outputs of the first builds do not mix.
    let mut server = match steps.run("server", build_server) {
        Ok(()) => Some(start_server(ports, args)?),
        Err(_) => None,
    };
    let mut trunk = ProcessGroup::spawn(&mut trunk)?;
    eprintln!("\n  the page, reloaded as you edit: {}/ui/   (Ctrl-C ends it)\n", origin(ports));
    while !STOPPED.load(Ordering::Relaxed) {
        sleep(POLL_INTERVAL);
        if let Some(status) = trunk.exit_status()? {
            bail!("trunk serve exited: {status}");
        }
        if server.as_mut().is_some_and(|server| !matches!(server.exit_status(), Ok(None))) {
            eprintln!("  the server exited; it restarts after the next change");
            server = None;
        }
        let modified_at = last_modified();
        if modified_at > built_at {
            built_at = modified_at;
            // The old server runs until the new one is built, and continues if the build fails.
            if steps.run("server", build_server).is_ok() {
                drop(server.take());
                server = Some(start_server(ports, args)?);
            }
        }
    }
    Ok(())
}

/// The origin of the page, which browsers send and the server must accept.
fn origin(ports: &Ports) -> String {
    format!("http://localhost:{}", ports.page)
}

fn build_server() -> Result<()> {
    // Not `--package`, with which cargo would compile the dependencies once more than for the tests.
    commands::run(commands::cargo().args(["build", "--bin", "hallway"]))
}

fn start_server(ports: &Ports, args: &[String]) -> Result<ProcessGroup> {
    let mut server = commands::new(places::server("debug"));
    server.env("HALLWAY_LISTEN", format!("127.0.0.1:{}", ports.server));
    server.env("HALLWAY_PUBLIC_URL", origin(ports));
    ProcessGroup::spawn(server.arg("serve").args(args))
}

/// Returns the newest modification time of the server's sources. A file that is deleted during the
/// scan is skipped.
fn last_modified() -> SystemTime {
    let files = SERVER_SOURCES.iter().flat_map(|name| files::list(&places::root().join(name)));
    let times = files.flatten().filter_map(|file| fs::metadata(file).ok()?.modified().ok());
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Trunk.toml, or a copy whose proxies forward to another port, because trunk's options replace at
/// most one proxy. Dropping it deletes the copy.
struct TrunkConfig {
    file: PathBuf,
    is_copy: bool,
}

impl TrunkConfig {
    fn for_server_on(port: u16) -> Result<Self> {
        let file = places::root().join("Trunk.toml");
        if port == SERVER_PORT {
            return Ok(Self { file, is_copy: false });
        }
        let text = fs::read_to_string(&file)?;
        let text = text.replace(&format!(":{SERVER_PORT}/"), &format!(":{port}/"));
        // The copy is beside the original, because trunk calls cargo in the folder of its configuration.
        let copy = places::root().join(format!(".trunk-{port}.toml"));
        fs::write(&copy, text).with_context(|| format!("cannot write {}", copy.display()))?;
        Ok(Self { file: copy, is_copy: true })
    }
}

impl Drop for TrunkConfig {
    fn drop(&mut self) {
        if self.is_copy {
            let _ = fs::remove_file(&self.file);
        }
    }
}

/// A process and its children in their own process group. Dropping it sends SIGTERM to the group and
/// SIGKILL at most 5 s later, so that no child outlives xtask.
struct ProcessGroup(Child);

impl ProcessGroup {
    fn spawn(command: &mut Command) -> Result<Self> {
        Ok(Self(command.process_group(0).stdin(Stdio::null()).spawn()?))
    }

    fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.0.id());
        let mut kill = commands::new("kill");
        let _ = kill.args(["-s", name, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal("TERM");
        let start = Instant::now();
        while start.elapsed() < TERM_TIMEOUT && matches!(self.exit_status(), Ok(None)) {
            sleep(Duration::from_millis(20));
        }
        self.signal("KILL");
        let _ = self.0.wait();
    }
}
