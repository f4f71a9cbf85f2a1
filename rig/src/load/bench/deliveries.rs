//! Rows about sending and delivering messages.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Args, Row};
use crate::{
    load::{
        baseline::{Baseline, InsertRate},
        cores::Cores,
        drive::{LoadResult, LoadSpec, Pacing},
        runtime::block_on,
        setup::Setup,
    },
    services::Program,
    stats::{format_short, median},
};

/// Messages in flight at full speed.
const WINDOW: usize = 40;
/// The number of senders; in a closed loop, each waits for its ack.
const SENDERS: usize = 64;
/// Deliveries a second of the steady rows.
const STEADY_RATE: f64 = 10_000.0;
/// The minimum of durable sends, relative to bare inserts.
const DURABLE_MIN_RATIO: f64 = 0.4;
/// The maximum of the ack p99 at half of the maximum rate.
const ACK_P99_MAX_MS: f64 = 10.0;

/// The number of rooms, and of subscribers of each room.
type Size = (usize, usize);

/// The requirement of a row at full speed.
pub(super) enum FullSpeed {
    /// Deliveries a second, relative to the one-write baseline.
    Ratio(f64),
    Absolute {
        /// The minimum of deliveries a second.
        per_s: f64,
        /// The maximum of the server's processor time for a million deliveries, in seconds.
        cpu_s: f64,
    },
}

/// Deliveries a second at full speed, beside the baselines.
pub(super) fn full_speed(
    args: &Args,
    cores: Cores,
    size: Size,
    required: &FullSpeed,
) -> Result<Row> {
    let pacing = Pacing::Closed { window: WINDOW, until_delivered: false };
    let spec = spec(args, size, WINDOW, pacing);
    let targets = [None, Some(Baseline::OneWrite), Some(Baseline::Joined)];
    let [ours, one_write, joined] = compare(args, cores, spec, targets)?;
    let rate = |result: &LoadResult| result.deliveries_per_s;
    let (to_one_write, to_joined) =
        (median_ratio(&ours, &one_write, rate), median_ratio(&ours, &joined, rate));
    let (our_rate, our_cost) = rate_and_cost(&ours);
    let (text, holds) = match required {
        FullSpeed::Ratio(min) => (format!("{min} x the one-write loop"), to_one_write >= *min),
        FullSpeed::Absolute { per_s, cpu_s } => (
            format!("{} and at most {cpu_s} s a million", format_short(*per_s)),
            our_rate >= *per_s && our_cost <= *cpu_s,
        ),
    };
    let show = |(rate, cost): (f64, f64)| format!("{} ({cost:.2} s)", format_short(rate));
    Ok(Row::new(
        format!("deliveries/s, {} x {}, {WINDOW} in flight", size.0, size.1),
        text,
        format!(
            "{}: {to_one_write:.2} x one-write ({}), {to_joined:.2} x joined ({})",
            show((our_rate, our_cost)),
            show(rate_and_cost(&one_write)),
            show(rate_and_cost(&joined))
        ),
        holds,
        &command(size, &format!("--window {WINDOW} --on hallway,one-write,joined")),
    ))
}

/// The delivery p99 at a steady rate, beside the one-write baseline.
pub(super) fn steady(args: &Args, cores: Cores, size: Size, max_ms: f64) -> Result<Row> {
    let rate = STEADY_RATE / size.1 as f64;
    let spec = spec(args, size, SENDERS, Pacing::Open(rate));
    let [ours, one_write] = compare(args, cores, spec, [None, Some(Baseline::OneWrite)])?;
    let p99 = |result: &LoadResult| result.delivery.p99_ms;
    let ratio = median_ratio(&ours, &one_write, p99);
    let median_p99 = |results: &[LoadResult]| median(results.iter().map(p99).collect());
    let (our_p99, baseline_p99) = (median_p99(&ours), median_p99(&one_write));
    Ok(Row::new(
        format!(
            "delivery p99 at {} deliveries/s, {} x {}",
            format_short(STEADY_RATE),
            size.0,
            size.1
        ),
        format!("at most {max_ms} ms"),
        format!("{our_p99:.2} ms: {ratio:.2} x one-write ({baseline_p99:.2} ms)"),
        our_p99 <= max_ms,
        &command(size, &format!("--rate {rate} --on hallway,one-write")),
    ))
}

