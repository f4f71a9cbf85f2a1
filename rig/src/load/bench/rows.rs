//! Rows about talk.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Args, Row, median, short};
use crate::load::{
    bare::{self, Loop},
    ground::{Ground, resources::Cores},
    talk::{Figures, Pace, Shape},
};

/// Messages in flight when as much is sent as the server takes.
const WINDOW: usize = 40;
/// Senders that each wait for their ack.
const SENDERS: usize = 64;
/// Deliveries a second of the steady rows.
const STEADY: f64 = 10_000.0;
/// What a steady row's p99 may be of the loop's.
const STEADY_MOST: f64 = 1.2;
/// What the durable row must be of bare inserts.
const DURABLE_LEAST: f64 = 0.4;
/// What an ack may take at half of what is possible, in milliseconds.
const ACK_MOST_MS: f64 = 20.0;

/// As many deliveries as possible, as a ratio to those of the one-write loop.
pub(super) fn full(args: &Args, cores: Cores, size: (usize, usize), least: f64) -> Result<Row> {
    let shape = shape(args, size, WINDOW, Pace::Closed { window: WINDOW, is_whole: false });
    let [ours, one_write, joined] =
        compare(args, cores, shape, [None, Some(Loop::OneWrite), Some(Loop::Joined)])?;
    let rate = |figures: &Figures| figures.deliveries_per_s;
    let (one, all) = (ratio(&ours, &one_write, rate), ratio(&ours, &joined, rate));
    Ok(Row {
        what: format!("deliveries/s, {} x {}, {WINDOW} in flight", size.0, size.1),
        asked: format!("{least} x the one-write loop"),
        measured: format!(
            "{}: {one:.2} x one-write ({}), {all:.2} x joined ({})",
            rate_and_cost(&ours),
            rate_and_cost(&one_write),
            rate_and_cost(&joined)
        ),
        holds: one >= least,
        command: command(size, &format!("--window {WINDOW} --on hallway,one-write,joined")),
    })
}

/// A tenth of what is possible: how long deliveries take, as a ratio to those of the loop.
pub(super) fn steady(args: &Args, cores: Cores, size: (usize, usize)) -> Result<Row> {
    let rate = STEADY / size.1 as f64;
    let shape = shape(args, size, SENDERS, Pace::Open(rate));
    let [ours, one_write] = compare(args, cores, shape, [None, Some(Loop::OneWrite)])?;
    let p99 = |figures: &Figures| figures.delivery.p99_ms;
    let times = ratio(&ours, &one_write, p99);
    let middle = |all: &[Figures]| median(all.iter().map(p99).collect());
    Ok(Row {
        what: format!("delivery p99 at {} deliveries/s, {} x {}", short(STEADY), size.0, size.1),
        asked: format!("at most {STEADY_MOST} x the one-write loop"),
        measured: format!(
            "{:.2} ms: {times:.2} x one-write ({:.2} ms)",
            middle(&ours),
            middle(&one_write)
        ),
        holds: times <= STEADY_MOST,
        command: command(size, &format!("--rate {rate} --on hallway,one-write")),
    })
}

/// Messages that are on the disk before their senders send the next, as a ratio to bare inserts;
/// and how long an ack takes with half as many.
pub(super) fn durable(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let size = (1, 1);
    let ground = Ground::hallway(&args.own, cores, size.0)?;
    let closed = Pace::Closed { window: SENDERS, is_whole: false };
    let (mut ours, mut inserts) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        ours.push(clean(shape(args, size, SENDERS, closed).run(&ground)?)?.acks_per_s);
        inserts.push(bare::inserts_apart(&args.own, cores, args.seconds)?.per_s);
    }
    let ratios = ours.iter().zip(&inserts).map(|(ours, inserts)| ours / inserts).collect();
    let (ratio, sends, rows) = (median(ratios), median(ours), median(inserts));
    let half = shape(args, size, SENDERS, Pace::Open(sends / 2.0));
    let acks = (0..args.rounds).map(|_| Ok(clean(half.run(&ground)?)?.ack.p99_ms));
    let p99 = median(acks.collect::<Result<_>>()?);
    Ok(vec![
        Row {
            what: format!("durable sends/s, {SENDERS} closed-loop senders"),
            asked: format!("{DURABLE_LEAST} x bare inserts in batches of 64"),
            measured: format!("{}: {ratio:.2} x inserts ({})", short(sends), short(rows)),
            holds: ratio >= DURABLE_LEAST,
            command: command(size, &format!("--senders {SENDERS}")),
        },
        Row {
            what: format!("ack p99 at half of that ({} sends/s)", short(sends / 2.0)),
            asked: format!("at most {ACK_MOST_MS} ms"),
            measured: format!("{p99:.2} ms"),
            holds: p99 <= ACK_MOST_MS,
            command: command(size, &format!("--rate {:.0}", sends / 2.0)),
        },
    ])
}

fn shape(args: &Args, size: (usize, usize), speakers: usize, pace: Pace) -> Shape {
    Shape {
        rooms: size.0,
        subscribers: size.1,
        speakers,
        pace,
        bytes: 150,
        warm_up: Duration::from_secs(2),
        measured: Duration::from_secs(args.seconds),
    }
}

/// Runs a load on each of these (`None` is the server) in turns, round after round.
fn compare<const N: usize>(
    args: &Args,
    cores: Cores,
    shape: Shape,
    on: [Option<Loop>; N],
) -> Result<[Vec<Figures>; N]> {
    let ground = Ground::hallway(&args.own, cores, shape.rooms)?;
    let mut all = [const { Vec::new() }; N];
    for _ in 0..args.rounds {
        for (figures, on) in all.iter_mut().zip(on) {
            let one = match on {
                None => shape.run(&ground)?,
                Some(which) => shape.run(&Ground::bare(which, cores, shape.rooms)?)?,
            };
            figures.push(clean(one)?);
        }
    }
    Ok(all)
}

/// What loses messages is not fast but broken.
fn clean(figures: Figures) -> Result<Figures> {
    ensure!(figures.is_clean(), "something went wrong:\n{figures}");
    Ok(figures)
}

/// The median of the ratios of each round.
fn ratio(ours: &[Figures], theirs: &[Figures], of: impl Fn(&Figures) -> f64) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| of(ours) / of(theirs)).collect())
}

fn rate_and_cost(all: &[Figures]) -> String {
    let rate = median(all.iter().map(|figures| figures.deliveries_per_s).collect());
    let cost = all.iter().filter_map(|figures| figures.server.as_ref()?.s_per_million);
    format!("{} ({:.2} s)", short(rate), median(cost.collect()))
}

fn command(size: (usize, usize), how: &str) -> String {
    format!("rig load --rooms {} --subscribers {} {how}", size.0, size.1)
}
