//! The faults that there are.

use futures_util::future::BoxFuture;
use shared::problem::Code;

use super::{
    checks::Check::{self, *},
    cluster::{
        Cut,
        DatabaseKind::{self, Mariadb, Postgres, Sqlite},
        Shape,
    },
    crowd, links, requests,
    scene::Scene,
    servers, surroundings,
};
use crate::workload::Workload;

/// Something that can be done to an installation.
pub struct Fault {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is done, in a sentence.
    pub does: &'static str,
    /// The databases it is done on, in turn.
    pub on: &'static [DatabaseKind],
    /// How often in a short run and in a long one, over all databases.
    pub runs: (u32, u32),
    /// How often at most in one installation.
    pub together: u32,
    /// How long something stays broken in a short and in a long run, in seconds, where that can be
    /// chosen; otherwise 0.
    pub broken_s: (f64, f64),
    /// How many, of what there are many of, in a short and in a long run; otherwise 0.
    pub many: (usize, usize),
    /// The installation that it takes.
    pub shape: Shape,
    /// What the people do differently.
    pub people: fn(&mut Workload),
    /// Does it, for the n-th time.
    pub torment: Torment,
    /// What must hold besides zero violations, as it can be read off the history.
    pub checks: &'static [Check],
    /// What must hold, as it is measured at the spot.
    pub besides: &'static str,
}

/// Does a fault, for the n-th time.
pub type Torment = for<'a> fn(&'a mut Scene, u32) -> BoxFuture<'a, anyhow::Result<()>>;

const SERVERS: &[DatabaseKind] = &[Mariadb, Postgres];
const SERVERS_TURNED: &[DatabaseKind] = &[Postgres, Mariadb];
const FILE: &[DatabaseKind] = &[Sqlite];
/// What every entry has that says nothing else.
const FAULT: Fault = Fault {
    name: "",
    does: "",
    on: SERVERS,
    runs: (1, 20),
    together: 5,
    broken_s: (3.0, 5.0),
    many: (0, 0),
    shape: Shape::of(2),
    people: |_| {},
    torment: |_, _| Box::pin(async { Ok(()) }),
    checks: &[],
    besides: "",
};
/// What losing Redis may cost: delay, and little of it.
const WITHOUT_REDIS: &[Check] = &[AckKept(1.2), DeliveryWithin(1.5), SocketsStay];
/// What a link that was cut must be like when it is whole again.
const HEALED: &[Check] = &[BacklogGone(5.0), Recovered(5.0), Resumed(5.0)];

