//! A live socket that behaves like the browser's, and also sends pings.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use futures_util::{FutureExt, SinkExt, StreamExt};
use nix::sys::socket::{setsockopt, sockopt::RcvBuf};
use shared::live::{ClientFrame, ServerFrame};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, error::Result as SocketResult, protocol::WebSocketConfig},
};

use super::{
    context::{ClientKind, Context},
    frame_cache::Frame,
};
use crate::{accounts::Account, api::open_socket, history::Event};

/// A receive buffer that fills soon after its reader stops reading, in bytes.
const SMALL_BUFFER: u32 = 4_096;
/// The receive buffer of the same readers at the end of the run, in bytes.
const LARGE_BUFFER: usize = 262_144;

#[derive(Debug)]
pub enum Incoming {
    Frame(Frame),
    /// The reply to a ping, and when the ping was sent (microseconds since the start of the run).
    Pong(u64),
    Closed,
}

/// A client process with one socket at a time.
#[derive(Clone)]
pub struct Client {
    pub context: Arc<Context>,
    pub process: u32,
    pub account: Arc<Account>,
    pub kind: ClientKind,
    pub has_small_buffer: bool,
}

/// A socket that received `welcome`. It records `Closed` when it ends.
pub struct Connection {
    socket: WebSocketStream<TcpStream>,
    client: Client,
    node: u32,
    silence_timeout: Duration,
    last_received: Instant,
    next_ping: Instant,
    /// Whether the server accepted no data for the silence timeout.
    is_stuck: bool,
    is_closed: bool,
}

impl Client {
    /// Waits for `delay`, then connects to a node, if possible not to `avoid`. Retries with
    /// backoff. Returns `None` if the run is over before a socket is open.
    pub async fn connect(
        &self,
        rng: &mut fastrand::Rng,
        mut avoid: Option<u32>,
        mut delay: Duration,
    ) -> Option<Connection> {
        for failures in 1.. {
            sleep(delay).await;
            if self.context.is_over(self.kind) {
                return None;
            }
            if let Some((node, address)) = self.context.nodes.pick(rng, avoid) {
                match self.connect_to(node, address).await {
                    Some(connection) => return Some(connection),
                    None => avoid = Some(node),
                }
            }
            delay = self.context.timeouts.backoff.delay(failures, rng);
        }
        None
    }

    pub fn record(&self, event: Event) {
        self.context.record(self.process, event);
    }

    async fn connect_to(&self, node: u32, address: SocketAddr) -> Option<Connection> {
        self.record(Event::Connect { node, user: self.account.user.id });
        let timeouts = self.context.timeouts;
        let opened = timeout(timeouts.reply, self.open_and_await_welcome(address)).await;
        let Ok(Ok((socket, heartbeat_s))) = opened else {
            self.record(Event::Closed { code: None });
            return None;
        };
        self.record(Event::Welcome);
        let now = Instant::now();
        Some(Connection {
            socket,
            client: self.clone(),
            node,
            silence_timeout: timeouts.silence.unwrap_or(Duration::from_secs(heartbeat_s + 10)),
            last_received: now,
            next_ping: now + timeouts.ping_interval,
            is_stuck: false,
            is_closed: false,
        })
    }

    /// Opens a socket and waits for `welcome`. Returns also the heartbeat interval in seconds.
    async fn open_and_await_welcome(
        &self,
        address: SocketAddr,
    ) -> Result<(WebSocketStream<TcpStream>, u64)> {
        let tcp = TcpSocket::new_v4()?;
        if self.has_small_buffer {
            tcp.set_recv_buffer_size(SMALL_BUFFER)?;
        }
        let tcp = tcp.connect(address).await?;
        tcp.set_nodelay(true)?;
        let config = WebSocketConfig::default();
        let mut socket = open_socket(tcp, self.account.session_at(address), config).await?;
        let Message::Text(text) = socket.next().await.context("closed before welcome")?? else {
            bail!("the first frame is not text");
        };
        match serde_json::from_str(&text)? {
            ServerFrame::Welcome { heartbeat_s, .. } => Ok((socket, heartbeat_s)),
            _ => bail!("the first frame is not welcome"),
        }
    }
}

impl Connection {
    pub fn node(&self) -> u32 {
        self.node
    }

    /// Enlarges the receive buffer. With a small buffer, the server's kernel may learn about free
    /// space only from its own probes, five times a second; that is too slow to catch up in a
    /// minute.
    pub fn enlarge_buffer(&self) {
        // If this fails, catching up only takes longer.
        let _ = setsockopt(self.socket.get_ref(), RcvBuf, &LARGE_BUFFER);
    }

    /// Sends a frame. Errors are ignored, because [`Connection::next`] notices a closed connection.
    pub async fn send(&mut self, frame: &ClientFrame) {
        if let Ok(text) = serde_json::to_string(frame) {
            self.send_message(Message::text(text)).await;
        }
    }

    /// Writes a WebSocket message. A server that accepts no data for the silence timeout counts as
    /// dead.
    async fn send_message(&mut self, message: Message) {
        let sending = timeout(self.silence_timeout, self.socket.send(message)).await;
        self.is_stuck |= sending.is_err();
    }

    /// The next frame or pong. The future is cancel-safe.
    pub async fn next(&mut self) -> Incoming {
        loop {
            let now = Instant::now();
            if self.is_stuck || now >= self.last_received + self.silence_timeout {
                return self.record_closed(None);
            }
            if now >= self.next_ping {
                self.next_ping = now + self.client.context.timeouts.ping_interval;
                let sent_us = self.client.context.recorder.elapsed().as_micros() as u64;
                self.send_message(Message::Ping(sent_us.to_be_bytes().to_vec().into())).await;
            }
            // Usually a frame has arrived already, so this skips the cost of a timer.
            let next = match self.socket.next().now_or_never() {
                Some(next) => next,
                None => {
                    let until = self.next_ping.min(self.last_received + self.silence_timeout);
                    tokio::select! {
                        next = self.socket.next() => next,
                        () = sleep_until(until.into()) => continue,
                    }
                }
            };
            self.last_received = Instant::now();
            if let Some(incoming) = self.receive(next) {
                return incoming;
            }
        }
    }

    fn receive(&mut self, next: Option<SocketResult<Message>>) -> Option<Incoming> {
        match next {
            Some(Ok(Message::Text(text))) => {
                self.client.context.frames.decode(text).map(Incoming::Frame)
            }
            Some(Ok(Message::Pong(payload))) => {
                let payload: [u8; 8] = payload[..].try_into().ok()?;
                Some(Incoming::Pong(u64::from_be_bytes(payload)))
            }
            Some(Ok(Message::Close(frame))) => {
                Some(self.record_closed(frame.map(|frame| frame.code.into())))
            }
            Some(Ok(_)) => None,
            Some(Err(_)) | None => Some(self.record_closed(None)),
        }
    }

    /// Records the end of the socket once.
    fn record_closed(&mut self, code: Option<u16>) -> Incoming {
        if !std::mem::replace(&mut self.is_closed, true) {
            self.client.record(Event::Closed { code });
        }
        Incoming::Closed
    }

    /// Restarts the silence timeout after a pause in reading.
    pub fn resume_reading(&mut self) {
        self.last_received = Instant::now();
    }

    /// Closes the TCP connection without a close frame.
    pub fn close(mut self) {
        self.record_closed(None);
    }
}