/// The rate of senders that wait for durable acks, relative to bare inserts; and the ack p99 at
/// half of that rate.
pub(super) fn durable(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let size = (1, 1);
    let setup = Setup::hallway(&args.source, cores, size.0)?;
    let closed = Pacing::Closed { window: SENDERS, until_delivered: false };
    let (mut ours, mut inserts) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let result = spec(args, size, SENDERS, closed).run(&setup)?;
        ours.push(require_clean(result)?.acks_per_s);
        inserts.push(measure_inserts(args, cores)?.per_s);
    }
    let ratio = median(ours.iter().zip(&inserts).map(|(ours, inserts)| ours / inserts).collect());
    let (sends, inserts) = (median(ours), median(inserts));
    let half = spec(args, size, SENDERS, Pacing::Open(sends / 2.0));
    let p99 = (0..args.rounds).map(|_| Ok(require_clean(half.run(&setup)?)?.ack.p99_ms));
    let p99 = median(p99.collect::<Result<_>>()?);
    Ok(vec![
        Row::new(
            format!("durable sends/s, {SENDERS} closed-loop senders"),
            format!("{DURABLE_MIN_RATIO} x bare inserts in batches of 64"),
            format!("{}: {ratio:.2} x inserts ({})", format_short(sends), format_short(inserts)),
            ratio >= DURABLE_MIN_RATIO,
            &command(size, &format!("--senders {SENDERS}")),
        ),
        Row::at_most(
            format!("ack p99 at half of that ({} sends/s)", format_short(sends / 2.0)),
            (p99, ACK_P99_MAX_MS),
            |ms| format!("{ms:.2} ms"),
            &command(size, &format!("--rate {:.0}", sends / 2.0)),
        ),
    ])
}

/// Measures bare inserts on the server's core and disk.
fn measure_inserts(args: &Args, cores: Cores) -> Result<InsertRate> {
    let dir = args.source.create_dir()?;
    let program = Program::new(std::env::current_exe()?)
        .on_core(Some(cores.server))
        .args(["baseline", "--loop", Baseline::Inserts.name()])
        .args(["--seconds", &args.seconds.to_string(), "--folder"])
        .arg(dir.path());
    Ok(serde_json::from_str(&block_on(program.run())?)?)
}

fn spec(args: &Args, (rooms, subscribers): Size, senders: usize, pacing: Pacing) -> LoadSpec {
    LoadSpec {
        rooms,
        subscribers,
        senders,
        pacing,
        text_bytes: 150,
        warm_up: Duration::from_secs(2),
        measured: Duration::from_secs(args.seconds),
    }
}

/// Runs a load on each target (`None` is the server) in turns.
fn compare<const N: usize>(
    args: &Args,
    cores: Cores,
    spec: LoadSpec,
    targets: [Option<Baseline>; N],
) -> Result<[Vec<LoadResult>; N]> {
    let hallway = Setup::hallway(&args.source, cores, spec.rooms)?;
    let mut all = [const { Vec::new() }; N];
    for _ in 0..args.rounds {
        for (results, target) in all.iter_mut().zip(targets) {
            let result = match target {
                None => spec.run(&hallway)?,
                Some(baseline) => spec.run(&Setup::baseline(baseline, cores, spec.rooms)?)?,
            };
            results.push(require_clean(result)?);
        }
    }
    Ok(all)
}

/// Fails if the load had errors, because the speed of a server that loses messages does not count.
fn require_clean(result: LoadResult) -> Result<LoadResult> {
    ensure!(result.is_clean(), "the load had errors:\n{result}");
    Ok(result)
}

/// The median of the ratios of all rounds.
fn median_ratio(
    ours: &[LoadResult],
    theirs: &[LoadResult],
    of: impl Fn(&LoadResult) -> f64,
) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| of(ours) / of(theirs)).collect())
}

/// The median deliveries a second, and the CPU-seconds of the target for a million of them.
fn rate_and_cost(results: &[LoadResult]) -> (f64, f64) {
    let rate = median(results.iter().map(|result| result.deliveries_per_s).collect());
    let cost = results.iter().filter_map(|result| result.server.as_ref()?.s_per_million);
    (rate, median(cost.collect()))
}

fn command((rooms, subscribers): Size, options: &str) -> String {
    format!("rig load --rooms {rooms} --subscribers {subscribers} {options}")
}
