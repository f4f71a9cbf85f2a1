//! Keeps one socket open: connects, detects a silent connection, and reconnects with backoff, or at
//! once when the browser is online again or the page becomes visible.

use std::collections::{HashMap, HashSet};

use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::mpsc::{self, UnboundedReceiver, UnboundedSender},
    future::select,
};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    live::{ClientFrame, CloseCode, ServerFrame},
    paths,
    users::UserRef,
};

use super::client::{ConnectionStatus, LiveClient};
use crate::{
    api::{self, json},
    state::{
        live::{
            backoff::Backoff, outbox::Outbox, preview_cache::PreviewCache, send_gate::SendGate,
            silence::SilenceTimer,
        },
        rooms::RoomList,
    },
};

/// How long to wait for `welcome`.
const WELCOME_TIMEOUT_MS: u32 = 15_000;
/// How long to wait for IndexedDB before connecting. In Chromium the database may hang if a page
/// was closed while it opened the database; the chat must work nevertheless.
const OUTBOX_TIMEOUT_MS: u32 = 2_000;
/// How much later than announced a heartbeat may arrive.
const HEARTBEAT_GRACE_MS: u64 = 10_000;
/// The longest delay before a reconnect that the server may ask for.
const MAX_RECONNECT_MS: u64 = 60_000;

/// The next step after the end of a connection.
enum Next {
    /// Reconnect after this many milliseconds.
    ReconnectIn(u32),
    /// Reconnect after the backoff.
    Backoff,
    /// The session has ended: do not reconnect.
    SignOut,
}

impl LiveClient {
    /// Connects as this account and stays connected until [`LiveClient::disconnect`].
    pub fn connect(self, me: UserRef) {
        self.disconnect();
        self.set_reader_name(&me.username, &[]);
        self.me.set_value(Some(me.clone()));
        self.status.set(ConnectionStatus::Connecting);
        let (wake, mut woken) = mpsc::unbounded();
        self.wake.set_value(Some(wake));
        let (loading, mut loaded) = mpsc::unbounded::<()>();
        spawn_local(async move {
            self.load_outbox(me.id).await;
            drop(loading);
        });
        let run = self.run.get_value();
        spawn_local(async move {
            select(loaded.next(), TimeoutFuture::new(OUTBOX_TIMEOUT_MS)).await;
            stay_connected(self, run, &mut woken).await;
        });
    }

    /// Disconnects and drops all state, except for the outbox in IndexedDB.
    pub fn disconnect(self) {
        self.run.update_value(|run| *run += 1);
        self.reconnect_now();
        self.me.set_value(None);
        self.status.set(ConnectionStatus::SignedOut);
        self.room_states.update_value(HashMap::clear);
        self.outbox.set_value(Outbox::default());
        self.send_gate.set_value(SendGate::default());
        self.previews.update_untracked(|cache| *cache = PreviewCache::default());
        self.lost_texts.set_value(Vec::new());
        self.forgotten.update_value(HashSet::clear);
        self.commands.set_value(None);
        self.received.set_value(Vec::new());
        self.rooms.set(RoomList::default());
        self.reports.set(Default::default());
        self.blocked.set(Default::default());
        self.departure.set(None);
        self.stranded.set(Vec::new());
    }

    /// Ends the wait before the next connection attempt.
    pub fn reconnect_now(self) {
        self.wake.with_value(|wake| wake.as_ref().map(|wake| wake.unbounded_send(())));
    }
}

async fn stay_connected(live: LiveClient, run: u32, woken: &mut UnboundedReceiver<()>) {
    let is_current = || live.run.get_value() == run;
    let mut backoff = Backoff::default();
    while is_current() {
        let next = run_connection(live, run, woken, &mut backoff).await;
        if !is_current() {
            return;
        }
        live.apply_queued_frames();
        live.commands.set_value(None);
        live.status.set(ConnectionStatus::Connecting);
        let delay = match next {
            Next::ReconnectIn(delay) => delay,
            Next::Backoff => backoff.next(js_sys::Math::random()),
            Next::SignOut => return live.auth.end_session(),
        };
        select(TimeoutFuture::new(delay), woken.next()).await;
    }
}

/// The state of one connection.
struct Connection {
    commands: UnboundedSender<ClientFrame>,
    silence: SilenceTimer,
    is_welcome: bool,
    /// Whether a frame arrived that this page does not know.
    is_outdated: bool,
}

