//! Measures throughput, latency and memory, and compares them with baselines.
//!
//! Open loads avoid coordinated omission, as wrk2 does: a fixed schedule gives each message its
//! time, and its latencies count from that time, however late the message was sent.

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;

pub mod baseline;
pub mod bench;
mod client;
mod cores;
mod drive;
mod fixture;
mod idle;
mod options;
mod rest_reads;
mod runtime;
pub mod seed;
mod setup;
mod storm;
mod text;

use baseline::Baseline;
use cores::Cores;
use drive::LoadResult;
pub use options::Args;
use options::TargetKind;
use rest_reads::{Query, ReadLoad};
use seed::SeedMessages;
use setup::Setup;
use text::Corpus;

/// Runs a load and prints the result. The exit code is 1 on errors, not on slowness.
pub fn run(args: &Args) -> Result<ExitCode> {
    runtime::handle_interrupt();
    let cores = Cores::split()?;
    if cores.is_shared() {
        eprintln!("There is only one core: the result is that of server and load together.");
    }
    if let Some(load) = args.read_load() {
        return run_reads(args, load, cores);
    }
    if let Some(sockets) = args.idle {
        let result = idle::run_idle(&hallway(args, cores)?, sockets as usize)?;
        return print_result(args, &result.to_string(), &result);
    }
    if let Some(people) = args.people {
        let mut setup = hallway(args, cores)?;
        let result = storm::run_people_storm(&mut setup, people as usize)?;
        return print_result(args, &result.to_string(), &result);
    }
    if let Some(sockets) = args.storm {
        let result = idle::run_storm(&hallway(args, cores)?, sockets as usize)?;
        return print_result(args, &result.to_string(), &result);
    }
    run_messages(args, cores)
}

/// The Hallway server of `--url`, or a new one.
fn hallway(args: &Args, cores: Cores) -> Result<Setup> {
    let rooms = args.rooms as usize;
    match &args.url {
        Some(url) => Setup::external(url, args.pid, rooms, args.admin.as_ref()),
        None => Setup::hallway(&args.source, cores, rooms),
    }
}

fn run_messages(args: &Args, cores: Cores) -> Result<ExitCode> {
    let (spec, rooms) = (args.load_spec(), args.rooms as usize);
    let mut results = Vec::new();
    for target in &args.on {
        let setup = match target {
            TargetKind::Hallway => hallway(args, cores),
            TargetKind::OneWrite => Setup::baseline(Baseline::OneWrite, cores, rooms),
            TargetKind::Joined => Setup::baseline(Baseline::Joined, cores, rooms),
            TargetKind::Node => Setup::node("node", &args.source, cores, rooms),
            TargetKind::NodeSearch => Setup::node("node-search", &args.source, cores, rooms),
        };
        results.push(spec.run(&setup?)?);
    }
    let mut text: Vec<String> = results.iter().map(ToString::to_string).collect();
    if let [first, others @ ..] = &results[..] {
        text.extend(others.iter().map(|other| ratio_line(first, other)));
    }
    print_result(args, &text.join("\n"), &results)?;
    let is_clean = results.iter().all(LoadResult::is_clean);
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A line with the ratios of two results.
fn ratio_line(one: &LoadResult, other: &LoadResult) -> String {
    let deliveries = one.deliveries_per_s / other.deliveries_per_s;
    let p99 = one.delivery.p99_ms / other.delivery.p99_ms;
    let (one, other) = (&one.target, &other.target);
    format!("{one} / {other}: deliveries/s {deliveries:.2}, delivery p99 {p99:.2}\n")
}

fn run_reads(args: &Args, load: ReadLoad, cores: Cores) -> Result<ExitCode> {
    let mut setup = Setup::hallway(&args.source, cores, 1)?;
    let (room, corpus) = (setup.fixture.rooms[0], Corpus::new());
    let (count, interval) = (args.messages, Duration::from_secs(60));
    let messages = SeedMessages { room, count, interval, text: &|nth| corpus.text(nth) };
    setup.restart_with(|data| messages.insert(data))?;
    let query = match &args.search {
        Some(search) => Query::Search(vec![search.clone()], 0),
        None => Query::Page(room, args.messages),
    };
    let result = load.run(&setup, 0, &query)?;
    print_result(args, &result.to_string(), &result)
}

/// Prints a result as text and, on request, writes it as JSON.
fn print_result(args: &Args, text: &str, result: &impl Serialize) -> Result<ExitCode> {
    let json = serde_json::to_string_pretty(result)?;
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => {
            println!("{json}");
            eprint!("\n{text}");
        }
        Some(path) => {
            std::fs::write(path, json)
                .with_context(|| format!("cannot write {}", path.display()))?;
            print!("\n{text}");
        }
        None => print!("\n{text}"),
    }
    Ok(ExitCode::SUCCESS)
}
