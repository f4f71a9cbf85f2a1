//! Measures: throughput, latency, memory, beside bare loops.
//!
//! Open loads are safe from coordinated omission: every message has a moment at which it is meant
//! to be sent, by a fixed schedule, and latencies count from there, however late it was sent.

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;

pub mod bare;
pub mod bench;
mod client;
mod ground;
mod options;
mod questions;
mod quiet;
mod reads;
mod talk;

use bare::Loop;
pub use ground::seed;
use ground::{Ground, Target, interrupt, resources::Cores, seed::History};
pub use options::Args;
use options::On;
use questions::Question;
use reads::Reading;
use talk::{Figures, Prose};

/// Runs a load and prints the figures. The exit code is 1 when something went wrong on the way, not
/// when something was slow.
pub fn run(args: &Args) -> Result<ExitCode> {
    interrupt::watch()?;
    let cores = Cores::split()?;
    if cores.is_shared() {
        eprintln!("There is one core for both: the figures are those of server and load together.");
    }
    let rooms = args.rooms as usize;
    if let Some(connections) = args.reads {
        return reads(args, connections as usize, cores);
    }
    if let Some(sockets) = args.idle {
        let idle = quiet::idle(&hallway(args, rooms, cores)?, sockets as usize)?;
        return tell(args, &idle.to_string(), &idle);
    }
    if let Some(sockets) = args.storm {
        let storm = quiet::storm(&hallway(args, rooms, cores)?, sockets as usize)?;
        return tell(args, &storm.to_string(), &storm);
    }
    talk(args, cores)
}

fn hallway(args: &Args, rooms: usize, cores: Cores) -> Result<Ground> {
    match &args.url {
        Some(url) => Ground::elsewhere(Target::at(url, args.pid)?, rooms, args.admin.as_ref()),
        None => Ground::hallway(&args.own, cores, rooms),
    }
}

fn talk(args: &Args, cores: Cores) -> Result<ExitCode> {
    let (shape, rooms) = (args.shape(), args.rooms as usize);
    let mut all = Vec::new();
    for on in &args.on {
        let ground = match on {
            On::Hallway => hallway(args, rooms, cores),
            On::OneWrite => Ground::bare(Loop::OneWrite, cores, rooms),
            On::Joined => Ground::bare(Loop::Joined, cores, rooms),
            On::Node => Ground::node("node", &args.own, cores, rooms),
            On::NodeSearch => Ground::node("node-search", &args.own, cores, rooms),
        };
        all.push(shape.run(&ground?)?);
    }
    let mut text: Vec<String> = all.iter().map(ToString::to_string).collect();
    if let [first, others @ ..] = &all[..] {
        text.extend(others.iter().map(|other| ratio(first, other)));
    }
    tell(args, &text.join("\n"), &all)?;
    let is_clean = all.iter().all(Figures::is_clean);
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ratio(one: &Figures, other: &Figures) -> String {
    let deliveries = one.deliveries_per_s / other.deliveries_per_s;
    let p99 = one.delivery.p99_ms / other.delivery.p99_ms;
    format!(
        "{} / {}: deliveries/s {deliveries:.2}, delivery p99 {p99:.2}\n",
        one.target, other.target
    )
}

fn reads(args: &Args, connections: usize, cores: Cores) -> Result<ExitCode> {
    let ground = Ground::hallway(&args.own, cores, 1)?;
    let (room, prose) = (ground.stage.rooms[0], Prose::new());
    let history = History {
        room,
        count: args.messages,
        every: Duration::from_secs(60),
        text: &|nth| prose.text(nth),
    };
    let (ground, _) = ground.restarted(|data| seed::messages(data, &history))?;
    let reading = Reading {
        connections,
        warm_up: Duration::from_secs(args.warm_up),
        measured: Duration::from_secs(args.seconds),
    };
    let question = match &args.search {
        Some(search) => Question::Search(vec![search.clone()], 0),
        None => Question::Page(room, args.messages),
    };
    let reads = reading.run(&ground, 0, question)?;
    tell(args, &reads.to_string(), &reads)
}

/// Prints figures, for people and (where that was asked for) for programs.
fn tell(args: &Args, text: &str, figures: &impl Serialize) -> Result<ExitCode> {
    let json = serde_json::to_string_pretty(figures)?;
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
