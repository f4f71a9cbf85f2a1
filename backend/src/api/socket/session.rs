//! The session of one socket. It waits for the client, the hub, the ledger and a timer; each turn of its
//! loop writes everything that is ready with one flush.
//!
//! A node has tens of thousands of sessions that wait, and a turn is most of what a delivery costs. So a
//! session has one timer, which it resets only when its deadline changes, and takes another only for a write
//! that does not complete at once.

use std::{
    collections::{BTreeMap, HashSet},
    panic::AssertUnwindSafe,
    pin::Pin,
    time::Duration,
};

use axum::extract::ws::{Message, WebSocket};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use shared::{
    ids::{ClientId, Rev, RoomId, Seq},
    live::{CloseCode, Subscription},
    messages,
    rooms::ReadState,
    rules,
};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Codec, codec::close_code, paged_frames::heartbeats};
use crate::{
    App,
    auth::Caller,
    realtime::{hub::Inbox, ledger::PostedMessage},
    tables::now,
};

/// The maximum number of writes of one socket that wait for the ledger.
const MAX_IN_FLIGHT: usize = 64;
/// The resolution of heartbeats and of the silence timeout.
const TICK: Duration = Duration::from_secs(5);

/// An error ends the session: with a close code to send, or `None` if the connection is lost.
pub(super) type SessionResult<T = ()> = Result<T, Option<CloseCode>>;

/// The reply of the ledger to a write, or of the database to a check.
pub(super) enum Reply {
    Post { room: RoomId, client_id: ClientId, result: crate::Result<PostedMessage> },
    MarkRead(crate::Result<ReadState>),
    Typing { room: RoomId, is_allowed: bool },
}

/// The session of one socket of a user.
pub struct Session<C> {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) codec: C,
    pub(super) inbox: Inbox,
    /// The `rev` of the last change that was sent, for each subscribed room.
    pub(super) cursors: BTreeMap<RoomId, Rev>,
    /// The first message that the user may read, for each subscribed room.
    pub(super) visible_from: BTreeMap<RoomId, Seq>,
    /// Rooms whose changes after this `rev` have to be read from the database; with `None`, those
    /// after the room's current `rev`.
    pub(super) catching_up: BTreeMap<RoomId, Option<Rev>>,
    /// When to retry a catch-up that failed.
    pub(super) retry_at: Instant,
    /// Set while the session reads no frames, because the user subscribes too often or sends too much.
    throttled_until: Option<Instant>,
    /// Until when all posts are refused, because one was: otherwise a later message that the client sent
    /// meanwhile could get ahead of it.
    pub(super) posts_held_until: Instant,
    /// The pending replies of the ledger.
    pub(super) replies: FuturesUnordered<BoxFuture<'static, Reply>>,
    /// Posts that wait for the ledger and have no ack yet.
    pub(super) unacked: HashSet<(RoomId, ClientId)>,
    /// Stored posts whose acks wait for earlier changes of their rooms.
    pub(super) stored: BTreeMap<(RoomId, ClientId), messages::Message>,
    /// The read marks that the last acks implied; the session sends no `read` frame for them.
    pub(super) implied_reads: BTreeMap<RoomId, ReadState>,
    /// When the last typing event of each room was published.
    pub(super) typing_sent: BTreeMap<RoomId, Instant>,
    pub(super) socket: WebSocket,
    last_received: Instant,
    last_heartbeat: Instant,
    next_tick: Instant,
    /// Set to the next tick, or to an earlier end of waiting.
    timer: Pin<Box<Sleep>>,
}

impl<C: Codec> Session<C> {
    /// A session without subscriptions.
    pub(super) fn new(app: App, caller: Caller, socket: WebSocket, codec: C, inbox: Inbox) -> Self {
        let now = Instant::now();
        Self {
            app,
            caller,
            codec,
            inbox,
            cursors: BTreeMap::new(),
            visible_from: BTreeMap::new(),
            catching_up: BTreeMap::new(),
            retry_at: now,
            throttled_until: None,
            posts_held_until: now,
            replies: FuturesUnordered::new(),
            unacked: HashSet::new(),
            stored: BTreeMap::new(),
            implied_reads: BTreeMap::new(),
            typing_sent: BTreeMap::new(),
            socket,
            last_received: now,
            last_heartbeat: now,
            next_tick: now + TICK,
            timer: Box::pin(sleep_until(now + TICK)),
        }
    }

    /// Subscribes to the first room, if any, and runs until the client or the server ends the session.
    pub async fn run(mut self: Box<Self>, first: Option<Subscription>) {
        // A panic too must not end the connection without a close frame.
        let end = AssertUnwindSafe(self.run_turns(first)).catch_unwind().await;
        let code = match end {
            Ok(Ok(())) => None,
            Ok(Err(code)) => code,
            Err(_) => Some(CloseCode::Internal),
        };
        self.close(code).boxed().await;
    }

    async fn run_turns(&mut self, first: Option<Subscription>) -> SessionResult {
        if let Some(first) = first {
            self.subscribe(&[first]).boxed().await?;
        }
        loop {
            self.handle_next_event().await?;
            self.deliver_ready().await?;
            self.flush().await?;
        }
    }

