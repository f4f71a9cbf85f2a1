//! Measures the table of speed requirements. Each row and its baseline are measured in turns, in
//! one run on the same cores.

use std::{fmt, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;

mod deliveries;
mod resources;
mod search;

use deliveries::FullSpeed;

use super::{cores::Cores, runtime, setup::ServerSource};

/// `rig bench`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Rows to measure. [default: all]
    #[arg(value_enum)]
    rows: Vec<RowName>,

    /// How often to measure each side of a comparison, in turns; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,

    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// Idle sockets.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    sockets: u64,

    /// Also read from a room of a million messages, which takes a minute to create.
    #[arg(long)]
    million: bool,

    #[command(flatten)]
    source: ServerSource,

    /// Write the table as JSON to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RowName {
    /// One room of 1 000 subscribers, 40 messages in flight.
    Hot,
    /// 100 rooms of 50 subscribers, 40 messages in flight.
    Wide,
    /// 1 000 rooms of 5 subscribers, 40 messages in flight.
    Narrow,
    /// 100 rooms of 50 subscribers, 10 000 deliveries a second.
    SteadyWide,
    /// 1 000 rooms of 5 subscribers, 10 000 deliveries a second.
    SteadyNarrow,
    /// 64 senders, each waiting for its ack; then half as many messages on a schedule.
    Durable,
    /// Thousands of idle sockets: how fast they connect, and what they cost.
    Idle,
    /// Pages of 50 messages by REST.
    Reads,
    /// Searches in a room of a million messages, which takes minutes to create.
    Search,
    /// The start with an existing database, and the memory of an idle server.
    Start,
}

/// A requirement and its measurement.
#[derive(Clone, Debug, Serialize)]
struct Row {
    #[serde(rename = "what")]
    name: String,
    #[serde(rename = "asked")]
    required: String,
    measured: String,
    holds: bool,
    /// The command that measures only this.
    command: String,
}

/// Measures rows and prints them as a table. The exit code is 1 if one does not hold.
pub fn run(args: &Args) -> Result<ExitCode> {
    runtime::handle_interrupt();
    let cores = Cores::split()?;
    anyhow::ensure!(!cores.is_shared(), "a comparison needs two cores");
    let names = match &args.rows[..] {
        [] => RowName::value_variants(),
        selected => selected,
    };
    let mut table = Vec::new();
    for name in names {
        let rows = measure(*name, args, cores);
        runtime::check_interrupt()?;
        let rows = rows.unwrap_or_else(|error| vec![Row::failed(*name, &error)]);
        rows.iter().for_each(|row| eprintln!("{row}"));
        table.extend(rows);
    }
    println!("| | required | measured | holds | command |\n|---|---|---|---|---|");
    table.iter().for_each(|row| println!("{row}"));
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&table)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let holds = table.iter().all(|row| row.holds);
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(name: RowName, args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let one = |row: Result<Row>| row.map(|row| vec![row]);
    match name {
        RowName::Hot => {
            one(deliveries::full_speed(args, cores, (1, 1_000), &FullSpeed::Ratio(5.0)))
        }
        RowName::Wide => one(deliveries::full_speed(
            args,
            cores,
            (100, 50),
            &FullSpeed::Absolute { per_s: 80_000.0, cpu_s: 12.0 },
        )),
        RowName::Narrow => one(deliveries::full_speed(
            args,
            cores,
            (1_000, 5),
            &FullSpeed::Absolute { per_s: 45_000.0, cpu_s: 20.0 },
        )),
        RowName::SteadyWide => one(deliveries::steady(args, cores, (100, 50), 3.0)),
        RowName::SteadyNarrow => one(deliveries::steady(args, cores, (1_000, 5), 6.0)),
        RowName::Durable => deliveries::durable(args, cores),
        RowName::Idle => resources::idle(args, cores),
        RowName::Reads => resources::reads(args, cores),
        RowName::Search => search::rows(args, cores),
        RowName::Start => resources::start(args, cores),
    }
}

impl Row {
    fn new(
        name: impl Into<String>,
        required: impl Into<String>,
        measured: String,
        holds: bool,
        command: &str,
    ) -> Self {
        let (name, required) = (name.into(), required.into());
        Self { name, required, measured, holds, command: command.into() }
    }

    /// A row with an upper limit.
    fn at_most(
        name: impl Into<String>,
        (value, limit): (f64, f64),
        text: impl Fn(f64) -> String,
        command: &str,
    ) -> Self {
        let required = format!("at most {}", text(limit));
        Self::new(name, required, text(value), value <= limit, command)
    }

    /// A row with a lower limit.
    fn at_least(
        name: impl Into<String>,
        (value, limit): (f64, f64),
        text: impl Fn(f64) -> String,
        command: &str,
    ) -> Self {
        Self::new(name, text(limit), text(value), value >= limit, command)
    }

    /// A row that could not be measured; the others still are.
    fn failed(name: RowName, error: &anyhow::Error) -> Self {
        let name = name.to_possible_value().map_or_else(String::new, |name| name.get_name().into());
        // A row of a Markdown table is one line.
        let measured = format!("{error:#}").replace('\n', "; ");
        let command = format!("rig bench {name}");
        Self::new(name, "", measured, false, &command)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, required, measured, command, holds } = self;
        let holds = if *holds { "yes" } else { "**no**" };
        write!(f, "| {name} | {required} | {measured} | {holds} | `{command}` |")
    }
}
