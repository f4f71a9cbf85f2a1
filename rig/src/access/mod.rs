//! A random run of people with all ranks in rooms of all kinds, in which an oracle knows who may see what.
//!
//! Each message, name and topic contains a marker word of its own. The oracle keeps for each marker who could
//! have been allowed to see it at some time between the begin of a request and the end of its response,
//! and every byte that somebody receives, by REST or on a live socket, is searched for markers.

mod actor;
mod creation;
mod live;
mod oracle;
mod requests;
mod world;
mod writes;

use std::{
    fmt,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use reqwest::Method;
use serde_json::json;
use shared::access::{Rank, RoomKind};
use tokio::task::JoinSet;

use crate::{
    accounts::Account,
    api::Api,
    faults::{Cluster, DatabaseKind, Topology, VIOLATED},
};
use actor::Actor;
use live::Listener;
use oracle::{MarkerKind, Markers, Person, Secret, Timeline, Violation};
use world::World;

/// The timeout of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long after the end of the run the requests in flight may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);
/// The rooms that each person begins with, if they may.
const FIRST_ROOMS: [RoomKind; 3] = [RoomKind::Private, RoomKind::Open, RoomKind::Direct];
/// The greatest number of violations that are printed.
const MAX_PRINTED: usize = 20;
/// The people of a run: rank, and whether they are strangers. The last one who is no stranger changes the
/// rank during the run.
const PEOPLE: [(Rank, bool); 11] = [
    (Rank::Owner, false),
    (Rank::Admin, false),
    (Rank::Member, false),
    (Rank::Member, false),
    (Rank::Member, false),
    (Rank::Guest, false),
    (Rank::Guest, false),
    (Rank::Guest, false),
    (Rank::Member, false),
    (Rank::Member, true),
    (Rank::Guest, true),
];

/// `rig access`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The length of the run.
    #[arg(long, default_value_t = 1.0, value_parser = parse_minutes)]
    minutes: f64,

    /// The database of the server.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,

    /// The number of nodes; SQLite supports one only.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    nodes: u8,

    /// The seed of the choices of all people. How their requests interleave still differs from run to run.
    /// [default: random]
    #[arg(long)]
    seed: Option<u64>,

    /// How many seconds late a frame may arrive after what it tells has ended.
    #[arg(long, default_value_t = 2.0, value_parser = parse_minutes)]
    grace: f64,

    /// The server program. [default: `hallway` beside this one]
    #[arg(long)]
    server: Option<PathBuf>,
}

fn parse_minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.05..=1_440.0).contains(&number) => Ok(number),
        _ => Err("must be a number from 0.05 to 1440".into()),
    }
}

/// Runs and prints the result. The exit code is [`VIOLATED`] if somebody saw what they must not.
pub fn run(args: &Args) -> Result<ExitCode> {
    let server = match &args.server {
        Some(server) => server.clone(),
        None => std::env::current_exe()?.with_file_name("hallway"),
    };
    ensure!(server.is_file(), "{} does not exist: build it first", server.display());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        // Dropping the future ends all services.
        tokio::select! {
            result = run_on_cluster(args, &server) => result,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        }
    })?;
    print!("{result}");
    Ok(match result.violations.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(VIOLATED),
    })
}

/// What a run counted and found.
struct Outcome {
    seed: u64,
    requests: u64,
    frames: u64,
    messages: usize,
    checked_markers: u64,
    rooms: usize,
    violations: Vec<Violation>,
}

