//! Runs a cluster under load, breaks something, and judges the history.

mod checks;
mod cluster;
mod crowd;
mod idlers;
mod links;
mod requests;
mod scene;
mod servers;
mod session;
mod surroundings;
mod table;

use std::{
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

pub use cluster::DatabaseKind;
use scene::Pace;
use session::{Outcome, Session};
use table::{FAULTS, Fault};

/// How often an installation is tried of which nothing is wrong but a latency compared with that of
/// calm.
const TRIES: u32 = 3;
/// Files that are open besides the sockets of a storm.
const OTHER_FILES: u64 = 2_000;

/// `rig faults`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Faults to inject. [default: all]
    names: Vec<String>,

    /// Only says which faults there are, and what must hold.
    #[arg(long)]
    list: bool,

    /// Injects each as often as a test run does: the default.
    #[arg(long, conflicts_with = "long")]
    short: bool,

    /// Injects each as often as it takes to be sure.
    #[arg(long)]
    long: bool,

    /// How often to inject each, over all databases. [default: see --list]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,

    /// Only on this database.
    #[arg(long, value_enum)]
    database: Option<DatabaseKind>,

    /// How long something stays broken, in seconds, where that can be chosen. [default: see --list]
    #[arg(long)]
    seconds: Option<f64>,

    /// Only what the history proves counts; figures are shown, and depend on what else the machine
    /// is doing.
    #[arg(long)]
    violations_only: bool,

    /// The server's program. [default: `hallway` beside this one]
    #[arg(long)]
    server: Option<PathBuf>,

    /// Where reports go; of a bad run also its history and the servers' logs.
    #[arg(long, default_value = "rig-out")]
    out: PathBuf,
}

/// Histories that show a broken promise.
pub const VIOLATED: u8 = 2;

/// Injects faults, and says of each whether everything held. The exit code is [`VIOLATED`] if a
/// history proves otherwise, and 1 if anything else is wrong.
pub fn run(args: &Args) -> Result<ExitCode> {
    let faults = chosen(&args.names)?;
    if args.list {
        let text: String = faults.iter().map(|fault| listed(fault)).collect();
        // Whoever reads it may have seen enough.
        let _ = std::io::stdout().write_all(text.as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    let server = match &args.server {
        Some(server) => server.clone(),
        None => std::env::current_exe()?.with_file_name("hallway"),
    };
    ensure!(server.is_file(), "{} is not there: build it first", server.display());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            done = inject(args, &faults, &server) => done,
            // What was started ends as this is dropped.
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminate.recv() => bail!("interrupted"),
        }
    })
}

