//! The link between the nodes of one chat: hints by Redis pub/sub. Only this floor knows that Redis
//! exists. What passes here is worth nothing by itself: whatever is lost is found in the database.
//!
//! A process has one connection that listens and one that speaks. Where the server has it (Redis 7
//! and later), sharded pub/sub keeps a cluster from passing everything everywhere.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use fred::{
    prelude::{Builder, ReconnectPolicy},
    types::config::{Config, UnresponsiveConfig},
};
use shared::{ids::RoomId, problem::Code};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

use crate::{Error, Result};

mod listening;
mod speaking;

/// Hints that may wait on either way; further ones are lost.
const QUEUE: usize = 4_096;
/// How long Redis may take for anything.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);
/// How often this node speaks to itself to hear whether the link is alive.
const BEAT: Duration = Duration::from_millis(1_000);
/// How long it may hear nothing.
const SILENT: Duration = Duration::from_millis(4_000);

/// Whom a hint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Every node.
    Everyone,
    /// The nodes where somebody listens to the room.
    Room(RoomId),
}

/// What is heard.
#[derive(Debug)]
pub enum Heard {
    /// Hints of another node (or this one), in the order in which it gave them.
    Hints(String),
    /// These rooms are listened to from now on.
    Following(Vec<RoomId>),
    /// Hints may have been lost; the link is up (again).
    Missed,
}

/// This node's end of the link; cheap to clone.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
    out: mpsc::Sender<(Topic, String)>,
}

/// What the two ways know in common.
struct Shared {
    /// Whether this node hears itself.
    up: AtomicBool,
    /// Whether the server knows sharded pub/sub.
    sharded: AtomicBool,
    wanted: Mutex<HashSet<RoomId>>,
    changed: Notify,
}

impl Relay {
    /// Starts listening and speaking; the connections are made, and made again, in the background,
    /// so a Redis that is away keeps nobody from starting. The address is one of fred's: `redis://`,
    /// `redis-sentinel://`, `redis-cluster://`. `this` names the node.
    pub fn start(url: &str, this: u64) -> Result<(Self, mpsc::Receiver<Heard>)> {
        let config = Config::from_url(url).map_err(|error| {
            Error::new(Code::Internal, format!("REDIS_URL is not understood: {}", error.details()))
        })?;
        let shared = Arc::new(Shared {
            up: AtomicBool::new(false),
            sharded: AtomicBool::new(true),
            wanted: Mutex::default(),
            changed: Notify::new(),
        });
        let (out, to_say) = mpsc::channel(QUEUE);
        let (heard, hear) = mpsc::channel(QUEUE);
        let client = || {
            let mut builder = Builder::from_config(config.clone());
            builder
                .with_performance_config(|config| {
                    config.default_command_timeout = ANSWER_WITHIN;
                    config.broadcast_channel_capacity = QUEUE;
                })
                .with_connection_config(|config| {
                    config.connection_timeout = ANSWER_WITHIN;
                    config.internal_command_timeout = ANSWER_WITHIN;
                    config.max_command_attempts = 1;
                    config.unresponsive = UnresponsiveConfig {
                        max_timeout: Some(SILENT),
                        interval: Duration::from_millis(500),
                    };
                })
                // Without end, from a tenth of a second to a second, each time by another bit.
                .set_policy(ReconnectPolicy::new_exponential(0, 100, 1_000, 2));
            builder.build().map_err(Error::internal)
        };
        let (speaker, listener) = (client()?, client()?);
        tokio::spawn(speaking::run(speaker.clone(), shared.clone(), to_say));
        tokio::spawn(listening::run(listener, speaker, shared.clone(), heard, this));
        Ok((Self { shared, out }, hear))
    }

    /// Tells other nodes; lost if too much waits.
    pub fn tell(&self, topic: Topic, hint: String) {
        if self.out.try_send((topic, hint)).is_err() {
            metrics::counter!("hallway_relay_dropped").increment(1);
        }
    }

    /// Listens to a room from soon on; [`Heard::Following`] says when.
    pub fn follow(&self, room: RoomId) {
        self.shared.wanted().insert(room);
        self.shared.changed.notify_one();
    }

    /// No more of a room.
    pub fn unfollow(&self, room: RoomId) {
        self.shared.wanted().remove(&room);
        self.shared.changed.notify_one();
    }

    /// Whether this node heard itself a moment ago.
    pub fn is_up(&self) -> bool {
        self.shared.up.load(Relaxed)
    }
}

impl Shared {
    fn wanted(&self) -> std::sync::MutexGuard<'_, HashSet<RoomId>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_sharded(&self) -> bool {
        self.sharded.load(Relaxed)
    }
}

/// A topic's channel.
fn channel(topic: Topic) -> String {
    match topic {
        Topic::Everyone => "hallway:everyone".into(),
        Topic::Room(room) => format!("hallway:room:{room}"),
    }
}
