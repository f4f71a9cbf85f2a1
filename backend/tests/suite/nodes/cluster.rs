//! Two servers on one database and one Redis, started by the test.

use std::{path::Path, time::Duration, time::Instant};

use rig::services::{DatabaseServer, Hallway, Host, Redis, ServerOptions, Service, session_key};
use serde_json::Value;
use shared::ids::RoomId;

use crate::fixture::{Client, DatabaseKind, Person, Seed, Storage, TIMEOUT, temp_dir, template};

/// A fault of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Killed,
    Paused,
    /// All keys are deleted and all subscribers are disconnected.
    Flushed,
}

/// Two nodes, `0` and `1`, with the users and the room of the fixture.
pub struct Cluster {
    pub nodes: [Hallway; 2],
    pub redis: Redis,
    /// The users and the room, if they exist.
    pub seed: Option<Seed>,
    /// The database server, if it belongs to this test.
    pub database: Option<Box<dyn DatabaseServer>>,
    /// Declared last, so that it is dropped after the nodes.
    _storages: Vec<Storage>,
}

impl Cluster {
    /// Starts two nodes with users and room, on the database server that all tests share.
    pub async fn with_shared_database() -> Self {
        let storage = template().copy().await;
        let key = std::fs::read_to_string(storage.folder().join("session.key")).unwrap();
        let mut cluster = Self::start(storage.url(), key, vec![storage]).await;
        cluster.seed = Some(template().seed.clone());
        cluster.wait_linked().await;
        cluster
    }

    /// Starts two nodes with users and room, on a database server of their own.
    pub async fn with_own_database() -> Self {
        let server = DatabaseKind::selected().start().await;
        server.create_database("hallway").await.unwrap();
        let mut cluster = Self::start(server.url("hallway"), session_key(), Vec::new()).await;
        cluster.seed = Some(Seed::create(&cluster.anon(0)).await);
        cluster.database = Some(server);
        cluster.wait_linked().await;
        cluster
    }

    /// Starts two nodes at the same time, without accounts.
    pub async fn empty() -> Self {
        let storage = Storage::empty().await;
        Self::start(storage.url(), session_key(), vec![storage]).await
    }

    async fn start(url: String, key: String, mut storages: Vec<Storage>) -> Self {
        temp_dir();
        let redis = Redis::start(&Host::local()).await.unwrap();
        storages.extend([Storage::with(None), Storage::with(None)]);
        let [.., first, second] = &storages[..] else { unreachable!() };
        let start = |storage: &Storage| {
            let options = ServerOptions {
                database_url: Some(url.clone()),
                redis_url: Some(redis.url()),
                session_key: Some(key.trim().to_owned()),
                env: vec![("HALLWAY_LOGIN_ATTEMPTS".into(), "1000000".into())],
                ..ServerOptions::new(storage.folder())
            };
            Hallway::start(Path::new(env!("CARGO_BIN_EXE_hallway")), options)
        };
        let (first, second) = tokio::join!(start(first), start(second));
        let nodes = [first.unwrap(), second.unwrap()];
        Self { nodes, redis, seed: None, database: None, _storages: storages }
    }

    /// An anonymous client of a node.
    pub fn anon(&self, node: usize) -> Client {
        Client::new(self.nodes[node].address())
    }

    fn seed(&self) -> &Seed {
        self.seed.as_ref().expect("accounts and a room")
    }

    /// The room of admin and member.
    pub fn room(&self) -> RoomId {
        self.seed().room
    }

    /// Fills the room's id into a path template.
    pub fn path(&self, template: &str) -> String {
        shared::paths::fill(template, &[&self.room()])
    }

    /// The path of a message in the room.
    pub fn message_path(&self, seq: i64) -> String {
        shared::paths::fill(shared::paths::MESSAGE, &[&self.room(), &seq])
    }

    pub fn admin(&self, node: usize) -> Person {
        self.seed().person(self.nodes[node].address(), 0)
    }

    pub fn member(&self, node: usize) -> Person {
        self.seed().person(self.nodes[node].address(), 1)
    }

    pub fn outsider(&self, node: usize) -> Person {
        self.seed().person(self.nodes[node].address(), 2)
    }

    /// Makes the outsider a member.
    pub async fn add_outsider(&self) {
        self.outsider(0)
            .put(&self.path(shared::paths::MEMBERSHIP), Value::Null)
            .await
            .expect_status(200);
    }

    /// The health of a node: status and body.
    pub async fn health(&self, node: usize) -> (u16, Value) {
        let response = self.anon(node).get("/health/ready").await;
        (response.status, response.json())
    }

    /// Waits until every node responds with `status` and reports `state` for a dependency (`redis` or
    /// `database/status`); returns how long it took.
    pub async fn wait_for(&self, status: u16, dependency: &str, state: &str) -> Duration {
        let start = Instant::now();
        for node in 0..self.nodes.len() {
            loop {
                let (found, health) = self.health(node).await;
                let reported = health.pointer(&format!("/dependencies/{dependency}"));
                if found == status && reported == Some(&Value::from(state)) {
                    break;
                }
                assert!(start.elapsed() < TIMEOUT, "node {node}: {found} {health}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        start.elapsed()
    }

    /// Waits until both nodes are connected to Redis.
    pub async fn wait_linked(&self) {
        self.wait_for(200, "redis", "ok").await;
    }

    /// Injects a fault.
    pub async fn inject(&self, fault: Fault) {
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

    /// Ends a fault and waits until both nodes are connected again.
    pub async fn end_fault(&self, fault: Fault) {
        match fault {
            Fault::None | Fault::Flushed => {}
            Fault::Killed => drop(self.redis.restart().await.unwrap()),
            Fault::Paused => self.redis.resume().unwrap(),
        }
        self.wait_linked().await;
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
