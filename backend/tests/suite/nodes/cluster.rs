//! Two servers on one database and one Redis, all of them processes of the test's own.

use std::{path::Path, time::Duration, time::Instant};

use rig::services::{DatabaseServer, Hallway, Host, Redis, ServerOptions, Service, session_key};
use serde_json::Value;
use shared::ids::RoomId;

use crate::actors::{Client, Home, Kind, PATIENCE, Person, Scene, quarters, template};

/// What may happen to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Killed,
    Paused,
    /// It forgets everything, and hangs up on whoever listens.
    Flushed,
}

/// Two nodes, `0` and `1`, with the cast's people and room.
pub struct Cluster {
    pub nodes: [Hallway; 2],
    pub redis: Redis,
    /// The cast, once it is there.
    pub scene: Option<Scene>,
    /// The database's server, if it is the test's own.
    pub database: Option<Box<dyn DatabaseServer>>,
    /// Dropped after the nodes.
    _homes: Vec<Home>,
}

impl Cluster {
    /// With the cast, on a database of the server that all tests share.
    pub async fn assemble() -> Self {
        let home = template().copy().await;
        let key = std::fs::read_to_string(home.folder().join("session.key")).unwrap();
        let mut cluster = Self::start(home.url(), key, vec![home]).await;
        cluster.scene = Some(template().scene.clone());
        cluster.linked().await;
        cluster
    }

    /// With the cast, and a database server that no other test knows.
    pub async fn alone() -> Self {
        let server = Kind::chosen().start().await;
        server.create_database("hallway").await.unwrap();
        let mut cluster = Self::start(server.url("hallway"), session_key(), Vec::new()).await;
        cluster.scene = Some(Scene::set(&cluster.anon(0)).await);
        cluster.database = Some(server);
        cluster.linked().await;
        cluster
    }

    /// Without anybody, started both at once.
    pub async fn empty() -> Self {
        let home = Home::empty().await;
        Self::start(home.url(), session_key(), vec![home]).await
    }

    async fn start(url: String, key: String, mut homes: Vec<Home>) -> Self {
        quarters();
        let redis = Redis::start(&Host::local()).await.unwrap();
        homes.extend([Home::with(None), Home::with(None)]);
        let [.., first, second] = &homes[..] else { unreachable!() };
        let start = |home: &Home| {
            let options = ServerOptions {
                database_url: Some(url.clone()),
                redis_url: Some(redis.url()),
                session_key: Some(key.trim().to_owned()),
                env: vec![("HALLWAY_LOGIN_ATTEMPTS".into(), "1000000".into())],
                ..ServerOptions::new(home.folder())
            };
            Hallway::start(Path::new(env!("CARGO_BIN_EXE_hallway")), options)
        };
        let (first, second) = tokio::join!(start(first), start(second));
        let nodes = [first.unwrap(), second.unwrap()];
        Self { nodes, redis, scene: None, database: None, _homes: homes }
    }

    /// Somebody who is not signed in, at a node.
    pub fn anon(&self, node: usize) -> Client {
        Client::new(self.nodes[node].address())
    }

    fn scene(&self) -> &Scene {
        self.scene.as_ref().expect("people")
    }

    /// The room that everyone but the outsider is in.
    pub fn room(&self) -> RoomId {
        self.scene().room
    }

    /// The path of something in the room.
    pub fn at(&self, template: &str) -> String {
        shared::paths::fill(template, &[&self.room()])
    }

    /// The path of a message in the room.
    pub fn message(&self, seq: i64) -> String {
        shared::paths::fill(shared::paths::MESSAGE, &[&self.room(), &seq])
    }

    pub fn admin(&self, node: usize) -> Person {
        self.scene().person(self.nodes[node].address(), 0)
    }

    pub fn member(&self, node: usize) -> Person {
        self.scene().person(self.nodes[node].address(), 1)
    }

    pub fn outsider(&self, node: usize) -> Person {
        self.scene().person(self.nodes[node].address(), 2)
    }

    /// Lets the outsider in.
    pub async fn admit(&self) {
        self.outsider(0).put(&self.at(shared::paths::MEMBERSHIP), Value::Null).await.is(200);
    }

    /// What a node says of its health: status, and the whole of it.
    pub async fn health(&self, node: usize) -> (u16, Value) {
        let answer = self.anon(node).get("/health/ready").await;
        (answer.status, answer.json())
    }

    /// Waits until every node says this of itself (`redis` or `database/status`) with this status:
    /// how long it took.
    pub async fn wait_for(&self, status: u16, of: &str, is: &str) -> Duration {
        let since = Instant::now();
        for node in 0..self.nodes.len() {
            loop {
                let (got, health) = self.health(node).await;
                let said = health.pointer(&format!("/dependencies/{of}"));
                if got == status && said == Some(&Value::from(is)) {
                    break;
                }
                assert!(since.elapsed() < PATIENCE, "node {node}: {got} {health}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        since.elapsed()
    }

    /// Waits until both nodes hear each other.
    pub async fn linked(&self) {
        self.wait_for(200, "redis", "ok").await;
    }

    /// Does something to Redis.
    pub async fn torment(&self, fault: Fault) {
        match fault {
            Fault::None => {}
            Fault::Killed => self.redis.kill().unwrap(),
            Fault::Paused => self.redis.pause().unwrap(),
            Fault::Flushed => {
                self.redis.command(&["FLUSHALL"]).await.unwrap();
                self.redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
            }
        }
    }

    /// Puts an end to it, and waits until the nodes hear each other.
    pub async fn relieve(&self, fault: Fault) {
        match fault {
            Fault::None | Fault::Flushed => {}
            Fault::Killed => drop(self.redis.restart().await.unwrap()),
            Fault::Paused => self.redis.resume().unwrap(),
        }
        self.linked().await;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (nth, node) in self.nodes.iter().enumerate() {
                eprintln!("node {nth}: {}", node.process().log_tail());
            }
        }
    }
}
