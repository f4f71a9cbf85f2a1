//! The way in: one connection, which listens to everyone, to the rooms that are wanted, and to
//! itself. A link that is half open looks well from here: only hearing oneself shows that it is.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use fred::{
    clients::Client,
    prelude::{ClientLike, EventInterface, FredResult, PubsubInterface},
    types::Message,
};
use futures_util::future::try_join_all;
use shared::ids::RoomId;
use tokio::{
    sync::{broadcast::error::RecvError, mpsc},
    time::{Instant, MissedTickBehavior, interval},
};

use super::{BEAT, Heard, SILENT, Shared, Topic, channel, speaking::say};

/// Channels that are subscribed to at a time.
const AT_ONCE: usize = 256;

struct Listener {
    client: Client,
    speaker: Client,
    shared: Arc<Shared>,
    heard: mpsc::Sender<Heard>,
    /// The channel on which this node speaks to itself.
    own: String,
    /// Rooms that are subscribed to.
    following: HashSet<RoomId>,
    is_subscribed: bool,
    last_heard: Instant,
    /// Whether something could not be handed on.
    missed: bool,
}

pub(super) async fn run(
    client: Client,
    speaker: Client,
    shared: Arc<Shared>,
    heard: mpsc::Sender<Heard>,
    this: u64,
) {
    let (mut messages, mut reconnects) = (client.message_rx(), client.reconnect_rx());
    let connection = client.connect();
    let mut listener = Listener {
        client,
        speaker,
        shared: shared.clone(),
        heard,
        own: format!("hallway:node:{this:x}"),
        following: HashSet::new(),
        is_subscribed: false,
        last_heard: Instant::now(),
        missed: true,
    };
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !listener.heard.is_closed() {
        tokio::select! {
            message = messages.recv() => match message {
                Ok(message) => listener.hear(message),
                Err(RecvError::Lagged(_)) => listener.missed = true,
                Err(RecvError::Closed) => break,
            },
            reconnected = reconnects.recv() => match reconnected {
                Ok(_) | Err(RecvError::Lagged(_)) => listener.subscribe_anew().await,
                Err(RecvError::Closed) => break,
            },
            () = shared.changed.notified() => listener.follow().await,
            _ = beat.tick() => listener.beat().await,
        }
    }
    connection.abort();
}

impl Listener {
    fn hear(&mut self, message: Message) {
        self.last_heard = Instant::now();
        if *message.channel == *self.own {
            if !self.shared.up.swap(true, Relaxed) {
                tracing::info!("redis: the link is up");
            }
            return;
        }
        let Some(text) = message.value.into_string() else { return };
        if self.heard.try_send(Heard::Hints(text)).is_err() {
            self.missed = true;
        }
    }

    /// After a connection was made, nothing is subscribed to, whatever was before.
    async fn subscribe_anew(&mut self) {
        self.is_subscribed = false;
        self.following.clear();
        self.missed = true;
        self.probe().await;
        let own = vec![channel(Topic::Everyone), self.own.clone()];
        match self.subscribe(own).await {
            Ok(()) => {
                self.is_subscribed = true;
                self.last_heard = Instant::now();
                self.follow().await;
            }
            Err(error) => tracing::warn!(%error, "redis: cannot subscribe"),
        }
    }

    /// Whether the server knows sharded pub/sub: one that does not says so.
    async fn probe(&self) {
        let probe: FredResult<i64> = self.client.spublish("hallway:probe", "").await;
        let unknown = probe.is_err_and(|error| error.details().to_lowercase().contains("unknown"));
        self.shared.sharded.store(!unknown, Relaxed);
    }

    /// Brings what is subscribed to into line with what is wanted.
    async fn follow(&mut self) {
        if !self.is_subscribed {
            return;
        }
        let wanted = self.shared.wanted().clone();
        let new: Vec<RoomId> = wanted.difference(&self.following).copied().collect();
        let old: Vec<RoomId> = self.following.difference(&wanted).copied().collect();
        let names =
            |rooms: &[RoomId]| rooms.iter().map(|room| channel(Topic::Room(*room))).collect();
        for rooms in new.chunks(AT_ONCE) {
            if let Err(error) = self.subscribe(names(rooms)).await {
                tracing::warn!(%error, "redis: cannot subscribe to rooms");
                // The next beat tries again.
                return;
            }
            self.following.extend(rooms);
            let _ = self.heard.send(Heard::Following(rooms.to_vec())).await;
        }
        for rooms in old.chunks(AT_ONCE) {
            let _ = self.unsubscribe(names(rooms)).await;
            rooms.iter().for_each(|room| {
                self.following.remove(room);
            });
        }
    }

    /// One command each where a cluster may keep them in different places.
    async fn subscribe(&self, channels: Vec<String>) -> FredResult<()> {
        if !self.shared.is_sharded() {
            return self.client.subscribe(channels).await;
        }
        try_join_all(channels.into_iter().map(|name| self.client.ssubscribe(name))).await.map(drop)
    }

    async fn unsubscribe(&self, channels: Vec<String>) -> FredResult<()> {
        if !self.shared.is_sharded() {
            return self.client.unsubscribe(channels).await;
        }
        try_join_all(channels.into_iter().map(|name| self.client.sunsubscribe(name)))
            .await
            .map(drop)
    }

    async fn beat(&mut self) {
        if self.last_heard.elapsed() > SILENT {
            self.last_heard = Instant::now();
            if self.shared.up.swap(false, Relaxed) {
                tracing::warn!("redis: nothing is heard, connecting anew");
            }
            self.is_subscribed = false;
            let _ = self.client.force_reconnection().await;
            return;
        }
        if self.last_heard.elapsed() > BEAT * 5 / 2 || !self.client.is_connected() {
            self.shared.up.store(false, Relaxed);
        }
        if !self.client.is_connected() {
            return;
        }
        if !self.is_subscribed {
            return self.subscribe_anew().await;
        }
        self.follow().await;
        if self.missed && self.heard.try_send(Heard::Missed).is_ok() {
            self.missed = false;
        }
        let (speaker, shared, own) = (self.speaker.clone(), self.shared.clone(), self.own.clone());
        // Not waited for: this loop must go on hearing.
        tokio::spawn(async move { say(&speaker, &shared, own, String::new()).await.map(drop) });
    }
}
