//! The relay carries node events between the nodes of one chat by Redis pub/sub. No other module
//! knows Redis. Delivery is at most once: the hub finds lost events in the database.
//!
//! A process has one connection that subscribes and one that publishes. Redis 7 and later have
//! sharded pub/sub, with which a cluster does not broadcast every message to all of its servers.

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

/// Messages that may wait in either direction; further ones are dropped.
const QUEUE: usize = 4_096;
/// Deadline for every command and connection attempt.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How often this node publishes a probe to itself, to learn whether the link works.
const PROBE_INTERVAL: Duration = Duration::from_millis(1_000);
/// Reconnect if nothing came for this long, not even a probe.
const SILENCE_TIMEOUT: Duration = Duration::from_millis(4_000);

/// The receivers of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Every node.
    AllNodes,
    /// The nodes that are subscribed to the room.
    Room(RoomId),
}

/// What the relay reports to the hub.
#[derive(Debug)]
pub enum RelayEvent {
    /// Messages of one node, one a line, in the order in which it published them. The node may be
    /// this one.
    Message(String),
    /// The subscriptions to these rooms are active from now on.
    Subscribed(Vec<RoomId>),
    /// Messages may have been lost; the link is up (again).
    Lost,
}

/// A handle to the two connections; cheap to clone.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<(Topic, String)>,
}

/// The state that both connections and the handles use.
struct Shared {
    /// Whether the last probe came back.
    is_up: AtomicBool,
    /// Whether the server supports sharded pub/sub.
    is_sharded: AtomicBool,
    /// The rooms to subscribe to.
    desired_rooms: Mutex<HashSet<RoomId>>,
    desired_changed: Notify,
}

impl Relay {
    /// Starts both connections in the background; they reconnect for ever, so the server starts
    /// without Redis too. The URL is one of fred's: `redis://`, `redis-sentinel://` or
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
        let (outgoing, to_publish) = mpsc::channel(QUEUE);
        let (events, incoming) = mpsc::channel(QUEUE);
        let (publisher, subscriber) = (client(config.clone())?, client(config)?);
        tokio::spawn(publisher::run(publisher.clone(), shared.clone(), to_publish));
        tokio::spawn(subscriber::run(subscriber, publisher, shared.clone(), events, node));
        Ok((Self { shared, outgoing }, incoming))
    }

    /// Sends a message to other nodes; drops it if too many wait.
    pub fn publish(&self, topic: Topic, message: String) {
        if self.outgoing.try_send((topic, message)).is_err() {
            metrics::counter!("hallway_relay_dropped").increment(1);
        }
    }

    /// Subscribes to a room in the background; [`RelayEvent::Subscribed`] says when.
    pub fn subscribe(&self, room: RoomId) {
        self.shared.desired_rooms().insert(room);
        self.shared.desired_changed.notify_one();
    }

    /// Ends the subscription to a room.
    pub fn unsubscribe(&self, room: RoomId) {
        self.shared.desired_rooms().remove(&room);
        self.shared.desired_changed.notify_one();
    }

    /// Whether the last probe came back.
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

fn client(config: Config) -> Result<Client> {
    let mut builder = Builder::from_config(config);
    builder
        .with_performance_config(|config| {
            config.default_command_timeout = COMMAND_TIMEOUT;
            config.broadcast_channel_capacity = QUEUE;
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
        // Without end, after 100 ms to 1 s with jitter.
        .set_policy(ReconnectPolicy::new_exponential(0, 100, 1_000, 2));
    builder.build().map_err(Error::internal)
}

/// The Redis channel of a topic.
fn channel(topic: Topic) -> String {
    match topic {
        Topic::AllNodes => "hallway:everyone".into(),
        Topic::Room(room) => format!("hallway:room:{room}"),
    }
}