/// All of them.
pub static FAULTS: &[Fault] = &[
    Fault {
        name: "kill-server",
        does: "kill -9 of the only server",
        on: FILE,
        runs: (20, 300),
        together: 20,
        broken_s: (0.0, 0.0),
        shape: Shape::of(1),
        torment: |scene, _| Box::pin(servers::kill_only(scene)),
        besides: "ready again ≤ 1 s, integrity_check ok each time",
        ..FAULT
    },
    Fault {
        name: "kill-node",
        does: "kill -9 of one of two servers",
        runs: (10, 200),
        together: 10,
        torment: |scene, nth| Box::pin(servers::kill_one(scene, nth)),
        checks: &[Resumed(5.0)],
        ..FAULT
    },
    Fault {
        name: "stop-node",
        does: "SIGSTOP of one of two servers",
        on: SERVERS_TURNED,
        torment: |scene, nth| Box::pin(servers::stop_one(scene, nth)),
        checks: &[BacklogGone(5.0), Recovered(5.0), Resumed(5.0)],
        ..FAULT
    },
    Fault {
        name: "rolling-restart",
        does: "SIGTERM of one server after the other, each started again; some clients by a proxy",
        broken_s: (0.0, 0.0),
        many: (50, 200),
        torment: |scene, _| Box::pin(servers::roll(scene)),
        people: steady,
        checks: &[ClosedByRestart, Resumed(5.0)],
        besides: "each ends ≤ 10 s, with exit code 0; clients by the proxy back ≤ 5 s",
        ..FAULT
    },
    Fault {
        name: "kill-database",
        does: "kill -9 of the database, started again later",
        runs: (2, 30),
        torment: |scene, _| Box::pin(servers::kill_database(scene)),
        checks: &[Recovered(5.0), SocketsStay],
        people: patient,
        ..FAULT
    },
    Fault {
        name: "pause-database",
        does: "SIGSTOP of the database",
        on: SERVERS_TURNED,
        runs: (1, 10),
        together: 2,
        broken_s: (5.0, 30.0),
        torment: |scene, _| Box::pin(servers::pause_database(scene)),
        checks: &[SocketsStay, BacklogGone(5.0)],
        people: patient,
        ..FAULT
    },
    Fault {
        name: "kill-redis",
        does: "kill -9 of Redis, started again later",
        torment: |scene, _| Box::pin(links::kill_redis(scene)),
        people: steady,
        checks: WITHOUT_REDIS,
        ..FAULT
    },
    Fault {
        name: "flush-redis",
        does: "FLUSHALL, three times a second",
        on: SERVERS_TURNED,
        torment: |scene, _| Box::pin(links::flush_redis(scene)),
        people: steady,
        checks: WITHOUT_REDIS,
        ..FAULT
    },
    Fault {
        name: "drop-subscribers",
        does: "CLIENT KILL TYPE pubsub, three times a second",
        torment: |scene, _| Box::pin(links::drop_subscribers(scene)),
        people: steady,
        checks: WITHOUT_REDIS,
        ..FAULT
    },
    Fault {
        name: "pause-redis",
        does: "SIGSTOP of Redis",
        on: SERVERS_TURNED,
        broken_s: (8.0, 15.0),
        torment: |scene, _| Box::pin(links::pause_redis(scene)),
        people: steady,
        checks: WITHOUT_REDIS,
        ..FAULT
    },
    Fault {
        name: "half-open-redis",
        does: "the links between all servers and Redis swallow everything",
        broken_s: (8.0, 15.0),
        shape: Shape { cut: Some(Cut::NodesRedis), ..Shape::of(2) },
        torment: |scene, _| Box::pin(links::cut(scene, "servers | redis")),
        people: steady,
        checks: WITHOUT_REDIS,
        ..FAULT
    },
    Fault {
        name: "cut-node-database",
        does: "the link between one server and the database swallows everything",
        broken_s: (5.0, 15.0),
        shape: Shape { cut: Some(Cut::NodeDatabase), ..Shape::of(2) },
        torment: |scene, _| Box::pin(links::cut(scene, "node 0 | database")),
        checks: HEALED,
        ..FAULT
    },
    Fault {
        name: "cut-node-redis",
        does: "the link between one server and Redis swallows everything",
        on: SERVERS_TURNED,
        broken_s: (5.0, 15.0),
        shape: Shape { cut: Some(Cut::NodeRedis), ..Shape::of(2) },
        torment: |scene, _| Box::pin(links::cut(scene, "node 0 | redis")),
        checks: HEALED,
        ..FAULT
    },
    Fault {
        name: "cut-client-node",
        does: "the link between one server and its clients swallows everything",
        broken_s: (5.0, 15.0),
        shape: Shape { cut: Some(Cut::ClientNode), ..Shape::of(2) },
        people: alert,
        torment: |scene, _| Box::pin(links::cut(scene, "clients | node 0")),
        checks: HEALED,
        ..FAULT
    },
    Fault {
        name: "disk-full",
        does: "the disk under the data is full, and has room again",
        on: FILE,
        runs: (1, 10),
        shape: Shape { disk: Some(48), ..Shape::of(1) },
        torment: |scene, _| Box::pin(surroundings::fill_disk(scene)),
        checks: &[NoAckMeanwhile, RefusedWith(Code::StorageFull), Recovered(5.0)],
        besides: "reads work, writes again without a restart",
        ..FAULT
    },
    jump("clock-hour-ahead", "the clock jumps an hour forth, and back later", |scene, _| {
        Box::pin(surroundings::jump(scene, &surroundings::HOUR_AHEAD))
    }),
    jump("clock-hour-back", "the clock jumps an hour back, and forth later", |scene, _| {
        Box::pin(surroundings::jump(scene, &surroundings::HOUR_BACK))
    }),
    jump("clock-day-back", "the clock jumps a day back, and forth later", |scene, _| {
        Box::pin(surroundings::jump(scene, &surroundings::DAY_BACK))
    }),
    jump("clock-ten-years", "the clock jumps ten years forth, and back later", |scene, _| {
        Box::pin(surroundings::jump(scene, &surroundings::TEN_YEARS_AHEAD))
    }),
    Fault {
        name: "stopped-readers",
        does: "20 of 200 readers stop reading",
        on: FILE,
        runs: (1, 5),
        together: 1,
        broken_s: (25.0, 40.0),
        many: (20, 20),
        // Over a link, the system holds as much for a reader as in a network, and not megabytes.
        shape: Shape { cut: Some(Cut::ClientNode), ..Shape::of(1) },
        people: |people| {
            people.readers = 200;
            people.narrow_readers = 20;
            people.slow_readers = 0;
            people.rate = 20.0;
            people.removal_every = None;
        },
        torment: |scene, _| Box::pin(crowd::stop_readers(scene)),
        checks: &[DeliveryKept(1.2), ClosedAsTooSlow, AwakeWithin(15.0)],
        besides: "server memory ≤ 1.5 MiB for each",
    },
    Fault {
        name: "storm",
        does: "the server is killed under thousands of sockets, which all come back",
        on: FILE,
        runs: (1, 5),
        together: 1,
        broken_s: (0.0, 0.0),
        many: (1_000, 10_000),
        shape: Shape::of(1),
        people: |people| people.rate = 50.0,
        torment: |scene, _| Box::pin(crowd::storm(scene)),
        besides: "99 % back ≤ 15 s, server memory ≤ 1 GiB",
        ..FAULT
    },
    Fault {
        name: "given-up-requests",
        does: "requests that are given up at random moments, with two connections to the database",
        on: DatabaseKind::ALL,
        runs: (3, 3),
        together: 1,
        broken_s: (0.0, 0.0),
        many: (500, 5_000),
        shape: Shape { env: &[("HALLWAY_DATABASE_CONNECTIONS", "2")], ..Shape::of(1) },
        people: steady,
        torment: |scene, _| Box::pin(requests::cancel(scene)),
        checks: &[SocketsStay, Recovered(1.0)],
        ..FAULT
    },
    Fault {
        name: "race",
        does: "the same client_id through two servers at once, again and again",
        on: SERVERS_TURNED,
        runs: (2, 20),
        people: |people| {
            steady(people);
            people.racers = 12;
            people.race_every = std::time::Duration::from_millis(50);
        },
        torment: |scene, _| Box::pin(requests::race(scene)),
        checks: &[SocketsStay],
        ..FAULT
    },
];

const fn jump(name: &'static str, does: &'static str, torment: Torment) -> Fault {
    Fault {
        name,
        does,
        on: FILE,
        runs: (1, 5),
        shape: Shape { clock: true, ..Shape::of(1) },
        torment,
        besides: "sign-ins are worth what they should be, new ones are possible",
        ..FAULT
    }
}

/// Nobody is closed for not reading.
fn steady(people: &mut Workload) {
    people.slow_readers = 0;
}

/// Nobody hangs up because an answer is slow.
fn patient(people: &mut Workload) {
    steady(people);
    people.racers = 0;
    people.patience.answer = std::time::Duration::from_secs(60);
}

/// A silent server is noticed soon.
fn alert(people: &mut Workload) {
    people.patience.silence = Some(std::time::Duration::from_secs(3));
}