async fn inject(args: &Args, faults: &[&Fault], server: &Path) -> Result<ExitCode> {
    let (mut is_good, mut is_violated) = (true, false);
    let mut count = 0;
    for fault in faults {
        for (kind, runs) in plan(fault, args) {
            raise_file_limit(pace(fault, args).many)?;
            let (pace, out) = (pace(fault, args), &args.out);
            let session = Session { fault, kind, runs: runs.clone(), pace, server, out };
            let mut outcome = session.run().await?;
            for _ in 1..TRIES {
                if !outcome.is_noise || args.violations_only {
                    break;
                }
                say(&outcome, runs.clone());
                println!("     again: only a latency is out of its limit");
                outcome = session.run().await?;
            }
            is_good &= match args.violations_only {
                true => outcome.report.is_clean(),
                false => outcome.report.is_good(),
            };
            is_violated |= !outcome.report.violations.is_empty();
            count += runs.len();
            say(&outcome, runs);
        }
    }
    ensure!(count > 0, "nothing to do on this database");
    if is_good {
        println!("All is well in {count} runs.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("Not all is well: see the reports in {}.", args.out.display());
    Ok(if is_violated { ExitCode::from(VIOLATED) } else { ExitCode::FAILURE })
}

/// The runs of a fault, as installations: the database, and which of all runs.
fn plan(fault: &Fault, args: &Args) -> Vec<(DatabaseKind, Range<u32>)> {
    let runs = args.runs.unwrap_or(if args.long { fault.runs.1 } else { fault.runs.0 });
    let on: Vec<_> =
        fault.on.iter().filter(|kind| args.database.is_none_or(|only| only == **kind)).collect();
    let mut plan = Vec::new();
    for (nth, kind) in (0..).zip(&on) {
        // Shared out evenly, the first ones get what is left over.
        let count = on.len() as u32;
        let mine = runs / count + u32::from(nth < runs % count);
        let starts = (0..mine).step_by(fault.together as usize);
        plan.extend(starts.map(|start| (**kind, start..mine.min(start + fault.together))));
    }
    plan
}

fn pace(fault: &Fault, args: &Args) -> Pace {
    let (broken_s, many, calm_s) = match args.long {
        true => (fault.broken_s.1, fault.many.1, 4.0),
        false => (fault.broken_s.0, fault.many.0, 2.0),
    };
    let broken = Duration::from_secs_f64(args.seconds.unwrap_or(broken_s));
    Pace { calm: Duration::from_secs_f64(calm_s), broken, many }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Fault>> {
    if names.is_empty() {
        return Ok(FAULTS.iter().collect());
    }
    let find = |name: &String| {
        let known = FAULTS.iter().find(|fault| fault.name == name);
        known.with_context(|| format!("no fault is called {name}: see --list"))
    };
    names.iter().map(find).collect()
}

fn listed(fault: &Fault) -> String {
    let kinds: Vec<_> = fault.on.iter().map(|kind| kind.name()).collect();
    let (short, long) = fault.runs;
    let mut lines = vec![
        fault.does.to_owned(),
        format!("runs: {short} short, {long} long, on {}", kinds.join(", ")),
    ];
    if fault.broken_s.1 > 0.0 {
        let (short, long) = fault.broken_s;
        lines.push(format!("broken for: {short} s short, {long} s long"));
    }
    if fault.many.1 > 0 {
        let (short, long) = fault.many;
        lines.push(format!("how many: {short} short, {long} long"));
    }
    let checks = fault.checks.iter().map(|check| check.to_string());
    let besides = Some(fault.besides.to_owned()).filter(|text| !text.is_empty());
    let all: Vec<_> =
        ["no violation".to_owned()].into_iter().chain(checks).chain(besides).collect();
    lines.push(format!("must hold: {}", all.join(", ")));
    let names = [fault.name].into_iter().chain(std::iter::repeat(""));
    names.zip(lines).map(|(name, line)| format!("{name:<20} {line}\n")).collect()
}

fn say(outcome: &Outcome, runs: Range<u32>) {
    let report = &outcome.report;
    let mark = match (report.is_good(), report.is_clean()) {
        (true, _) => "good",
        (false, true) => "slow",
        (false, false) => "BAD ",
    };
    let (title, seconds) = (&report.title, outcome.took.as_secs_f64());
    println!("{mark} {title}: {} runs in {seconds:.0} s", runs.len());
    for figure in &report.figures {
        let mark = if figure.holds() { " " } else { "!" };
        println!("   {mark} {}: {} (at most {})", figure.name, figure.said(), figure.allowed());
    }
    report.violations.iter().take(5).for_each(|violation| println!("   ! {violation}"));
    if let Some(more) = report.violations.len().checked_sub(6) {
        println!("   ! and {} more", more + 1);
    }
    report.failure.iter().for_each(|failure| println!("   ! {failure}"));
    if !report.is_good() {
        println!("   ! see {}", outcome.folder.display());
    }
}

/// Takes as many file handles as the system allows; what is started inherits it.
fn raise_file_limit(sockets: usize) -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let needed = sockets as u64 + OTHER_FILES;
    ensure!(hard >= needed, "{needed} open files are needed and the limit is {hard}");
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &str) -> Args {
        Cli::parse_from(["faults"].into_iter().chain(words.split_whitespace())).args
    }

    #[test]
    fn runs_are_shared_out_over_databases_and_installations() {
        let fault = &chosen(&["kill-node".into()]).unwrap()[0];
        let plan = |words| plan(fault, &args(words));
        use DatabaseKind::{Mariadb, Postgres};
        assert_eq!(plan(""), [(Mariadb, 0..5), (Postgres, 0..5)]);
        assert_eq!(plan("--runs 3"), [(Mariadb, 0..2), (Postgres, 0..1)]);
        let only = plan("--runs 12 --database postgres");
        assert_eq!(only, [(Postgres, 0..10), (Postgres, 10..12)]);
        assert_eq!(plan("--database sqlite"), []);
        assert_eq!(plan("--long").iter().map(|(_, runs)| runs.len()).sum::<usize>(), 200);
    }

    #[test]
    fn every_fault_has_a_name_of_its_own_and_something_to_hold() {
        let mut names: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAULTS.len());
        for fault in FAULTS {
            assert!(!fault.checks.is_empty() || !fault.besides.is_empty(), "{}", fault.name);
            let is_file = fault.on.contains(&DatabaseKind::Sqlite);
            assert!(!is_file || fault.shape.nodes == 1, "{}: SQLite is for one node", fault.name);
        }
        assert!(chosen(&["no-such-fault".into()]).is_err());
    }
}