    /// Waits for one event, and handles it.
    async fn handle_next_event(&mut self) -> SessionResult {
        let deadline = self.next_deadline();
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        // Boxed, like all futures that read the database, because otherwise they would take most of the
        // memory of an idle socket.
        let handled = tokio::select! {
            () = self.inbox.not_empty() => return Ok(()),
            Some(reply) = self.replies.next(), if !self.replies.is_empty() => {
                self.handle_reply(reply).boxed()
            }
            message = self.socket.recv(), if self.is_reading() => match message {
                Some(Ok(message)) => self.receive(message).boxed(),
                Some(Err(error)) => return Err(Some(close_code(&error))),
                None => return Err(None),
            },
            () = self.timer.as_mut() => self.handle_timer().boxed(),
        };
        handled.await
    }

    /// When to tick, to retry a catch-up, or to read frames again, whichever is first.
    fn next_deadline(&self) -> Instant {
        let retry_at = (!self.catching_up.is_empty()).then_some(self.retry_at);
        let waits = retry_at.into_iter().chain(self.throttled_until);
        waits.fold(self.next_tick, Instant::min)
    }

    /// Ticks, if it is time; `deliver_ready` retries the catch-up.
    async fn handle_timer(&mut self) -> SessionResult {
        let now = Instant::now();
        self.throttled_until = self.throttled_until.filter(|until| *until > now);
        if self.next_tick > now {
            return Ok(());
        }
        self.next_tick = now + TICK;
        self.tick(now).await
    }

    /// Reads no frames until then, or until a later time that was set before.
    pub(super) fn throttle(&mut self, until: Instant) {
        self.throttled_until = self.throttled_until.max(Some(until));
    }

    /// Whether the session reads frames. If not, they wait in the kernel (back-pressure).
    fn is_reading(&self) -> bool {
        self.replies.len() < MAX_IN_FLIGHT && self.throttled_until.is_none()
    }

    async fn receive(&mut self, message: Message) -> SessionResult {
        self.last_received = Instant::now();
        if self.caller.credential().has_expired(now()) {
            return Err(Some(CloseCode::SessionEnded));
        }
        self.count(&message);
        match message {
            Message::Text(text) => self.handle_text(&text).await,
            Message::Close(_) => {
                // Sends the close frame that answers the client's.
                let _ = self.flush().await;
                Err(None)
            }
            Message::Binary(_) => self.send_bad_request("Frames are JSON text, not binary.").await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    /// Counts a frame, and stops reading for a while if the sockets of the user send too much. The frames
    /// wait in the kernel, so they keep their order and none is lost.
    fn count(&mut self, message: &Message) {
        let bytes = match message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
            Message::Close(_) => return,
        };
        if let Err(seconds) = self.app.limits.count_frame(self.caller.user.id, bytes) {
            self.throttle(Instant::now() + Duration::from_secs(seconds));
        }
    }

    /// Sends all ready replies and the content of the inbox, without a flush in between.
    async fn deliver_ready(&mut self) -> SessionResult {
        while let Some(handled) = self.handle_ready_reply() {
            handled.await?;
        }
        let close = self.deliver_inbox().await?;
        if !self.catching_up.is_empty() && self.retry_at <= Instant::now() {
            self.catch_up().boxed().await?;
        }
        if !self.stored.is_empty() {
            self.send_late_acks().boxed().await?;
        }
        match close {
            Some(code) => Err(Some(code)),
            None => Ok(()),
        }
    }

    /// Returns the future that handles a reply, if one is ready. Boxed here, because the future of the caller
    /// would otherwise have space for the reply.
    fn handle_ready_reply(&mut self) -> Option<BoxFuture<'_, SessionResult>> {
        if self.replies.is_empty() {
            return None;
        }
        let reply = self.replies.next().now_or_never()??;
        Some(self.handle_reply(reply).boxed())
    }

    /// Sends the content of the inbox; returns the close code if the socket has to close
    /// afterwards.
    pub(super) async fn deliver_inbox(&mut self) -> SessionResult<Option<CloseCode>> {
        let drained = self.inbox.drain();
        if drained.close == Some(CloseCode::SessionEnded) {
            // At once, without the acks that wait.
            return Err(drained.close);
        }
        for signal in drained.signals {
            self.deliver(signal).await?;
        }
        if drained.is_lagging {
            self.mark_lagging_rooms();
        }
        Ok(drained.close)
    }

    /// Sends the heartbeat when it is due, and ends the session of a silent client.
    async fn tick(&mut self, now: Instant) -> SessionResult {
        // Idle time does not count while the session is not reading (back-pressure).
        let is_silent = now - self.last_received > Duration::from_secs(rules::SOCKET_TIMEOUT_S);
        if is_silent && self.is_reading() {
            return Err(Some(CloseCode::Silent));
        }
        if now - self.last_heartbeat + TICK / 2 < Duration::from_secs(rules::HEARTBEAT_S) {
            return Ok(());
        }
        self.last_heartbeat = now;
        self.send_heartbeat().await
    }

    async fn send_heartbeat(&mut self) -> SessionResult {
        self.write(Some(Message::Ping(bytes::Bytes::new()))).await?;
        let head =
            |(room, cursor): (&RoomId, &Rev)| (*room, self.inbox.published_rev(*room).max(*cursor));
        for frame in heartbeats(self.cursors.iter().map(head).collect()) {
            self.send(&frame).await?;
        }
        Ok(())
    }
}
