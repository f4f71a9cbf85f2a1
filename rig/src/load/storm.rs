//! Measures how fast everybody is back after a restart of the server: all people reconnect at once and
//! subscribe to all their rooms, once with a frame for each room and once with one frame for all.

use std::{fmt, sync::Arc, time::Duration};

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use shared::live::{ClientFrame, Subscription};

use super::{
    client::{ClientPool, Role},
    runtime::block_on,
    setup::Setup,
};
use crate::{
    accounts::Account,
    api::{Api, Session},
    services::raise_file_limit,
    stats::{median, quantile},
};

/// The greatest number of accounts. More people share them, because a password hash takes a tenth of a
/// second.
const ACCOUNTS_MAX: usize = 250;
/// How often each way to subscribe is measured, in turn. The result is the median.
const ROUNDS: usize = 3;
const CONCURRENT_REQUESTS: usize = 16;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(300);
/// Open files besides the sockets.
const OTHER_FILES: usize = 200;

/// The medians of some rounds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reconnects {
    /// The time until half of the people had all their subscriptions, in seconds.
    pub half_s: f64,
    /// The time until 99 % had them, in seconds.
    pub p99_s: f64,
    /// The time until the last `subscribed`, in seconds.
    pub all_s: f64,
    /// The server's processor time meanwhile, in seconds.
    pub cpu_s: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct PeopleStormResult {
    /// The number of people, each with a socket.
    pub people: usize,
    /// The number of accounts that they share.
    pub accounts: usize,
    /// The number of rooms, all of which everybody is in.
    pub rooms: usize,
    /// With one `subscribe` for each room.
    pub one_by_one: Reconnects,
    /// With `subscribe_all`.
    pub all_at_once: Reconnects,
    /// The time until the last `subscribed`: one by one to all at once.
    pub ratio: f64,
}

/// Creates the people and lets them reconnect after each restart of the server.
pub fn run_people_storm(setup: &mut Setup, people: usize) -> Result<PeopleStormResult> {
    raise_file_limit(people + OTHER_FILES)?;
    let accounts = people.min(ACCOUNTS_MAX);
    eprintln!("{}: creating {accounts} people in {} rooms", setup.name, setup.fixture.rooms.len());
    let (tokens, rooms) = block_on(create_people(setup, accounts))?;
    let one_by_one = rooms.iter().map(|Subscription { room, after_rev }| {
        encode(&ClientFrame::Subscribe { room: *room, after_rev: *after_rev })
    });
    let one_by_one: Arc<[String]> = one_by_one.collect::<Result<Vec<_>>>()?.into();
    let all_at_once = encode(&ClientFrame::SubscribeAll { rooms: rooms.clone() })?;
    let all_at_once: Arc<[String]> = vec![all_at_once].into();
    let (mut separate, mut joint) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        eprintln!("{}: {people} people reconnect, round {round} of {ROUNDS}", setup.name);
        for (frames, results) in [(&one_by_one, &mut separate), (&all_at_once, &mut joint)] {
            let person = |nth: usize| {
                let role = Role::Person { subscribe: frames.clone(), waiting: rooms.len() };
                (tokens[nth % accounts].as_str(), role)
            };
            results.push(reconnect(setup, (0..people).map(person).collect())?);
        }
    }
    let (one_by_one, all_at_once) = (Reconnects::median(&separate), Reconnects::median(&joint));
    let ratio = one_by_one.all_s / all_at_once.all_s;
    let rooms = rooms.len();
    Ok(PeopleStormResult { people, accounts, rooms, one_by_one, all_at_once, ratio })
}

/// Restarts the server, and opens all sockets at once.
fn reconnect(setup: &mut Setup, people: Vec<(&str, Role)>) -> Result<Reconnects> {
    setup.restart_with(|_| Ok(()))?;
    let mut pool = ClientPool::new(setup.address)?;
    let (before, concurrent) = (setup.usage()?, people.len());
    let live_us = pool.open(people, concurrent, CONNECT_TIMEOUT)?;
    let usage = before.zip(setup.usage()?);
    let until_s = |share| quantile(live_us.clone(), share).map_or(0.0, |us| us as f64 / 1e6);
    let cpu = usage.map(|(before, after)| after.cpu.saturating_sub(before.cpu));
    Ok(Reconnects {
        half_s: until_s(0.5),
        p99_s: until_s(0.99),
        all_s: until_s(1.0),
        cpu_s: cpu.unwrap_or_default().as_secs_f64(),
    })
}

/// Creates accounts that are in all rooms. Returns their tokens, and the rooms with their last changes.
async fn create_people(setup: &Setup, accounts: usize) -> Result<(Vec<String>, Vec<Subscription>)> {
    let api = &Api::new(REQUEST_TIMEOUT)?;
    let (node, rooms) = (setup.address, &setup.fixture.rooms);
    let prefix = &format!("rig-person-{:08x}", fastrand::u32(..));
    let people = stream::iter(0..accounts).map(|nth| async move {
        let account = Account::register(api, node, &format!("{prefix}-{nth}")).await?;
        for room in rooms {
            api.join(account.session_at(node), *room).await.required("joining a room")?;
        }
        anyhow::Ok(account.token)
    });
    let tokens: Vec<String> = people.buffered(CONCURRENT_REQUESTS).try_collect().await?;
    let mut subscriptions = Vec::new();
    for room in rooms {
        let session = Session { node, token: &tokens[0] };
        let after_rev = Some(api.room(session, *room).await.required("reading a room")?.last_rev);
        subscriptions.push(Subscription { room: *room, after_rev });
    }
    Ok((tokens, subscriptions))
}

fn encode(frame: &ClientFrame) -> Result<String> {
    Ok(serde_json::to_string(frame)?)
}

impl Reconnects {
    fn median(rounds: &[Self]) -> Self {
        let of = |field: fn(&Self) -> f64| median(rounds.iter().map(field).collect());
        Self {
            half_s: of(|it| it.half_s),
            p99_s: of(|it| it.p99_s),
            all_s: of(|it| it.all_s),
            cpu_s: of(|it| it.cpu_s),
        }
    }
}

impl fmt::Display for Reconnects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { half_s, p99_s, all_s, cpu_s } = self;
        write!(f, "half in {half_s:.2} s, 99 % in {p99_s:.2}, all in {all_s:.2}; ")?;
        write!(f, "{cpu_s:.2} s of processor time")
    }
}

impl fmt::Display for PeopleStormResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { people, accounts, rooms, one_by_one, all_at_once, ratio } = self;
        writeln!(f, "{people} people ({accounts} accounts) in {rooms} rooms, after a restart")?;
        writeln!(f, "  subscribe      {one_by_one}")?;
        writeln!(f, "  subscribe_all  {all_at_once}")?;
        writeln!(f, "  ratio          {ratio:.2}")
    }
}
