//! Receives from Redis: one connection subscribes to the channel of all nodes, to the channels of
//! the desired rooms, and to a channel for this node's probes. A half-open link reports no error;
//! only a missing probe reveals it.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use fred::{
    clients::Client,
    prelude::{ClientLike, EventInterface, FredResult, PubsubInterface},
    types::{Message, config::Server},
};
use futures_util::future::try_join_all;
use shared::ids::RoomId;
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc,
    },
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::{
    PROBE_INTERVAL, RelayEvent, SILENCE_TIMEOUT, Shared, Topic, channel_name, publisher::publish,
};
use crate::background::catch_panic;

/// The maximum number of rooms to subscribe to at a time.
const CHUNK: usize = 256;

struct Subscriber {
    client: Client,
    publisher: Client,
    shared: Arc<Shared>,
    events: mpsc::Sender<RelayEvent>,
    /// The channel on which this node probes itself.
    probe_channel: String,
    /// The rooms with an active subscription.
    subscribed_rooms: HashSet<RoomId>,
    /// Whether the subscriptions to the channel of all nodes and to the probe channel are active.
    is_subscribed: bool,
    last_received: Instant,
    /// Whether messages may have been lost and [`RelayEvent::Lost`] has to be sent.
    has_unreported_loss: bool,
}

pub(super) async fn run(
    client: Client,
    publisher: Client,
    shared: Arc<Shared>,
    events: mpsc::Sender<RelayEvent>,
    node: u64,
) {
    let (mut messages, mut reconnects) = (client.message_rx(), client.reconnect_rx());
    let connection = client.connect();
    let mut subscriber = Subscriber {
        client,
        publisher,
        shared,
        events,
        probe_channel: format!("hallway:node:{node:x}"),
        subscribed_rooms: HashSet::new(),
        is_subscribed: false,
        last_received: Instant::now(),
        has_unreported_loss: true,
    };
    let mut tick = interval(PROBE_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !subscriber.events.is_closed() {
        let step = subscriber.step(&mut messages, &mut reconnects, &mut tick);
        match catch_panic("subscriber", step).await {
            Some(ControlFlow::Continue(())) => {}
            Some(ControlFlow::Break(())) => break,
            None => subscriber.has_unreported_loss = true,
        }
    }
    connection.abort();
}

impl Subscriber {
    /// Handles one event; breaks when the client has ended.
    async fn step(
        &mut self,
        messages: &mut Receiver<Message>,
        reconnects: &mut Receiver<Server>,
        tick: &mut Interval,
    ) -> ControlFlow<()> {
        let shared = self.shared.clone();
        tokio::select! {
            message = messages.recv() => match message {
                Ok(message) => self.receive(message),
                Err(RecvError::Lagged(_)) => self.has_unreported_loss = true,
                Err(RecvError::Closed) => return ControlFlow::Break(()),
            },
            reconnected = reconnects.recv() => match reconnected {
                Ok(_) | Err(RecvError::Lagged(_)) => self.resubscribe().await,
                Err(RecvError::Closed) => return ControlFlow::Break(()),
            },
            () = shared.desired_changed.notified() => self.update_subscriptions().await,
            _ = tick.tick() => self.check_link().await,
        }
        ControlFlow::Continue(())
    }

    fn receive(&mut self, message: Message) {
        self.last_received = Instant::now();
        if *message.channel == *self.probe_channel {
            if !self.shared.is_up.swap(true, Relaxed) {
                tracing::info!("redis: the link is up");
            }
            return;
        }
        let Some(text) = message.value.into_string() else { return };
        if self.events.try_send(RelayEvent::Message(text)).is_err() {
            self.has_unreported_loss = true;
        }
    }

    /// Subscribes to all channels again, because a new connection has no subscriptions.
    async fn resubscribe(&mut self) {
        self.is_subscribed = false;
        self.subscribed_rooms.clear();
        self.has_unreported_loss = true;
        self.detect_sharding().await;
        let channels = vec![channel_name(Topic::AllNodes), self.probe_channel.clone()];
        match self.subscribe(channels).await {
            Ok(()) => {
                self.is_subscribed = true;
                self.last_received = Instant::now();
                self.update_subscriptions().await;
            }
            Err(error) => tracing::warn!(%error, "redis: cannot subscribe"),
        }
    }

    /// Detects whether the server supports sharded pub/sub: one without it replies that the command
    /// is unknown.
    async fn detect_sharding(&self) {
        let reply: FredResult<i64> = self.client.spublish("hallway:probe", "").await;
        let is_unknown =
            reply.is_err_and(|error| error.details().to_lowercase().contains("unknown"));
        self.shared.is_sharded.store(!is_unknown, Relaxed);
    }

    /// Subscribes to the desired rooms, and unsubscribes from all others.
    async fn update_subscriptions(&mut self) {
        if !self.is_subscribed {
            return;
        }
        let desired = self.shared.desired_rooms().clone();
        let added: Vec<RoomId> = desired.difference(&self.subscribed_rooms).copied().collect();
        let removed: Vec<RoomId> = self.subscribed_rooms.difference(&desired).copied().collect();
        let channels =
            |rooms: &[RoomId]| rooms.iter().map(|room| channel_name(Topic::Room(*room))).collect();
        for rooms in added.chunks(CHUNK) {
            if let Err(error) = self.subscribe(channels(rooms)).await {
                // The next tick tries again.
                tracing::warn!(%error, "redis: cannot subscribe to rooms");
                return;
            }
            self.subscribed_rooms.extend(rooms);
            let _ = self.events.send(RelayEvent::Subscribed(rooms.to_vec())).await;
        }
        for rooms in removed.chunks(CHUNK) {
            let _ = self.unsubscribe(channels(rooms)).await;
            rooms.iter().for_each(|room| {
                self.subscribed_rooms.remove(room);
            });
        }
    }

    /// Sends one command for each sharded channel, because a cluster may keep them on different
    /// servers.
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

    /// Runs every second: reconnects a silent link, retries failed subscriptions, reports a loss,
    /// and sends the next probe.
    async fn check_link(&mut self) {
        if self.last_received.elapsed() > SILENCE_TIMEOUT {
            self.last_received = Instant::now();
            if self.shared.is_up.swap(false, Relaxed) {
                tracing::warn!("redis: the link is silent, reconnecting");
            }
            self.is_subscribed = false;
            let _ = self.client.force_reconnection().await;
            return;
        }
        if self.last_received.elapsed() > PROBE_INTERVAL * 5 / 2 || !self.client.is_connected() {
            self.shared.is_up.store(false, Relaxed);
        }
        if !self.client.is_connected() {
            return;
        }
        if !self.is_subscribed {
            return self.resubscribe().await;
        }
        self.update_subscriptions().await;
        if self.has_unreported_loss && self.events.try_send(RelayEvent::Lost).is_ok() {
            self.has_unreported_loss = false;
        }
        let (publisher, shared) = (self.publisher.clone(), self.shared.clone());
        let channel = self.probe_channel.clone();
        // In a task of its own, because the subscriber must continue to receive.
        tokio::spawn(async move {
            publish(&publisher, &shared, channel, String::new()).await.map(drop)
        });
    }
}
