//! The whole table of what is asked of the server's speed: each row measured in one run with what
//! it is compared to, on the same cores, in turns.

use std::{fmt, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;

mod rest;
mod rows;
mod search;

use super::ground::{Own, interrupt, resources::Cores};

/// `rig bench`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Rows to measure. [default: all]
    #[arg(value_enum)]
    rows: Vec<RowName>,

    /// How often each side of a comparison is measured, in turns; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,

    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// Sockets that are idle.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    sockets: u64,

    /// Also reads from a room of a million messages, which takes a minute to make.
    #[arg(long)]
    million: bool,

    #[command(flatten)]
    own: Own,

    /// Writes the table as JSON to this file.
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
    /// Thousands of idle sockets: how they come in, and what they take.
    Idle,
    /// Pages of 50 messages by REST.
    Reads,
    /// Searches in a room of a million messages, which takes minutes to make.
    Search,
    /// The start on an existing database, and the memory of a server with nothing to do.
    Start,
}

/// What was asked for and what came of it.
#[derive(Clone, Debug, Serialize)]
struct Row {
    /// What is measured.
    what: String,
    /// What is asked for.
    asked: String,
    /// What came of it.
    measured: String,
    /// Whether that is enough.
    holds: bool,
    /// How to measure it alone.
    command: String,
}

/// Measures rows and prints them as a table. The exit code is 1 if one does not hold.
pub fn run(args: &Args) -> Result<ExitCode> {
    interrupt::watch()?;
    let cores = Cores::split()?;
    anyhow::ensure!(!cores.is_shared(), "with a single core there is nothing to compare");
    let names = match &args.rows[..] {
        [] => RowName::value_variants(),
        chosen => chosen,
    };
    let mut table = Table(Vec::new());
    for name in names {
        let rows = measure(*name, args, cores);
        interrupt::check()?;
        let rows = rows.unwrap_or_else(|error| vec![Row::failed(*name, &error)]);
        rows.iter().for_each(|row| eprintln!("{row}"));
        table.0.extend(rows);
    }
    print!("{table}");
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&table.0)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let holds = table.0.iter().all(|row| row.holds);
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(name: RowName, args: &Args, cores: Cores) -> Result<Vec<Row>> {
    match name {
        RowName::Hot => rows::full(args, cores, (1, 1_000), 5.0).map(|row| vec![row]),
        RowName::Wide => rows::full(args, cores, (100, 50), 0.9).map(|row| vec![row]),
        RowName::Narrow => rows::full(args, cores, (1_000, 5), 0.9).map(|row| vec![row]),
        RowName::SteadyWide => rows::steady(args, cores, (100, 50)).map(|row| vec![row]),
        RowName::SteadyNarrow => rows::steady(args, cores, (1_000, 5)).map(|row| vec![row]),
        RowName::Durable => rows::durable(args, cores),
        RowName::Idle => rest::idle(args, cores),
        RowName::Reads => rest::reads(args, cores),
        RowName::Search => search::rows(args, cores),
        RowName::Start => rest::start(args, cores),
    }
}

impl Row {
    /// One that could not be measured, which does not keep the others from being.
    fn failed(name: RowName, error: &anyhow::Error) -> Self {
        let name = name.to_possible_value().map_or_else(String::new, |name| name.get_name().into());
        // A table's row is one line.
        let measured = format!("{error:#}").replace('\n', "; ");
        let (asked, command) = (String::new(), format!("rig bench {name}"));
        Self { what: name, asked, measured, holds: false, command }
    }
}

struct Table(Vec<Row>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | asked | measured | holds | command |\n|---|---|---|---|---|")?;
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, asked, measured, command, holds } = self;
        let holds = if *holds { "yes" } else { "**no**" };
        write!(f, "| {what} | {asked} | {measured} | {holds} | `{command}` |")
    }
}

/// The middle one; of an even number the lower of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// A count as people read it.
fn short(count: f64) -> String {
    match count {
        1e6.. => format!("{:.2} M", count / 1e6),
        1e4.. => format!("{:.0} k", count / 1e3),
        1e3.. => format!("{:.1} k", count / 1e3),
        _ => format!("{count:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_not_the_mean_and_counts_are_short() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.0);
        assert_eq!(
            [12.4, 4_321.0, 54_321.0, 1_234_567.0].map(short),
            ["12", "4.3 k", "54 k", "1.23 M"]
        );
    }
}
