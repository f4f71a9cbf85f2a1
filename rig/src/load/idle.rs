//! Measures idle sockets: their memory and processor time, how fast they connect, and how fast all
//! of them reconnect at once.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;
use shared::rules::HEARTBEAT_S;

use super::{
    client::{ClientPool, Role},
    drive::ResourceUse,
    setup::Setup,
};
use crate::{services::raise_file_limit, stats::quantile};

/// The number of sockets that connect concurrently.
const CONCURRENT_CONNECTS: usize = 64;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);
/// Open files besides the sockets.
const OTHER_FILES: usize = 200;

#[derive(Clone, Debug, Serialize)]
pub struct IdleResult {
    /// The number of sockets; each is authenticated and subscribed to a room.
    pub sockets: usize,
    /// Sockets that connected a second, 64 at a time.
    #[serde(rename = "came_in_per_s")]
    pub connects_per_s: f64,
    /// The server's memory for each socket, in KiB; `None` if its process is unknown.
    #[serde(rename = "kib_each")]
    pub kib_per_socket: Option<f64>,
    /// The server's resources during one heartbeat interval.
    pub server: Option<ResourceUse>,
}

/// Opens sockets, evenly over the rooms, and leaves them idle.
pub fn run_idle(setup: &Setup, sockets: usize) -> Result<IdleResult> {
    raise_file_limit(sockets + OTHER_FILES)?;
    let mut pool = ClientPool::new(setup.address)?;
    let before = setup.usage()?;
    eprintln!("{}: {sockets} sockets connect", setup.name);
    let live_us = pool.open(subscribers(setup, sockets), CONCURRENT_CONNECTS, CONNECT_TIMEOUT)?;
    let took_us = live_us.iter().max().copied().unwrap_or(1);
    let opened = setup.usage()?;
    eprintln!("{}: idle for {HEARTBEAT_S} s", setup.name);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(HEARTBEAT_S) {
        pool.poll(Duration::from_millis(100))?;
    }
    let (after, elapsed) = (setup.usage()?, started.elapsed());
    let server = opened.zip(after);
    Ok(IdleResult {
        sockets,
        connects_per_s: sockets as f64 * 1e6 / took_us as f64,
        kib_per_socket: before.zip(after).map(|(before, after)| {
            after.rss_kib.saturating_sub(before.rss_kib) as f64 / sockets as f64
        }),
        server: server.map(|(opened, after)| ResourceUse::between(opened, after, elapsed, 0)),
    })
}

#[derive(Clone, Debug, Serialize)]
pub struct StormResult {
    /// The number of sockets that reconnected at once.
    pub sockets: usize,
    /// The time until half of them were subscribed again, in seconds.
    pub half_s: f64,
    /// The time until 99 % were, in seconds.
    #[serde(rename = "most_s")]
    pub p99_s: f64,
    /// The time until all were, in seconds.
    pub all_s: f64,
    /// The server's processor time meanwhile, in seconds.
    pub cpu_s: Option<f64>,
    /// The server's peak memory, in MiB.
    pub peak_mib: Option<f64>,
}

/// Opens sockets, closes them all, and reconnects them all at once.
pub fn run_storm(setup: &Setup, sockets: usize) -> Result<StormResult> {
    raise_file_limit(sockets + OTHER_FILES)?;
    let mut pool = ClientPool::new(setup.address)?;
    eprintln!("{}: {sockets} sockets connect", setup.name);
    pool.open(subscribers(setup, sockets), CONCURRENT_CONNECTS, CONNECT_TIMEOUT)?;
    let before = setup.usage()?;
    eprintln!("{}: they reconnect", setup.name);
    let tokens = subscribers(setup, sockets).into_iter().map(|(token, _)| token);
    let reconnecting = tokens.zip(pool.close_all()).collect();
    let live_us = pool.open(reconnecting, sockets, CONNECT_TIMEOUT)?;
    let after = setup.usage()?;
    let until_s = |share| quantile(live_us.clone(), share).map_or(0.0, |us| us as f64 / 1e6);
    let usage = before.zip(after);
    Ok(StormResult {
        sockets,
        half_s: until_s(0.5),
        p99_s: until_s(0.99),
        all_s: until_s(1.0),
        cpu_s: usage.map(|(before, after)| after.cpu.saturating_sub(before.cpu).as_secs_f64()),
        peak_mib: after.map(|after| after.peak_kib as f64 / 1_024.0),
    })
}

/// The tokens and roles of this many subscribers, evenly over the rooms.
fn subscribers(setup: &Setup, sockets: usize) -> Vec<(&str, Role)> {
    let rooms = &setup.fixture.rooms;
    let subscriber = |nth: usize| {
        let (room, nth) = (nth % rooms.len(), nth / rooms.len());
        (setup.fixture.subscriber_token(room, nth), Role::subscriber(rooms[room]))
    };
    (0..sockets).map(subscriber).collect()
}

impl fmt::Display for IdleResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} idle sockets", self.sockets)?;
        writeln!(f, "  connects       {:.0} a second", self.connects_per_s)?;
        if let (Some(kib), Some(server)) = (self.kib_per_socket, &self.server) {
            writeln!(f, "  memory         {kib:.1} KiB each, {:.1} MiB in all", server.rss_mib)?;
            writeln!(f, "  processor      {:.1} % of a core", server.cores * 100.0)?;
        }
        Ok(())
    }
}

impl fmt::Display for StormResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sockets, half_s, p99_s, all_s, .. } = self;
        writeln!(f, "{sockets} sockets reconnected")?;
        writeln!(
            f,
            "  back           half in {half_s:.2} s, 99 % in {p99_s:.2}, all in {all_s:.2}"
        )?;
        if let (Some(cpu), Some(peak)) = (self.cpu_s, self.peak_mib) {
            writeln!(f, "  server         {cpu:.2} s of processor time, {peak:.1} MiB at most")?;
        }
        Ok(())
    }
}
