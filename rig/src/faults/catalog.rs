//! The catalog of faults.

use std::time::Duration;

use futures_util::future::BoxFuture;
use shared::problem::Code;

use super::{
    cluster::{
        CuttableLink,
        DatabaseKind::{self, Mariadb, Postgres, Sqlite},
        Topology,
    },
    context::FaultContext,
    criteria::Criterion::{self, *},
    environment::{
        OldSession::{self, Expired, Valid},
        fill_disk, jump_clock,
    },
    nemesis::{
        Component::{Database, Node, Redis},
        cut, drop_subscribers, flush_redis, kill, kill_only_node, pause, rolling_restart,
    },
    overload::{reconnect_storm, stop_readers},
    requests::{cancel_requests, race},
};
use crate::workload::Workload;

/// A kind of fault, and the criteria that a run with it must meet.
pub struct Fault {
    /// The name on the command line.
    pub name: &'static str,
    /// The fault in a sentence.
    pub summary: &'static str,
    pub databases: &'static [DatabaseKind],
    /// The number of injections in a short and in a long run, over all databases.
    pub runs: (u32, u32),
    /// The maximum number of injections in one cluster.
    pub per_cluster: u32,
    /// How long the fault stays active in a short and in a long run, in seconds; 0 if the injection
    /// decides that.
    pub broken_s: (f64, f64),
    /// The number of sockets or requests in a short and in a long run; 0 without any.
    pub count: (usize, usize),
    pub topology: Topology,
    /// Changes the default workload before its start.
    pub adjust: fn(&mut Workload),
    /// Injects the fault and repairs it. The argument is the number of the injection, from 0 on.
    pub inject: Inject,
    /// The criteria for the history, besides zero violations.
    pub criteria: &'static [Criterion],
    /// The criteria that the injection measures itself, as text for `--list`.
    pub also_holds: &'static str,
}

pub type Inject = for<'a> fn(&'a mut FaultContext, u32) -> BoxFuture<'a, anyhow::Result<()>>;

const SERVERS: &[DatabaseKind] = &[Mariadb, Postgres];
/// A single run is on PostgreSQL.
const POSTGRES_FIRST: &[DatabaseKind] = &[Postgres, Mariadb];
const SQLITE: &[DatabaseKind] = &[Sqlite];
const DEFAULT: Fault = Fault {
    name: "",
    summary: "",
    databases: SERVERS,
    runs: (1, 20),
    per_cluster: 5,
    broken_s: (3.0, 5.0),
    count: (0, 0),
    topology: Topology::of_nodes(2),
    adjust: |_| {},
    inject: |_, _| Box::pin(async { Ok(()) }),
    criteria: &[],
    also_holds: "",
};
/// The loss of Redis may delay deliveries, but acks and sockets must not suffer.
const REDIS_LOST: &[Criterion] = &[AckFactor(1.2), DeliveryWithin(1.5), SocketsStay];
/// For the time after the repair of a link or a node.
const RECOVERED: &[Criterion] = &[BacklogWithin(5.0), AckWithin(5.0), ReconnectedWithin(5.0)];

