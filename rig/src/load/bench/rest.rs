//! Rows about sockets that say nothing, REST and the start.

use std::{path::Path, thread::sleep, time::Duration};

use anyhow::{Context, Result};
use shared::ids::RoomId;

use super::{Args, Row, median, short};
use crate::load::{
    ground::{
        Ground,
        resources::Cores,
        seed::{self, History},
    },
    questions::Question,
    quiet,
    reads::Reading,
    talk::Prose,
};

/// Memory for an idle socket, in KiB.
const IDLE_MOST_KIB: f64 = 8.0;
/// Processor time for all of them, as a share of a core.
const IDLE_MOST_CORES: f64 = 0.05;
/// Sockets that come in each second.
const COME_IN_LEAST: f64 = 3_000.0;
/// Pages read each second.
const READS_LEAST: f64 = 4_000.0;
/// How much slower they may be in a room of a million.
const READS_RATIO_MOST: f64 = 1.1;
/// From the start of the program to its first answer, in milliseconds.
const START_MOST_MS: f64 = 150.0;
/// Memory of a server with nothing to do, in MiB.
const RSS_MOST_MIB: f64 = 30.0;

/// Connections that read.
pub(super) const CONNECTIONS: usize = 16;
const LITTLE: i64 = 10_000;
pub(super) const MUCH: i64 = 1_000_000;

/// A history of so many messages, one a minute.
pub(super) fn seed(data: &Path, room: RoomId, count: i64) -> Result<()> {
    let prose = Prose::new();
    let text = |nth| prose.text(nth);
    seed::messages(data, &History { room, count, every: Duration::from_secs(60), text: &text })
}

/// Sockets that do nothing.
pub(super) fn idle(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let ground = Ground::hallway(&args.own, cores, 1)?;
    let idle = quiet::idle(&ground, args.sockets as usize)?;
    let server = idle.server.context("the server's process is known")?;
    let (kib, came_in) = (idle.kib_each.unwrap_or_default(), idle.came_in_per_s);
    let command = format!("rig load --rooms 1 --idle {}", args.sockets);
    let count = short(args.sockets as f64);
    Ok(vec![
        Row {
            what: format!("memory of an idle socket in one room, at {count}"),
            asked: format!("at most {IDLE_MOST_KIB} KiB"),
            measured: format!("{kib:.1} KiB"),
            holds: kib <= IDLE_MOST_KIB,
            command: command.clone(),
        },
        Row {
            what: format!("processor while {count} sockets are idle"),
            asked: format!("at most {:.0} % of a core", IDLE_MOST_CORES * 100.0),
            measured: format!("{:.1} %", server.cores * 100.0),
            holds: server.cores <= IDLE_MOST_CORES,
            command: command.clone(),
        },
        Row {
            what: "accept, authenticate and subscribe".into(),
            asked: format!("{} sockets/s", short(COME_IN_LEAST)),
            measured: format!("{} sockets/s", short(came_in)),
            holds: came_in >= COME_IN_LEAST,
            command,
        },
    ])
}

/// Pages of a room, and of a very long one.
pub(super) fn reads(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let sizes = if args.million { vec![LITTLE, MUCH] } else { vec![LITTLE] };
    let ground = Ground::hallway(&args.own, cores, sizes.len())?;
    let rooms = ground.stage.rooms.clone();
    let (ground, _) = ground.restarted(|data| {
        rooms.iter().zip(&sizes).try_for_each(|(room, size)| seed(data, *room, *size))
    })?;
    let reading = Reading {
        connections: CONNECTIONS,
        warm_up: Duration::from_secs(1),
        measured: Duration::from_secs(args.seconds),
    };
    let mut per_s = vec![Vec::new(); sizes.len()];
    for _ in 0..args.rounds {
        for (nth, size) in sizes.iter().enumerate() {
            let question = Question::Page(rooms[nth], *size);
            per_s[nth].push(reading.run(&ground, nth, question)?.per_s);
        }
    }
    let command = |size| format!("rig load --reads {CONNECTIONS} --messages {size}");
    let mut rows: Vec<Row> = sizes
        .iter()
        .zip(&per_s)
        .map(|(size, per_s)| {
            let reads = median(per_s.clone());
            Row {
                what: format!("REST reads/s of 50 messages, in a room of {}", short(*size as f64)),
                asked: short(READS_LEAST),
                measured: short(reads),
                holds: reads >= READS_LEAST,
                command: command(*size),
            }
        })
        .collect();
    if let [little, much] = &per_s[..] {
        let ratio = median(little.iter().zip(much).map(|(little, much)| little / much).collect());
        rows.push(Row {
            what: "the first of these to the second".into(),
            asked: format!("at most {READS_RATIO_MOST}"),
            measured: format!("{ratio:.2}"),
            holds: ratio <= READS_RATIO_MOST,
            command: "rig bench reads --million".into(),
        });
    }
    Ok(rows)
}

/// The start on a database that is there.
pub(super) fn start(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let ground = Ground::hallway(&args.own, cores, 100)?;
    let room = ground.stage.rooms[0];
    let (mut ground, _) = ground.restarted(|data| seed(data, room, LITTLE))?;
    let mut ms = Vec::new();
    for _ in 0..args.rounds {
        let (again, took) = ground.restarted(|_| Ok(()))?;
        ground = again;
        ms.push(took.as_secs_f64() * 1_000.0);
    }
    // What it does once at start is over by then.
    sleep(Duration::from_secs(3));
    let usage = ground.target.usage()?.context("the server's process is known")?;
    let (ms, mib) = (median(ms), usage.rss_kib as f64 / 1_024.0);
    Ok(vec![
        Row {
            what: "start to first answer, on an existing database".into(),
            asked: format!("at most {START_MOST_MS} ms"),
            measured: format!("{ms:.0} ms"),
            holds: ms <= START_MOST_MS,
            command: "rig bench start".into(),
        },
        Row {
            what: "memory of a server with nothing to do".into(),
            asked: format!("at most {RSS_MOST_MIB} MiB"),
            measured: format!("{mib:.1} MiB"),
            holds: mib <= RSS_MOST_MIB,
            command: "rig bench start".into(),
        },
    ])
}
