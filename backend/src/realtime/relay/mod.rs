//! The relay carries node events between the nodes of one chat through Redis pub/sub. No other
//! module uses Redis. Delivery is at most once: the hub finds lost changes in the database.
//!
//! A node has one connection that subscribes and one that publishes. Redis 7 and later have sharded
//! pub/sub, with which a cluster does not broadcast every message to all of its servers.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use fred::{
    clients::Client,
    prelude::{Builder, ReconnectPolicy},
    types::config::{Config, UnresponsiveConfig},
};
use shared::{ids::RoomId, problem::Code};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

use crate::{Error, Result};

mod publisher;
mod subscriber;

/// The maximum number of queued messages in each direction; further ones are dropped.
const QUEUE_CAPACITY: usize = 4_096;
/// Deadline for every command and connection attempt.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How often this node publishes a probe to itself, to detect whether the link works.
const PROBE_INTERVAL: Duration = Duration::from_millis(1_000);
/// The subscriber reconnects if nothing arrived for this long, not even a probe.
const SILENCE_TIMEOUT: Duration = Duration::from_millis(4_000);

/// The receivers of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Every node.
    AllNodes,
    /// The nodes that are subscribed to the room.
    Room(RoomId),
}

/// An event that the relay reports to the hub.
#[derive(Debug)]
pub enum RelayEvent {
    /// Messages of one node, one per line, in the order in which it published them. The node may be
    /// this one.
    Message(String),
    /// The subscriptions to these rooms are active from now on.
    Subscribed(Vec<RoomId>),
    /// Messages may have been lost. Sent once the link is up (again).
    Lost,
}

/// A handle to the two connections; cheap to clone.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<(Topic, String)>,
}

/// The state that the tasks of both connections and the handles share.
struct Shared {
    /// Whether the link works: set when a probe arrives, cleared on a disconnect and after 2.5 s in
    /// which nothing arrived.
    is_up: AtomicBool,
    /// Whether the server supports sharded pub/sub.
    is_sharded: AtomicBool,
    /// The rooms to subscribe to.
    desired_rooms: Mutex<HashSet<RoomId>>,
    /// Wakes the subscriber when `desired_rooms` changes.
    desired_changed: Notify,
}

impl Relay {
    /// Starts both connections in the background. They reconnect without end, so the server also
    /// starts while Redis is down. The URL is one of fred's: `redis://`, `redis-sentinel://` or
    /// `redis-cluster://`.
    pub fn start(url: &str, node: u64) -> Result<(Self, mpsc::Receiver<RelayEvent>)> {
        let config = Config::from_url(url).map_err(|error| {
            Error::new(Code::Internal, format!("REDIS_URL is not valid: {}", error.details()))
        })?;
        let shared = Arc::new(Shared {
            is_up: AtomicBool::new(false),
            is_sharded: AtomicBool::new(true),
            desired_rooms: Mutex::default(),
            desired_changed: Notify::new(),
        });
        let (outgoing, to_publish) = mpsc::channel(QUEUE_CAPACITY);
        let (events, incoming) = mpsc::channel(QUEUE_CAPACITY);
        let (publisher, subscriber) = (build_client(config.clone())?, build_client(config)?);
        tokio::spawn(publisher::run(publisher.clone(), shared.clone(), to_publish));
        tokio::spawn(subscriber::run(subscriber, publisher, shared.clone(), events, node));
        Ok((Self { shared, outgoing }, incoming))
    }

    /// Queues a message to other nodes; drops it if the queue is full.
    pub fn publish(&self, topic: Topic, message: String) {
        if self.outgoing.try_send((topic, message)).is_err() {
            metrics::counter!("hallway_relay_dropped").increment(1);
        }
    }

    /// Subscribes to a room in the background; [`RelayEvent::Subscribed`] reports when it is done.
    pub fn subscribe(&self, room: RoomId) {
        self.shared.desired_rooms().insert(room);
        self.shared.desired_changed.notify_one();
    }

    /// Ends the subscription to a room.
    pub fn unsubscribe(&self, room: RoomId) {
        self.shared.desired_rooms().remove(&room);
        self.shared.desired_changed.notify_one();
    }

    /// Whether the link to Redis works.
    pub fn is_up(&self) -> bool {
        self.shared.is_up.load(Relaxed)
    }
}

impl Shared {
    fn desired_rooms(&self) -> std::sync::MutexGuard<'_, HashSet<RoomId>> {
        self.desired_rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_sharded(&self) -> bool {
        self.is_sharded.load(Relaxed)
    }
}

fn build_client(config: Config) -> Result<Client> {
    let mut builder = Builder::from_config(config);
    builder
        .with_performance_config(|config| {
            config.default_command_timeout = COMMAND_TIMEOUT;
            config.broadcast_channel_capacity = QUEUE_CAPACITY;
        })
        .with_connection_config(|config| {
            config.connection_timeout = COMMAND_TIMEOUT;
            config.internal_command_timeout = COMMAND_TIMEOUT;
            config.max_command_attempts = 1;
            config.unresponsive = UnresponsiveConfig {
                max_timeout: Some(SILENCE_TIMEOUT),
                interval: Duration::from_millis(500),
            };
        })
        // Any number of attempts, 100 ms to 1 s apart, with jitter.
        .set_policy(ReconnectPolicy::new_exponential(0, 100, 1_000, 2));
    builder.build().map_err(Error::internal)
}

/// The name of the Redis channel of a topic.
fn channel_name(topic: Topic) -> String {
    match topic {
        Topic::AllNodes => "hallway:everyone".into(),
        Topic::Room(room) => format!("hallway:room:{room}"),
    }
}