impl Connection {
    /// Handles a text frame. Returns the next step if the frame ends the connection.
    fn handle_text(&mut self, live: LiveClient, text: &str) -> Option<Next> {
        self.silence.receive(js_sys::Date::now());
        let frame = match json::parse::<ServerFrame>(text) {
            Ok(frame) => frame,
            Err(error) => {
                self.report_unknown_frame(live, &error.to_string());
                return None;
            }
        };
        match &frame {
            ServerFrame::Welcome { heartbeat_s, .. } => {
                self.silence.set_timeout(heartbeat_s * 1_000 + HEARTBEAT_GRACE_MS);
                self.is_welcome = true;
                live.commands.set_value(Some(self.commands.clone()));
            }
            ServerFrame::Goaway { reconnect_after_ms } => {
                let delay = (*reconnect_after_ms).min(MAX_RECONNECT_MS);
                return Some(Next::ReconnectIn(delay as u32));
            }
            _ => {}
        }
        live.queue_frame(frame);
        None
    }

    /// Tells the user, once per connection, that the server sends what this page does not know, because
    /// it was upgraded.
    fn report_unknown_frame(&mut self, live: LiveClient, error: &str) {
        leptos::logging::warn!("cannot decode a frame: {error}");
        if !std::mem::replace(&mut self.is_outdated, true) {
            live.ui.notice("Hallway was updated. Reload the page to get the new version.");
        }
    }

    /// Whether the connection is dead, also if the machine slept and timers did not run.
    fn is_dead(&self) -> bool {
        self.silence.is_over(js_sys::Date::now())
    }
}

/// Opens one connection and runs it until it ends.
async fn run_connection(
    live: LiveClient,
    run: u32,
    woken: &mut UnboundedReceiver<()>,
    backoff: &mut Backoff,
) -> Next {
    let (socket, received) = match api::take_socket() {
        Some((socket, received)) => (WebSocket::try_from(socket), received),
        None => (WebSocket::open(&socket_url()), Vec::new()),
    };
    let Ok(socket) = socket else { return Next::Backoff };
    let (mut sink, stream) = socket.split();
    let mut stream = stream.fuse();
    let (commands, mut to_send) = mpsc::unbounded();
    let silence = SilenceTimer::new(WELCOME_TIMEOUT_MS, js_sys::Date::now());
    let mut connection = Connection { commands, silence, is_welcome: false, is_outdated: false };
    for text in received {
        if let Some(next) = connection.handle_text(live, &text) {
            return next;
        }
    }
    loop {
        let remaining = connection.silence.remaining(js_sys::Date::now());
        let mut timeout = TimeoutFuture::new(remaining).fuse();
        futures::select_biased! {
            message = stream.next() => match message {
                _ if live.run.get_value() != run => return Next::Backoff,
                Some(Ok(Message::Text(text))) => {
                    if let Some(next) = connection.handle_text(live, &text) {
                        return next;
                    }
                    if connection.is_welcome {
                        backoff.reset();
                    }
                }
                Some(Err(WebSocketError::ConnectionClose(event))) => {
                    return after_close(event.code, connection.is_welcome).await;
                }
                Some(Ok(Message::Bytes(_))) => {
                    connection.report_unknown_frame(live, "a binary frame");
                }
                // The close event follows.
                Some(Err(_)) => {}
                None => return Next::Backoff,
            },
            frame = to_send.next() => {
                let text = frame.and_then(|frame| serde_json::to_string(&frame).ok());
                if let Some(text) = text && sink.send(Message::Text(text)).await.is_err() {
                    return Next::Backoff;
                }
            }
            _ = woken.next() => if live.run.get_value() != run || connection.is_dead() {
                return Next::ReconnectIn(0);
            },
            // Timers may fire a moment early.
            () = timeout => if connection.is_dead() {
                return Next::Backoff;
            },
        }
    }
}

/// Determines the next step after the socket was closed. Browsers hide the reason of a refused
/// upgrade, so before `welcome` a REST request finds out whether the session has ended.
async fn after_close(code: u16, was_welcome: bool) -> Next {
    match CloseCode::from_u16(code) {
        Some(code) if !code.may_reconnect() => Next::SignOut,
        _ if was_welcome => Next::Backoff,
        _ => match api::get_me().await {
            Err(error) if error.is_unauthenticated() => Next::SignOut,
            _ => Next::Backoff,
        },
    }
}

fn socket_url() -> String {
    let location = window().location();
    let is_https = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let scheme = if is_https { "wss" } else { "ws" };
    format!("{scheme}://{}{}", location.host().unwrap_or_default(), paths::LIVE)
}
