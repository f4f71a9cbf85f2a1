//! Rows about idle sockets, REST reads and the start of the server.

use std::{path::Path, thread::sleep, time::Duration};

use anyhow::{Context, Result};
use shared::ids::RoomId;

use super::{Args, Row};
use crate::{
    load::{
        cores::Cores,
        idle,
        rest_reads::{Query, ReadLoad},
        seed::SeedMessages,
        setup::Setup,
        text::Corpus,
    },
    stats::{format_short, median},
};

const IDLE_MAX_KIB: f64 = 6.0;
/// The maximum of the server's processor time while all sockets are idle, in percent of a core.
const IDLE_MAX_CPU_PERCENT: f64 = 5.0;
const MIN_CONNECTS_PER_S: f64 = 3_000.0;
const MIN_READS_PER_S: f64 = 8_500.0;
/// The maximum rate of reads in a small room, relative to a room of a million messages.
const MAX_READ_RATIO: f64 = 1.1;
const START_MAX_MS: f64 = 50.0;
const RSS_MAX_MIB: f64 = 25.0;

/// The number of connections that read.
pub(super) const CONNECTIONS: usize = 16;
const FEW_MESSAGES: i64 = 10_000;
pub(super) const MANY_MESSAGES: i64 = 1_000_000;
/// How long the server may still work after it is ready.
const SETTLE_TIME: Duration = Duration::from_secs(3);

/// Inserts this many messages, one a minute.
pub(super) fn seed(data: &Path, room: RoomId, count: i64) -> Result<()> {
    let corpus = Corpus::new();
    let (interval, text) = (Duration::from_secs(60), |nth| corpus.text(nth));
    SeedMessages { room, count, interval, text: &text }.insert(data)
}

/// The load of a read measurement.
pub(super) fn read_load(args: &Args, connections: usize) -> ReadLoad {
    let (warm_up, measured) = (Duration::from_secs(1), Duration::from_secs(args.seconds));
    ReadLoad { connections, warm_up, measured }
}

/// The memory and processor time of idle sockets, and the rate of connects.
pub(super) fn idle(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let setup = Setup::hallway(&args.source, cores, 1)?;
    let idle = idle::run_idle(&setup, args.sockets as usize)?;
    let server = idle.server.context("the server's process is unknown")?;
    let command = format!("rig load --rooms 1 --idle {}", args.sockets);
    let count = format_short(args.sockets as f64);
    Ok(vec![
        Row::at_most(
            format!("memory of an idle socket in one room, at {count}"),
            (idle.kib_per_socket.unwrap_or_default(), IDLE_MAX_KIB),
            |kib| format!("{kib:.1} KiB"),
            &command,
        ),
        Row::at_most(
            format!("processor while {count} sockets are idle"),
            (server.cores * 100.0, IDLE_MAX_CPU_PERCENT),
            |percent| format!("{percent:.1} % of a core"),
            &command,
        ),
        Row::at_least(
            "accept, authenticate and subscribe",
            (idle.connects_per_s, MIN_CONNECTS_PER_S),
            |rate| format!("{} sockets/s", format_short(rate)),
            &command,
        ),
    ])
}

/// The rate of reads in a small room and, with `--million`, in a room of a million messages.
pub(super) fn reads(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let sizes = if args.million { vec![FEW_MESSAGES, MANY_MESSAGES] } else { vec![FEW_MESSAGES] };
    let mut setup = Setup::hallway(&args.source, cores, sizes.len())?;
    let rooms: Vec<_> = setup.fixture.rooms.iter().copied().zip(sizes).collect();
    setup
        .restart_with(|data| rooms.iter().try_for_each(|(room, size)| seed(data, *room, *size)))?;
    let load = read_load(args, CONNECTIONS);
    let mut rates = vec![Vec::new(); rooms.len()];
    for _ in 0..args.rounds {
        for (nth, (room, size)) in rooms.iter().enumerate() {
            rates[nth].push(load.run(&setup, nth, &Query::Page(*room, *size))?.per_s);
        }
    }
    let row = |((_, size), rates): (&(RoomId, i64), &Vec<f64>)| {
        Row::at_least(
            format!("REST reads/s of 50 messages, in a room of {}", format_short(*size as f64)),
            (median(rates.clone()), MIN_READS_PER_S),
            format_short,
            &format!("rig load --reads {CONNECTIONS} --messages {size}"),
        )
    };
    let mut rows: Vec<Row> = rooms.iter().zip(&rates).map(row).collect();
    if let [few, many] = &rates[..] {
        let ratios = few.iter().zip(many).map(|(few, many)| few / many);
        rows.push(Row::at_most(
            "the first of these to the second",
            (median(ratios.collect()), MAX_READ_RATIO),
            |ratio| format!("{ratio:.2}"),
            "rig bench reads --million",
        ));
    }
    Ok(rows)
}

/// The time to start with an existing database, and the memory of an idle server.
pub(super) fn start(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let mut setup = Setup::hallway(&args.source, cores, 100)?;
    let room = setup.fixture.rooms[0];
    setup.restart_with(|data| seed(data, room, FEW_MESSAGES))?;
    let mut ms = Vec::new();
    for _ in 0..args.rounds {
        ms.push(setup.restart_with(|_| Ok(()))?.as_secs_f64() * 1_000.0);
    }
    sleep(SETTLE_TIME);
    let usage = setup.usage()?.context("the server's process is unknown")?;
    let command = "rig bench start";
    Ok(vec![
        Row::at_most(
            "start to first answer, on an existing database",
            (median(ms), START_MAX_MS),
            |ms| format!("{ms:.0} ms"),
            command,
        ),
        Row::at_most(
            "memory of a server with nothing to do",
            (usage.rss_kib as f64 / 1_024.0, RSS_MAX_MIB),
            |mib| format!("{mib:.1} MiB"),
            command,
        ),
    ])
}
