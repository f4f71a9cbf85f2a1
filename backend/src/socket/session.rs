//! The life of one socket: what comes from the client, the hub, the ledger and the clock is taken
//! in turn; what waits to go out leaves in one write.

use std::{collections::BTreeMap, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use shared::{
    ids::{Rev, RoomId},
    live::{CloseCode, RemovedReason, ServerFrame},
    rules,
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::Wire;
use crate::{
    App,
    auth::Caller,
    failpoints::{Fault, has},
    realtime::hub::{Inbox, Signal},
    rooms::queries,
};

/// A reader who takes nothing for this long is sent away, to come back and catch up.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Writes of one socket that may be under way; further frames wait in the kernel.
const UNDER_WAY: usize = 64;
/// How exactly a socket keeps time.
const TICK: Duration = Duration::from_secs(5);

/// Why a session ends: a code to say, or the link is gone.
pub(super) type Ended<T = ()> = Result<T, Option<CloseCode>>;

/// One socket of somebody.
pub struct Session<W> {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) wire: W,
    pub(super) inbox: Inbox,
    /// The last change delivered of each room subscribed to.
    pub(super) sent: BTreeMap<RoomId, Rev>,
    /// Rooms to be read from the database: from where, `None` for "only what comes".
    pub(super) behind: BTreeMap<RoomId, Option<Rev>>,
    /// Answers of the ledger that have not come yet.
    pub(super) answers: FuturesUnordered<BoxFuture<'static, Option<ServerFrame>>>,
    pub(super) typed: BTreeMap<RoomId, Instant>,
    /// When to try again what is behind.
    pub(super) retry: Instant,
    socket: WebSocket,
    heard: Instant,
    beaten: Instant,
}

impl<W: Wire> Session<W> {
    /// A session that has not said or subscribed anything yet.
    pub fn new(app: App, caller: Caller, socket: WebSocket, wire: W) -> Self {
        let inbox = app.hub.connect(caller.user.id, caller.session);
        Self {
            app,
            caller,
            wire,
            inbox,
            sent: BTreeMap::new(),
            behind: BTreeMap::new(),
            answers: FuturesUnordered::new(),
            typed: BTreeMap::new(),
            retry: Instant::now(),
            socket,
            heard: Instant::now(),
            beaten: Instant::now(),
        }
    }

    /// Says who the caller is and which rooms they are in; false if that failed.
    pub async fn welcome(&mut self) -> bool {
        let user = self.caller.user.clone();
        let said = match queries::mine(&self.app.db.reader, user.id, user.is_admin).await {
            Ok(rooms) => {
                let frame = ServerFrame::Welcome { user, rooms, heartbeat_s: rules::HEARTBEAT_S };
                self.say(&frame).await.and(self.flush().await)
            }
            Err(_) => Err(Some(CloseCode::Restart)),
        };
        match said {
            Ok(()) => true,
            Err(code) => {
                self.end(code).await;
                false
            }
        }
    }

    /// Runs until one end or the other has had enough.
    pub async fn run(mut self) {
        let mut clock = interval(TICK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        clock.reset();
        loop {
            let turn = self.turn(&mut clock).await;
            let turn = match turn {
                Ok(()) => self.deliver_waiting().await,
                Err(code) => Err(code),
            };
            let turn = match turn {
                Ok(()) => self.flush().await,
                Err(code) => Err(code),
            };
            if let Err(code) = turn {
                return self.end(code).await;
            }
        }
    }

    async fn turn(&mut self, clock: &mut tokio::time::Interval) -> Ended {
        tokio::select! {
            () = self.inbox.filled() => Ok(()),
            Some(answer) = self.answers.next(), if !self.answers.is_empty() => {
                self.say_maybe(answer).await
            }
            message = self.socket.recv(), if self.answers.len() < UNDER_WAY => {
                self.heard = Instant::now();
                match message {
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(error)) if is_too_large(&error) => Err(Some(CloseCode::TooLarge)),
                    Some(Err(_)) | None => Err(None),
                }
            }
            _ = clock.tick() => self.tick().await,
            _ = sleep_until(self.retry), if !self.behind.is_empty() => self.catch_up().boxed().await,
        }
    }

    async fn receive(&mut self, message: Message) -> Ended {
        match message {
            // Boxed, and so are the others that read the database: most of an idle socket's memory
            // would be room for what it is not doing.
            Message::Text(text) => self.obey(&text).boxed().await,
            Message::Close(_) => Err(None),
            Message::Binary(_) => self.complain("Frames are JSON text, not binary.").await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    /// Everything that waits, so that it leaves in one write.
    async fn deliver_waiting(&mut self) -> Ended {
        while let Some(Some(answer)) = self.answers.next().now_or_never() {
            self.say_maybe(answer).await?;
        }
        let found = self.inbox.take();
        for signal in found.signals {
            self.deliver(signal).await?;
        }
        if found.is_lagging {
            self.note_lag();
        }
        if !self.behind.is_empty() && self.retry <= Instant::now() {
            self.catch_up().boxed().await?;
        }
        match found.close {
            Some(code) => Err(Some(code)),
            None => Ok(()),
        }
    }

    async fn deliver(&mut self, signal: Signal) -> Ended {
        match signal {
            Signal::Event(event) => {
                let Some(sent) = self.sent.get_mut(&event.room) else { return Ok(()) };
                if event.rev <= *sent {
                    return Ok(());
                }
                let is_blind = has(Fault::DropOnFullQueue) || has(Fault::NoCatchUp);
                if event.rev > sent.next() && !is_blind {
                    self.behind.insert(event.room, Some(*sent));
                    return self.catch_up().boxed().await;
                }
                *sent = event.rev;
                let text = self.wire.event(&event);
                self.feed(text).await
            }
            Signal::Behind(room) => {
                if let Some(sent) = self.sent.get(&room) {
                    self.behind.insert(room, Some(*sent));
                }
                self.catch_up().boxed().await
            }
            Signal::Personal(frame) => {
                if let ServerFrame::User { user } = &*frame {
                    self.caller.user = user.clone();
                }
                self.say(&frame).await
            }
            Signal::Whisper(room, text) if self.sent.contains_key(&room) => {
                self.whispered(text).await
            }
            Signal::Whisper(..) => Ok(()),
            Signal::Removed(room, reason) => self.removed(room, reason).await,
        }
    }

    pub(super) async fn removed(&mut self, room: RoomId, reason: RemovedReason) -> Ended {
        self.sent.remove(&room);
        self.behind.remove(&room);
        self.say(&ServerFrame::Removed { room, reason }).await?;
        if self.wire.ends_with(room) { Err(Some(CloseCode::NotAMember)) } else { Ok(()) }
    }

    async fn whispered(&mut self, text: Utf8Bytes) -> Ended {
        let text = self.wire.whisper(text);
        self.feed(text).await
    }

    /// One timer a socket, for all that is about time.
    async fn tick(&mut self) -> Ended {
        let now = Instant::now();
        // While nothing is read, silence says nothing.
        let silent = now - self.heard > Duration::from_secs(rules::DEAD_AFTER_S);
        if silent && self.answers.len() < UNDER_WAY {
            return Err(Some(CloseCode::Silent));
        }
        if now - self.beaten + TICK / 2 < Duration::from_secs(rules::HEARTBEAT_S) {
            return Ok(());
        }
        self.beaten = now;
        self.beat().await
    }

    async fn beat(&mut self) -> Ended {
        self.write(Message::Ping(bytes::Bytes::new())).await?;
        let heads = self.sent.iter().map(|(room, sent)| (*room, self.inbox.head(*room).max(*sent)));
        let heads = heads.collect();
        self.say(&ServerFrame::Heartbeat { heads }).await
    }

    /// Spells a frame and puts it in line.
    pub(super) async fn say(&mut self, frame: &ServerFrame) -> Ended {
        let text = self.wire.frame(frame);
        self.feed(text).await
    }

    async fn say_maybe(&mut self, frame: Option<ServerFrame>) -> Ended {
        match frame {
            Some(frame) => self.say(&frame).await,
            None => Ok(()),
        }
    }

    pub(super) async fn feed(&mut self, text: Option<Utf8Bytes>) -> Ended {
        match text {
            Some(text) => self.write(Message::Text(text)).await,
            None => Ok(()),
        }
    }

    async fn write(&mut self, message: Message) -> Ended {
        in_time(self.socket.feed(message)).await
    }

    async fn flush(&mut self) -> Ended {
        in_time(self.socket.flush()).await
    }

    async fn end(&mut self, code: Option<CloseCode>) {
        if let Some(code) = code {
            close(&mut self.socket, code).await;
        }
    }
}

async fn in_time(write: impl Future<Output = Result<(), axum::Error>>) -> Ended {
    match timeout(WRITE_WITHIN, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(CloseCode::TooSlow)),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}

/// Says why, and waits a moment for the other end to say so too: closing at once could take the
/// last frames with it.
pub(super) async fn close(socket: &mut WebSocket, code: CloseCode) {
    let frame = CloseFrame { code: code as u16, reason: code.reason().into() };
    let goodbye = async {
        socket.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<_, axum::Error>(())
    };
    let _ = timeout(Duration::from_secs(2), goodbye).await;
}
