//! Runs a cluster under load, injects faults, and checks the history.

mod catalog;
mod cluster;
mod context;
mod criteria;
mod environment;
mod fault_run;
mod idle_sockets;
mod integrity;
mod nemesis;
mod overload;
mod requests;

use std::{
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use tokio::signal::unix::{SignalKind, signal};

use crate::services::raise_file_limit;
use catalog::{FAULTS, Fault};
pub use cluster::{Cluster, DatabaseKind, Topology};
use context::Scale;
use fault_run::{FaultRun, RunResult};

/// The maximum number of runs of a cluster whose only problem is a latency over its limit relative
/// to normal operation.
const MAX_TRIES: u32 = 3;
/// Open files besides the sockets of a reconnect storm.
const OTHER_FILES: usize = 2_000;
/// The maximum number of violations that are printed for each cluster.
const MAX_PRINTED_VIOLATIONS: usize = 5;

/// `rig faults`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Faults to inject. [default: all]
    names: Vec<String>,

    /// Only list the faults and what must hold.
    #[arg(long)]
    list: bool,

    /// Inject each fault as often as a test run does (the default).
    #[arg(long, conflicts_with = "long")]
    short: bool,

    /// Inject each fault as often as it takes to be sure.
    #[arg(long)]
    long: bool,

    /// How often to inject each fault, over all databases. [default: see --list]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,

    /// Only on this database.
    #[arg(long, value_enum)]
    database: Option<DatabaseKind>,

    /// How long a fault stays active, in seconds, where that can be chosen. [default: see --list]
    #[arg(long)]
    seconds: Option<f64>,

    /// Fail on violations only. Measurements are shown, but depend on what else the machine does.
    #[arg(long)]
    violations_only: bool,

    /// The server program. [default: `hallway` beside this one]
    #[arg(long)]
    server: Option<PathBuf>,

    /// The directory for reports; a bad run also leaves its history and the servers' logs.
    #[arg(long, default_value = "rig-out")]
    out: PathBuf,
}

/// The exit code if a history shows a violation.
pub const VIOLATED: u8 = 2;

/// Injects faults and reports whether all criteria were met. The exit code is [`VIOLATED`] if a
/// history shows a violation, and 1 on any other problem.
pub fn run(args: &Args) -> Result<ExitCode> {
    let faults = select(&args.names)?;
    if args.list {
        let text: String = faults.iter().map(|fault| describe(fault)).collect();
        // Fails if standard output is a closed pipe, which is no problem.
        let _ = std::io::stdout().write_all(text.as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    let server = match &args.server {
        Some(server) => server.clone(),
        None => std::env::current_exe()?.with_file_name("hallway"),
    };
    ensure!(server.is_file(), "{} does not exist: build it first", server.display());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        // Dropping the future ends all services.
        tokio::select! {
            exit_code = inject_all(args, &faults, &server) => exit_code,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminate.recv() => bail!("interrupted"),
        }
    })
}

