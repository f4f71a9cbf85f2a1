//! Keeps one socket up: connects, listens for silence, waits with jitter, and comes back at once when
//! the network or the reader does.

use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::mpsc::{self, UnboundedReceiver, UnboundedSender},
};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::UserId,
    live::{ClientFrame, CloseCode, ServerFrame},
    paths,
};

use super::{Link, Live, outbox, receive::receive};
use crate::{api, state::live::backoff::Backoff};

/// How long a connection may take until `welcome`.
const WELCOME_WITHIN_MS: u32 = 15_000;
/// How long to wait for what is on disk. Chromium's IndexedDB may hang, after a page that was left in
/// the middle of opening it, and that must not keep anybody from talking.
const DISK_WITHIN_MS: u32 = 2_000;
/// How much later than promised a heartbeat may come.
const GRACE_MS: u64 = 10_000;

/// How a connection ended.
enum End {
    /// Connect again after this many milliseconds.
    Again(u32),
    /// Connect again when the backoff says so.
    Lost,
    /// The session is over.
    SignedOut,
}

/// Begins the one loop of this run.
pub fn start(live: Live, me: UserId, run: u32) {
    let (wake, mut woken) = mpsc::unbounded();
    live.wake.set_value(Some(wake));
    let (reading, mut read) = mpsc::unbounded::<()>();
    spawn_local(async move {
        outbox::load(live, me).await;
        drop(reading);
    });
    spawn_local(async move {
        futures::future::select(read.next(), TimeoutFuture::new(DISK_WITHIN_MS)).await;
        keep(live, run, &mut woken).await;
    });
}

async fn keep(live: Live, run: u32, woken: &mut UnboundedReceiver<()>) {
    let is_current = || live.run.get_value() == run;
    let mut backoff = Backoff::default();
    while is_current() {
        let end = hold(live, run, woken, &mut backoff).await;
        if !is_current() {
            return;
        }
        live.commands.set_value(None);
        live.link.set(Link::Connecting);
        let wait = match end {
            End::Again(wait) => wait,
            End::Lost => backoff.next(js_sys::Math::random()),
            End::SignedOut => return live.session.ended_elsewhere(),
        };
        futures::future::select(TimeoutFuture::new(wait), woken.next()).await;
    }
}

/// What is known of the connection that is up.
struct Pulse {
    /// Where commands go once we are welcome.
    commands: UnboundedSender<ClientFrame>,
    /// So long may nothing come.
    silence_ms: u32,
    heard_at: f64,
    welcomed: bool,
}

impl Pulse {
    /// Takes a text of the server; says so if it ends the connection.
    fn heard(&mut self, live: Live, text: &str) -> Option<End> {
        self.heard_at = js_sys::Date::now();
        let frame = understand(text)?;
        match &frame {
            ServerFrame::Welcome { heartbeat_s, .. } => {
                self.silence_ms = (heartbeat_s * 1_000 + GRACE_MS) as u32;
                self.welcomed = true;
                live.commands.set_value(Some(self.commands.clone()));
            }
            ServerFrame::Goaway { reconnect_after_ms } => {
                return Some(End::Again((*reconnect_after_ms).min(60_000) as u32));
            }
            _ => {}
        }
        receive(live, frame);
        None
    }

    /// Whether the machine slept longer than the connection lives.
    fn is_stale(&self) -> bool {
        js_sys::Date::now() - self.heard_at > f64::from(self.silence_ms)
    }
}

/// One connection, from the first byte to the last.
async fn hold(
    live: Live,
    run: u32,
    woken: &mut UnboundedReceiver<()>,
    backoff: &mut Backoff,
) -> End {
    let Ok(socket) = WebSocket::open(&address()) else {
        return End::Lost;
    };
    let (mut sink, stream) = socket.split();
    let mut stream = stream.fuse();
    let (commands, mut to_send) = mpsc::unbounded();
    let mut pulse = Pulse {
        commands,
        silence_ms: WELCOME_WITHIN_MS,
        heard_at: js_sys::Date::now(),
        welcomed: false,
    };
    loop {
        let mut silence = TimeoutFuture::new(pulse.silence_ms).fuse();
        futures::select_biased! {
            message = stream.next() => match message {
                _ if live.run.get_value() != run => return End::Lost,
                Some(Ok(Message::Text(text))) => {
                    if let Some(end) = pulse.heard(live, &text) {
                        return end;
                    }
                    if pulse.welcomed {
                        backoff.reset();
                    }
                }
                Some(Err(WebSocketError::ConnectionClose(event))) => {
                    return closed(event.code, pulse.welcomed).await;
                }
                Some(_) => {}
                None => return End::Lost,
            },
            frame = to_send.next() => {
                let text = frame.and_then(|frame| serde_json::to_string(&frame).ok());
                if let Some(text) = text && sink.send(Message::Text(text)).await.is_err() {
                    return End::Lost;
                }
            }
            _ = woken.next() => if live.run.get_value() != run || pulse.is_stale() {
                return End::Again(0);
            },
            () = silence => return End::Lost,
        }
    }
}

/// What a close means. A refused upgrade has no code that a page may see, so that one is asked.
async fn closed(code: u16, welcomed: bool) -> End {
    match CloseCode::from_u16(code) {
        Some(code) if !code.may_reconnect() => End::SignedOut,
        _ if welcomed => End::Lost,
        _ => match api::get_me().await {
            Err(failure) if failure.is_unauthenticated() => End::SignedOut,
            _ => End::Lost,
        },
    }
}

/// A frame of a newer server than this page is no error.
fn understand(text: &str) -> Option<ServerFrame> {
    let frame = serde_json::from_str(text);
    frame.inspect_err(|error| leptos::logging::warn!("ignored a frame: {error}")).ok()
}

fn address() -> String {
    let location = window().location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}{}", location.host().unwrap_or_default(), paths::LIVE)
}
