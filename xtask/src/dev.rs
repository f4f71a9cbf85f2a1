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

/// The port of `trunk serve` unless another is asked for.
pub const PAGE_PORT: u16 = 8080;
/// The port of the server behind it. Trunk.toml names the same one.
pub const SERVER_PORT: u16 = 8000;

/// The two ports of a development run.
pub struct Ports {
    pub page: u16,
    pub server: u16,
}

/// Runs server and trunk until Ctrl-C or SIGTERM, or until trunk exits.
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
    // The builds run one after the other, so that their outputs do not mix at the first start.
    let mut server = match steps.run("server", build) {
        Ok(()) => Some(serve(ports, args)?),
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
            // The old server runs until the new one is built, and goes on if that fails.
            if steps.run("server", build).is_ok() {
                drop(server.take());
                server = Some(serve(ports, args)?);
            }
        }
    }
    Ok(())
}

/// The origin that browsers send, and so the one that the server must accept.
fn origin(ports: &Ports) -> String {
    format!("http://localhost:{}", ports.page)
}

fn build() -> Result<()> {
    commands::run(commands::cargo().args(["build", "--package", "hallway"]))
}

fn serve(ports: &Ports, args: &[String]) -> Result<ProcessGroup> {
    let mut server = commands::new(places::server("debug"));
    server.env("HALLWAY_LISTEN", format!("127.0.0.1:{}", ports.server));
    server.env("HALLWAY_PUBLIC_URL", origin(ports));
    ProcessGroup::spawn(server.arg("serve").args(args))
}

/// When a source of the server last changed. A file that vanishes meanwhile counts the next time.
fn last_modified() -> SystemTime {
    let files = SERVER_SOURCES.iter().flat_map(|name| files::list(&places::root().join(name)));
    let times = files.flatten().filter_map(|file| fs::metadata(file).ok()?.modified().ok());
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Trunk.toml, or a copy of it whose proxies lead to another port: trunk's options cannot replace
/// more than one proxy.
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
        // Beside the original, because trunk calls cargo in the folder of its configuration.
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

/// A process and its children, in a process group of their own, so that none of them survives the
/// drop, whether the terminal, `kill` or an error ends us.
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
