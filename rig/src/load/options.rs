//! The options of `rig load`.

use std::{path::PathBuf, time::Duration};

use clap::{Args as ClapArgs, ValueEnum};

use super::{
    drive::{LoadSpec, Pacing},
    fixture::AdminLogin,
    rest_reads::ReadLoad,
    setup::ServerSource,
};

/// `rig load`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Rooms; messages go to them in turn.
    #[arg(long, default_value_t = 100, value_parser = at_least_one())]
    pub(super) rooms: u64,

    /// Subscribers of each room, each with a socket.
    #[arg(long, default_value_t = 50)]
    subscribers: usize,

    /// Open load: messages a second in all, on a fixed schedule.
    #[arg(long, default_value_t = 200.0, value_parser = parse_rate)]
    #[arg(conflicts_with_all = ["window", "senders"])]
    rate: f64,

    /// Closed load: messages in flight in all; each ack sends the next message.
    #[arg(long, value_parser = at_least_one())]
    window: Option<u64>,

    /// Closed load: sockets that send. [default: one for each message in flight]
    #[arg(long, value_parser = at_least_one())]
    senders: Option<u64>,

    /// Closed load: a message is in flight until every subscriber has it, not only until its ack.
    #[arg(long)]
    until_delivered: bool,

    /// The length of a message, in bytes.
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u64).range(32..=16_384))]
    bytes: u64,

    /// Instead of messages: so many sockets connect and are idle for one heartbeat.
    #[arg(long, group = "what", value_parser = at_least_one())]
    pub(super) idle: Option<u64>,

    /// Instead of messages: so many sockets reconnect at once.
    #[arg(long, group = "what", num_args = 0..=1, default_missing_value = "1000")]
    #[arg(value_parser = at_least_one())]
    pub(super) storm: Option<u64>,

    /// With --storm: instead, so many people reconnect after a restart of the server, and each subscribes
    /// to all rooms, once with a frame for each room and once with one frame.
    #[arg(long, requires = "storm", value_parser = at_least_one(), conflicts_with = "url")]
    pub(super) people: Option<u64>,

    /// Instead of messages: so many connections read pages of 50 messages by REST.
    #[arg(long, group = "what", value_parser = at_least_one(), conflicts_with = "url")]
    reads: Option<u64>,

    /// With --reads: messages in the room.
    #[arg(long, default_value_t = 10_000, requires = "reads")]
    #[arg(value_parser = clap::value_parser!(i64).range(50..))]
    pub(super) messages: i64,

    /// With --reads: search for this instead, 20 hits at a time.
    #[arg(long, requires = "reads")]
    pub(super) search: Option<String>,

    /// Seconds to measure.
    #[arg(long, default_value_t = 10, value_parser = at_least_one())]
    seconds: u64,

    /// Seconds before the measurement begins.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,

    /// The targets, one after the other; ratios are of the first to each of the others.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "hallway")]
    pub(super) on: Vec<TargetKind>,

    /// A running server, as http://HOST:PORT. [default: start one, on SQLite]
    #[arg(long)]
    pub(super) url: Option<String>,

    /// With --url: an account that may create rooms, as NAME:PASSWORD. [default: the server is new,
    /// and the first account is created]
    #[arg(long, requires = "url")]
    pub(super) admin: Option<AdminLogin>,

    /// With --url: the server's process on this machine, for its memory and processor time.
    #[arg(long, requires = "url")]
    pub(super) pid: Option<u32>,

    #[command(flatten)]
    pub(super) source: ServerSource,

    /// Write the result as JSON to this file, or to standard output with `-`.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
}

/// The target of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TargetKind {
    /// A server.
    Hallway,
    /// The baseline fan-out with one write for each delivery.
    OneWrite,
    /// The baseline fan-out with one write for all frames that wait for a socket.
    Joined,
    /// A small chat for Node (rig/node): ws, better-sqlite3, group commit, no search index.
    Node,
    /// The same with a search index in the transaction that writes.
    NodeSearch,
}

impl Args {
    pub(super) fn load_spec(&self) -> LoadSpec {
        let window = self.window.or(self.senders).map(|window| window as usize);
        LoadSpec {
            rooms: self.rooms as usize,
            subscribers: self.subscribers,
            senders: self.senders.map(|senders| senders as usize).or(window).unwrap_or(64),
            pacing: match window {
                Some(window) => Pacing::Closed { window, until_delivered: self.until_delivered },
                None => Pacing::Open(self.rate),
            },
            text_bytes: self.bytes as usize,
            warm_up: Duration::from_secs(self.warm_up),
            measured: Duration::from_secs(self.seconds),
        }
    }

    pub(super) fn read_load(&self) -> Option<ReadLoad> {
        self.reads.map(|connections| ReadLoad {
            connections: connections as usize,
            warm_up: Duration::from_secs(self.warm_up),
            measured: Duration::from_secs(self.seconds),
        })
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1e6).contains(&rate) => Ok(rate),
        _ => Err("must be a number from 0.001 to 1000000".into()),
    }
}

fn at_least_one() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..)
}