async fn inject_all(args: &Args, faults: &[&Fault], server: &Path) -> Result<ExitCode> {
    let (mut is_good, mut is_violated, mut count) = (true, false, 0);
    for fault in faults {
        for (database, injections) in plan(fault, args) {
            let scale = scale(fault, args);
            raise_file_limit(scale.count + OTHER_FILES)?;
            count += injections.len();
            let run = FaultRun { fault, database, injections, scale, server, out: &args.out };
            let mut result = run.run().await?;
            for _ in 1..MAX_TRIES {
                if !result.is_noise || args.violations_only {
                    break;
                }
                print_result(&result, run.injections.len());
                println!("     again: only a latency is over its limit");
                result = run.run().await?;
            }
            is_good &= match args.violations_only {
                true => result.report.is_clean(),
                false => result.report.is_good(),
            };
            is_violated |= !result.report.violations.is_empty();
            print_result(&result, run.injections.len());
        }
    }
    ensure!(count > 0, "none of the faults runs on this database");
    if is_good {
        println!("All is well in {count} runs.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("Not all is well: see the reports in {}.", args.out.display());
    Ok(if is_violated { ExitCode::from(VIOLATED) } else { ExitCode::FAILURE })
}

/// The clusters of a fault: the database of each, and the numbers of its injections.
fn plan(fault: &Fault, args: &Args) -> Vec<(DatabaseKind, Range<u32>)> {
    let runs = args.runs.unwrap_or(if args.long { fault.runs.1 } else { fault.runs.0 });
    let is_selected = |kind: &&DatabaseKind| args.database.is_none_or(|only| only == **kind);
    let databases: Vec<_> = fault.databases.iter().filter(is_selected).collect();
    let mut plan = Vec::new();
    for (nth, database) in (0..).zip(&databases) {
        // Each database gets an equal share; the first ones also get the remainder.
        let count = databases.len() as u32;
        let share = runs / count + u32::from(nth < runs % count);
        let starts = (0..share).step_by(fault.per_cluster as usize);
        let end = |start| share.min(start + fault.per_cluster);
        plan.extend(starts.map(|start| (**database, start..end(start))));
    }
    plan
}

/// The durations and counts of a fault in a short or a long run.
fn scale(fault: &Fault, args: &Args) -> Scale {
    let (broken_s, count, normal_s) = match args.long {
        true => (fault.broken_s.1, fault.count.1, 4.0),
        false => (fault.broken_s.0, fault.count.0, 2.0),
    };
    let broken = Duration::from_secs_f64(args.seconds.unwrap_or(broken_s));
    Scale { normal: Duration::from_secs_f64(normal_s), broken, count }
}

fn select(names: &[String]) -> Result<Vec<&'static Fault>> {
    if names.is_empty() {
        return Ok(FAULTS.iter().collect());
    }
    let find = |name: &String| {
        let fault = FAULTS.iter().find(|fault| fault.name == name);
        fault.with_context(|| format!("no fault is called {name}: see --list"))
    };
    names.iter().map(find).collect()
}

/// The entry of a fault in `--list`.
fn describe(fault: &Fault) -> String {
    let databases: Vec<_> = fault.databases.iter().map(|kind| kind.name()).collect();
    let (short, long) = fault.runs;
    let mut lines = vec![
        fault.summary.to_owned(),
        format!("runs: {short} short, {long} long, on {}", databases.join(", ")),
    ];
    if fault.broken_s.1 > 0.0 {
        let (short, long) = fault.broken_s;
        lines.push(format!("active for: {short} s short, {long} s long"));
    }
    if fault.count.1 > 0 {
        let (short, long) = fault.count;
        lines.push(format!("how many: {short} short, {long} long"));
    }
    let mut criteria = vec!["no violation".to_owned()];
    criteria.extend(fault.criteria.iter().map(ToString::to_string));
    criteria.extend(Some(fault.also_holds.to_owned()).filter(|text| !text.is_empty()));
    lines.push(format!("must hold: {}", criteria.join(", ")));
    let names = [fault.name].into_iter().chain(std::iter::repeat(""));
    names.zip(lines).map(|(name, line)| format!("{name:<20} {line}\n")).collect()
}

fn print_result(result: &RunResult, injections: usize) {
    let report = &result.report;
    let mark = match (report.is_good(), report.is_clean()) {
        (true, _) => "good",
        (false, true) => "slow",
        (false, false) => "BAD ",
    };
    let (title, seconds) = (&report.title, result.took.as_secs_f64());
    println!("{mark} {title}: {injections} runs in {seconds:.0} s");
    for one in &report.measurements {
        let mark = if one.holds() { " " } else { "!" };
        println!("   {mark} {}: {} (at most {})", one.name, one.value_text(), one.limit_text());
    }
    for violation in report.violations.iter().take(MAX_PRINTED_VIOLATIONS) {
        println!("   ! {violation}");
    }
    if let Some(more @ 1..) = report.violations.len().checked_sub(MAX_PRINTED_VIOLATIONS) {
        println!("   ! and {more} more");
    }
    report.failure.iter().for_each(|failure| println!("   ! {failure}"));
    if !report.is_good() {
        println!("   ! see {}", result.dir.display());
    }
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
    fn runs_are_divided_among_databases_and_clusters() {
        let fault = &select(&["kill-node".into()]).unwrap()[0];
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
    fn every_fault_has_a_unique_name_and_a_criterion() {
        let mut names: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAULTS.len());
        for fault in FAULTS {
            let name = fault.name;
            assert!(!fault.criteria.is_empty() || !fault.also_holds.is_empty(), "{name}");
            let uses_sqlite = fault.databases.contains(&DatabaseKind::Sqlite);
            assert!(!uses_sqlite || fault.topology.nodes == 1, "{name}: SQLite is for one node");
        }
        assert!(select(&["no-such-fault".into()]).is_err());
    }
}