async fn run_on_cluster(args: &Args, server: &std::path::Path) -> Result<Outcome> {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut rng = fastrand::Rng::with_seed(seed);
    let topology = Topology::of_nodes(args.nodes.into());
    let cluster = Cluster::start(server, args.database, &topology).await?;
    let api = Api::new(REQUEST_TIMEOUT)?;
    let nodes = cluster.addresses();
    let accounts = create_accounts(&api, nodes[0]).await?;
    let length = Duration::from_secs_f64(args.minutes * 60.0);
    let grace = Duration::from_secs_f64(args.grace);
    let world = Arc::new(World::new(api, nodes, length, grace));
    introduce(&world, &accounts);
    eprintln!("{} people for {} minutes, seed {seed}", accounts.len(), args.minutes);
    let mut tasks = JoinSet::new();
    for (me, account) in accounts.into_iter().enumerate() {
        let listener = Listener {
            world: world.clone(),
            me,
            account: account.clone(),
            rng: rng.fork(),
            revs: Default::default(),
        };
        let mut actor = Actor { world: world.clone(), me, account, rng: rng.fork(), step: 0 };
        tasks.spawn(listener.run());
        tasks.spawn(async move {
            for kind in FIRST_ROOMS {
                actor.create_room(kind).await;
            }
            actor.run().await;
        });
    }
    wait_for_all(tasks, length + DRAIN_TIMEOUT).await?;
    Ok(finish(&world, seed))
}

/// Waits for the people. A panic of one is an error, because the run would say less than it seems to.
async fn wait_for_all(mut tasks: JoinSet<()>, limit: Duration) -> Result<()> {
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(limit, all).await {
        Ok(result) => result,
        Err(_) => bail!("the requests in flight did not end"),
    }
}

/// Creates the accounts, whose names are markers. The first one is the owner.
async fn create_accounts(api: &Api, node: std::net::SocketAddr) -> Result<Vec<Account>> {
    let mut markers = Markers::default();
    let mut accounts: Vec<Account> = Vec::new();
    for (rank, _) in PEOPLE {
        let name = markers.create(MarkerKind::Username);
        let account = Account::register(api, node, &name).await?;
        let owner = accounts.first().unwrap_or(&account);
        if account.user.rank != rank {
            let path = format!("/api/v1/users/{}", account.user.id);
            let body = json!({ "rank": rank });
            let reply = api.send(owner.session_at(node), Method::PATCH, &path, Some(&body)).await;
            let status = reply.map(|(status, _)| status);
            ensure!(status == Some(200), "cannot make {name} a {rank:?}: {status:?}");
        }
        accounts.push(account);
    }
    Ok(accounts)
}

/// Tells the oracle who there is.
fn introduce(world: &World, accounts: &[Account]) {
    let mut oracle = world.oracle();
    for (account, (rank, is_stranger)) in accounts.iter().zip(PEOPLE) {
        let username = account.user.username.clone();
        let person = oracle.people.len();
        oracle.secrets.insert(username.clone(), Secret::Username(person));
        let rank = Timeline::new(rank, 0);
        oracle.people.push(Person { id: account.user.id, username, rank, is_stranger });
    }
}

fn finish(world: &World, seed: u64) -> Outcome {
    let mut oracle = world.oracle();
    oracle.judge_pending(true);
    let mut violations = std::mem::take(&mut oracle.violations);
    violations.sort_by_key(|violation| violation.at);
    Outcome {
        seed,
        requests: world.requests.load(Relaxed),
        frames: world.frames.load(Relaxed),
        messages: oracle.rooms.values().map(|room| room.messages.len()).sum(),
        checked_markers: oracle.checked_markers,
        rooms: oracle.rooms.len(),
        violations,
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, requests, frames, messages, checked_markers, rooms, violations } = self;
        for Violation { at, source, what } in violations.iter().take(MAX_PRINTED) {
            writeln!(f, "VIOLATION at {:.3} s: {what}\n  {source}", *at as f64 / 1e6)?;
        }
        writeln!(f, "access, seed {seed}: {rooms} rooms, {messages} messages at the end")?;
        writeln!(f, "  requests       {requests}, and {frames} frames")?;
        writeln!(f, "  markers        {checked_markers} checked")?;
        writeln!(f, "  violations     {}", violations.len())
    }
}
