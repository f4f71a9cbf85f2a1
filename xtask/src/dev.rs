//! `run --dev`: the server in debug, started anew after each change of its sources, and
//! `trunk serve` before it, which does the same for the page.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};

use crate::steps::Steps;
use crate::{commands, page, places, tools};

const SOURCES: [&str; 4] = ["backend", "shared", "migrations", "Cargo.toml"];
const PAGE: &str = "http://localhost:8080";
const LOOK_EVERY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(5);

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Both until Ctrl-C, or until trunk gives up.
pub fn run(steps: &mut Steps, args: &[String]) -> Result<()> {
    let mut trunk = steps.run("tools", tools::trunk)?;
    // Not dist/: that one holds the release page, which the next build finds still fresh.
    let dist = places::target().join("dev-page");
    fs::create_dir_all(&dist)?;
    ctrlc::set_handler(|| STOPPED.store(true, Ordering::Relaxed))?;
    let mut seen = newest();
    // One cargo at a time, so that the first start shows one build's output and not two.
    let mut server = steps.run("server", build).ok().map(|()| serve(args)).transpose()?;
    let mut trunk = Group::start(trunk.arg("serve").arg("--dist").arg(dist))?;
    eprintln!("\n  the page, reloaded as you edit: {PAGE}/ui/   (Ctrl-C ends it)\n");
    while !STOPPED.load(Ordering::Relaxed) {
        sleep(LOOK_EVERY);
        if let Some(status) = trunk.ended()? {
            bail!("trunk serve ended: {status}");
        }
        if server.as_mut().is_some_and(|server| !matches!(server.ended(), Ok(None))) {
            eprintln!("  the server ended; the next change starts it again");
            server = None;
        }
        let now = newest();
        if now > seen {
            seen = now;
            // The old server works on while the new one is built, and stays if that fails.
            if steps.run("server", build).is_ok() {
                drop(server.take());
                server = Some(serve(args)?);
            }
        }
    }
    Ok(())
}

fn build() -> Result<()> {
    commands::run(commands::cargo().args(["build", "--package", "hallway"]))
}

fn serve(args: &[String]) -> Result<Group> {
    let mut server = commands::new(places::server("debug"));
    // Browsers are sent to trunk's port, so that is the origin that the server must accept.
    Group::start(server.arg("serve").args(args).env("HALLWAY_PUBLIC_URL", PAGE))
}

/// When a source was last changed. A file that vanishes while we look will be seen next time.
fn newest() -> SystemTime {
    let files = SOURCES.iter().flat_map(|name| page::files(&places::root().join(name)));
    let changed = files.flatten().filter_map(|file| fs::metadata(file).ok()?.modified().ok());
    changed.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A process and all that it starts, in a group of their own: ended together, with nothing left
/// behind, whether the terminal, `kill` or an error ends us.
struct Group(Child);

impl Group {
    fn start(command: &mut Command) -> Result<Group> {
        Ok(Group(command.process_group(0).stdin(Stdio::null()).spawn()?))
    }

    fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.0.id());
        let mut kill = commands::new("kill");
        let _ = kill.args(["-s", name, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal("TERM");
        let start = Instant::now();
        while start.elapsed() < PATIENCE && matches!(self.ended(), Ok(None)) {
            sleep(Duration::from_millis(20));
        }
        self.signal("KILL");
        let _ = self.0.wait();
    }
}