pub static FAULTS: &[Fault] = &[
    Fault {
        name: "kill-server",
        summary: "kill -9 of the only server",
        databases: SQLITE,
        runs: (20, 300),
        per_cluster: 20,
        broken_s: (0.0, 0.0),
        topology: Topology::of_nodes(1),
        inject: |context, _| Box::pin(kill_only_node(context)),
        also_holds: "ready again ≤ 1 s, integrity_check ok each time",
        ..DEFAULT
    },
    Fault {
        name: "kill-node",
        summary: "kill -9 of one of two servers",
        runs: (10, 200),
        per_cluster: 10,
        inject: |context, nth| Box::pin(kill(context, Node(nth))),
        criteria: &[ReconnectedWithin(5.0)],
        ..DEFAULT
    },
    Fault {
        name: "stop-node",
        summary: "SIGSTOP of one of two servers",
        databases: POSTGRES_FIRST,
        inject: |context, nth| Box::pin(pause(context, Node(nth))),
        criteria: RECOVERED,
        ..DEFAULT
    },
    Fault {
        name: "rolling-restart",
        summary: "SIGTERM of one server after the other, each started again; some clients use a proxy",
        broken_s: (0.0, 0.0),
        count: (50, 200),
        inject: |context, _| Box::pin(rolling_restart(context)),
        adjust: without_slow_readers,
        criteria: &[ClosedByRestart, ReconnectedWithin(5.0)],
        also_holds: "each ends ≤ 10 s with exit code 0, clients of the proxy back ≤ 5 s",
        ..DEFAULT
    },
    Fault {
        name: "kill-database",
        summary: "kill -9 of the database, started again later",
        runs: (2, 30),
        inject: |context, _| Box::pin(kill(context, Database)),
        criteria: &[AckWithin(5.0), SocketsStay],
        adjust: with_long_timeouts,
        ..DEFAULT
    },
    Fault {
        name: "pause-database",
        summary: "SIGSTOP of the database",
        databases: POSTGRES_FIRST,
        runs: (1, 10),
        per_cluster: 2,
        broken_s: (5.0, 30.0),
        inject: |context, _| Box::pin(pause(context, Database)),
        criteria: &[SocketsStay, BacklogWithin(5.0)],
        adjust: with_long_timeouts,
        ..DEFAULT
    },
    redis_fault("kill-redis", "kill -9 of Redis, started again later", SERVERS, |context, _| {
        Box::pin(kill(context, Redis))
    }),
    redis_fault("flush-redis", "FLUSHALL three times a second", POSTGRES_FIRST, |context, _| {
        Box::pin(flush_redis(context))
    }),
    redis_fault(
        "drop-subscribers",
        "CLIENT KILL TYPE pubsub three times a second",
        SERVERS,
        |context, _| Box::pin(drop_subscribers(context)),
    ),
    Fault {
        broken_s: (8.0, 15.0),
        ..redis_fault("pause-redis", "SIGSTOP of Redis", POSTGRES_FIRST, |context, _| {
            Box::pin(pause(context, Redis))
        })
    },
    Fault {
        broken_s: (8.0, 15.0),
        topology: with_link(2, CuttableLink::NodesRedis),
        ..redis_fault(
            "half-open-redis",
            "the links between all servers and Redis drop every packet",
            SERVERS,
            |context, _| Box::pin(cut(context, "servers | redis")),
        )
    },
    Fault {
        name: "cut-node-database",
        summary: "the link between one server and the database drops every packet",
        broken_s: (5.0, 15.0),
        topology: with_link(2, CuttableLink::NodeDatabase),
        inject: |context, _| Box::pin(cut(context, "node 0 | database")),
        criteria: RECOVERED,
        ..DEFAULT
    },
    Fault {
        name: "cut-node-redis",
        summary: "the link between one server and Redis drops every packet",
        databases: POSTGRES_FIRST,
        broken_s: (5.0, 15.0),
        topology: with_link(2, CuttableLink::NodeRedis),
        inject: |context, _| Box::pin(cut(context, "node 0 | redis")),
        criteria: RECOVERED,
        ..DEFAULT
    },
    Fault {
        name: "cut-client-node",
        summary: "the link between one server and its clients drops every packet",
        broken_s: (5.0, 15.0),
        topology: with_link(2, CuttableLink::ClientNode),
        adjust: |workload| workload.timeouts.silence = Some(Duration::from_secs(3)),
        inject: |context, _| Box::pin(cut(context, "clients | node 0")),
        criteria: RECOVERED,
        ..DEFAULT
    },
    Fault {
        name: "disk-full",
        summary: "the disk with the data is full, and has free space again",
        databases: SQLITE,
        runs: (1, 10),
        topology: Topology { disk_mib: Some(48), ..Topology::of_nodes(1) },
        inject: |context, _| Box::pin(fill_disk(context)),
        criteria: &[NoAck, RefusedWith(Code::StorageFull), AckWithin(5.0)],
        also_holds: "reads work, writes again without a restart",
        ..DEFAULT
    },
    clock_fault(
        "clock-hour-ahead",
        "the clock jumps an hour ahead, and back later",
        |context, _| jump(context, "clock +1 h", 3_600, Valid),
    ),
    clock_fault(
        "clock-hour-back",
        "the clock jumps an hour back, and ahead later",
        |context, _| jump(context, "clock -1 h", -3_600, Valid),
    ),
    clock_fault("clock-day-back", "the clock jumps a day back, and ahead later", |context, _| {
        jump(context, "clock -1 day", -86_400, Valid)
    }),
    clock_fault(
        "clock-ten-years",
        "the clock jumps ten years ahead, and back later",
        |context, _| jump(context, "clock +10 years", 10 * 365 * 86_400, Expired),
    ),
    Fault {
        name: "stopped-readers",
        summary: "20 of 200 readers stop reading",
        databases: SQLITE,
        runs: (1, 5),
        per_cluster: 1,
        broken_s: (25.0, 40.0),
        count: (20, 20),
        // Over a link, the kernel buffers as much for each reader as in a real network. Over
        // loopback it would buffer megabytes.
        topology: with_link(1, CuttableLink::ClientNode),
        adjust: |workload| {
            workload.readers = 200;
            workload.small_buffer_readers = 20;
            workload.slow_readers = 0;
            workload.rate = 20.0;
            workload.removal_interval = None;
        },
        inject: |context, _| Box::pin(stop_readers(context)),
        criteria: &[DeliveryFactor(1.2), ClosedAsTooSlow, ResumedWithin(15.0)],
        also_holds: "server memory ≤ 1.5 MiB for each stopped reader",
    },
    Fault {
        name: "storm",
        summary: "the server is killed under thousands of sockets, which all reconnect",
        databases: SQLITE,
        runs: (1, 5),
        per_cluster: 1,
        broken_s: (0.0, 0.0),
        count: (1_000, 10_000),
        topology: Topology::of_nodes(1),
        adjust: |workload| workload.rate = 50.0,
        inject: |context, _| Box::pin(reconnect_storm(context)),
        also_holds: "99 % connected again ≤ 15 s, server memory ≤ 1 GiB",
        ..DEFAULT
    },
    Fault {
        name: "given-up-requests",
        summary: "requests cancelled at random moments, with two database connections",
        databases: DatabaseKind::ALL,
        runs: (3, 3),
        per_cluster: 1,
        broken_s: (0.0, 0.0),
        count: (500, 5_000),
        topology: Topology {
            env: &[("HALLWAY_DATABASE_CONNECTIONS", "2")],
            ..Topology::of_nodes(1)
        },
        adjust: without_slow_readers,
        inject: |context, _| Box::pin(cancel_requests(context)),
        criteria: &[SocketsStay, AckWithin(1.0)],
        ..DEFAULT
    },
    Fault {
        name: "race",
        summary: "the same client_id through two servers at once, again and again",
        databases: POSTGRES_FIRST,
        runs: (2, 20),
        adjust: |workload| {
            without_slow_readers(workload);
            workload.duplicate_senders = 12;
            workload.duplicate_interval = Duration::from_millis(50);
        },
        inject: |context, _| Box::pin(race(context)),
        criteria: &[SocketsStay],
        ..DEFAULT
    },
];

