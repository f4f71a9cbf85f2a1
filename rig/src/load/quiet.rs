//! Sockets that say nothing: what they take, how fast they come in, and how fast all of them come
//! back at once.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;
use shared::rules::HEARTBEAT_S;

use super::{
    client::{Crowd, Role, tally::Follow},
    ground::{Ground, resources::raise_file_limit},
    talk::Taken,
};

/// Sockets on their way in at once, when it is measured how fast they come in.
const AT_ONCE: usize = 64;
/// What all may take to come in, or to come back.
const OPEN_WITHIN: Duration = Duration::from_secs(120);
const OTHER_FILES: usize = 200;

/// What idle sockets take.
#[derive(Clone, Debug, Serialize)]
pub struct Idle {
    /// Connected, authenticated and subscribed to a room, each.
    pub sockets: usize,
    /// How many came in each second, 64 at a time.
    pub came_in_per_s: f64,
    /// Memory of the server for each, in KiB; none if its process is not known.
    pub kib_each: Option<f64>,
    /// The server while nothing happens but heartbeats, over exactly one of each socket.
    pub server: Option<Taken>,
}

/// Opens sockets, spread over the rooms, and watches them do nothing.
pub fn idle(ground: &Ground, sockets: usize) -> Result<Idle> {
    raise_file_limit(sockets + OTHER_FILES)?;
    let mut crowd = Crowd::new(ground.target.address)?;
    let before = ground.target.usage()?;
    eprintln!("{}: {sockets} sockets come in", ground.name);
    let live = crowd.open(listeners(ground, sockets), AT_ONCE, OPEN_WITHIN)?;
    let took_us = live.iter().max().copied().unwrap_or(1);
    let opened = ground.target.usage()?;
    let idle = Duration::from_secs(HEARTBEAT_S);
    eprintln!("{}: idle for {HEARTBEAT_S} s", ground.name);
    let began = Instant::now();
    while began.elapsed() < idle {
        crowd.turn(Duration::from_millis(100))?;
    }
    let after = ground.target.usage()?;
    let server = opened.zip(after);
    let server = server.map(|(opened, after)| Taken::between(opened, after, began.elapsed(), 0));
    let kib_each = before.zip(after).map(|(before, after)| {
        after.rss_kib.saturating_sub(before.rss_kib) as f64 / sockets as f64
    });
    let came_in_per_s = sockets as f64 * 1e6 / took_us as f64;
    Ok(Idle { sockets, came_in_per_s, kib_each, server })
}

/// How a crowd comes back.
#[derive(Clone, Debug, Serialize)]
pub struct Storm {
    /// Sockets that hung up and came back at once.
    pub sockets: usize,
    /// Until half of them were welcome and subscribed again, in seconds.
    pub half_s: f64,
    /// Until 99 of 100 were.
    pub most_s: f64,
    /// Until all were.
    pub all_s: f64,
    /// Processor time of the server meanwhile, in seconds.
    pub cpu_s: Option<f64>,
    /// The most memory in RAM that the server had, in MiB.
    pub peak_mib: Option<f64>,
}

/// Opens sockets, hangs them all up, and lets them all come back at once.
pub fn storm(ground: &Ground, sockets: usize) -> Result<Storm> {
    raise_file_limit(sockets + OTHER_FILES)?;
    let mut crowd = Crowd::new(ground.target.address)?;
    eprintln!("{}: {sockets} sockets come in", ground.name);
    crowd.open(listeners(ground, sockets), AT_ONCE, OPEN_WITHIN)?;
    let before = ground.target.usage()?;
    eprintln!("{}: they hang up and come back", ground.name);
    let tokens = listeners(ground, sockets).into_iter().map(|(token, _)| token);
    let back = tokens.zip(crowd.hang_up()).collect();
    let mut live = crowd.open(back, sockets, OPEN_WITHIN)?;
    let after = ground.target.usage()?;
    live.sort_unstable();
    let until = |share: f64| {
        let nth = (sockets as f64 * share).ceil() as usize;
        live.get(nth.saturating_sub(1)).map_or(0.0, |us| *us as f64 / 1e6)
    };
    let used = before.zip(after);
    Ok(Storm {
        sockets,
        half_s: until(0.5),
        most_s: until(0.99),
        all_s: until(1.0),
        cpu_s: used.map(|(before, after)| after.cpu.saturating_sub(before.cpu).as_secs_f64()),
        peak_mib: after.map(|after| after.peak_kib as f64 / 1_024.0),
    })
}

/// So many, spread over the rooms.
fn listeners(ground: &Ground, sockets: usize) -> Vec<(&str, Role)> {
    let rooms = &ground.stage.rooms;
    let listener = |nth: usize| {
        let (nth, nth_in) = (nth % rooms.len(), nth / rooms.len());
        let role = Role::Subscriber { room: rooms[nth], follow: Follow::default() };
        (ground.stage.listener(nth, nth_in), role)
    };
    (0..sockets).map(listener).collect()
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} idle sockets", self.sockets)?;
        writeln!(f, "  came in        {:.0} a second", self.came_in_per_s)?;
        if let (Some(kib), Some(server)) = (self.kib_each, &self.server) {
            writeln!(f, "  memory         {kib:.1} KiB each, {:.1} MiB in all", server.rss_mib)?;
            writeln!(f, "  processor      {:.1} % of a core", server.cores * 100.0)?;
        }
        Ok(())
    }
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sockets, half_s, most_s, all_s, .. } = self;
        writeln!(f, "{sockets} sockets hung up and came back")?;
        writeln!(
            f,
            "  back           half in {half_s:.2} s, 99 % in {most_s:.2}, all in {all_s:.2}"
        )?;
        if let (Some(cpu), Some(peak)) = (self.cpu_s, self.peak_mib) {
            writeln!(f, "  server         {cpu:.2} s of processor time, {peak:.1} MiB at most")?;
        }
        Ok(())
    }
}