const fn redis_fault(
    name: &'static str,
    summary: &'static str,
    databases: &'static [DatabaseKind],
    inject: Inject,
) -> Fault {
    let (adjust, criteria) = (without_slow_readers as fn(&mut Workload), REDIS_LOST);
    Fault { name, summary, databases, inject, adjust, criteria, ..DEFAULT }
}

const fn clock_fault(name: &'static str, summary: &'static str, inject: Inject) -> Fault {
    Fault {
        name,
        summary,
        databases: SQLITE,
        runs: (1, 5),
        topology: Topology { own_clock: true, ..Topology::of_nodes(1) },
        inject,
        also_holds: "earlier sessions are valid or expired as they should be, sign-ins work",
        ..DEFAULT
    }
}

fn jump<'a>(
    context: &'a mut FaultContext,
    fault: &'static str,
    seconds: i64,
    old_session: OldSession,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(jump_clock(context, fault, seconds, old_session))
}

const fn with_link(nodes: usize, link: CuttableLink) -> Topology {
    Topology { cuttable_link: Some(link), ..Topology::of_nodes(nodes) }
}

/// Removes the slow readers, so that the server closes no socket because its client is slow.
fn without_slow_readers(workload: &mut Workload) {
    workload.slow_readers = 0;
}

/// Raises the reply timeout, so that no client closes its connection because a reply is slow.
fn with_long_timeouts(workload: &mut Workload) {
    without_slow_readers(workload);
    workload.duplicate_senders = 0;
    workload.timeouts.reply = Duration::from_secs(60);
}
