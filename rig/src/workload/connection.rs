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

/// A receive buffer that fills soon after its reader pauses, in bytes.
const SMALL_BUFFER: u32 = 4_096;
/// The receive buffer of the same reader at the end of the run, in bytes.
const LARGE_BUFFER: usize = 262_144;

#[derive(Debug)]
pub enum Incoming {
    Frame(Frame),
    /// The reply to a ping that was sent at this time (microseconds since the start of the run).
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

/// A welcomed socket. Records its own end.
pub struct Connection {
    socket: WebSocketStream<TcpStream>,
    client: Client,
    node: u32,
    silence: Duration,
    last_received: Instant,
    next_ping: Instant,
    is_stuck: bool,
    is_closed: bool,
}

impl Client {
    /// Waits for `delay`, then connects to a node, if possible to another one than `avoid`. Retries
    /// with backoff; `None` if the run ends before.
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
        let opened = timeout(timeouts.reply, self.open_welcomed(address)).await;
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
            silence: timeouts.silence.unwrap_or(Duration::from_secs(heartbeat_s + 10)),
            last_received: now,
            next_ping: now + timeouts.ping_interval,
            is_stuck: false,
            is_closed: false,
        })
    }

    /// A socket that has received `welcome`, and the heartbeat interval in seconds.
    async fn open_welcomed(
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
        let mut socket = open_socket(tcp, self.account.at(address), config).await?;
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

    /// Enlarges the receive buffer. With a small buffer, a kernel may learn about free space only
    /// from the peer's probe timer, five times a second; that is too slow to catch up in a minute.
    pub fn enlarge_buffer(&self) {
        // On failure it only takes longer.
        let _ = setsockopt(self.socket.get_ref(), RcvBuf, &LARGE_BUFFER);
    }

    /// Sends a frame. A closed connection shows when reading.
    pub async fn send(&mut self, frame: &ClientFrame) {
        if let Ok(text) = serde_json::to_string(frame) {
            self.send_message(Message::text(text)).await;
        }
    }

    /// A server that accepts no data for the silence timeout counts as dead.
    async fn send_message(&mut self, message: Message) {
        let sending = timeout(self.silence, self.socket.send(message)).await;
        self.is_stuck |= sending.is_err();
    }

    /// The next frame or pong. Cancelling this future loses nothing.
    pub async fn next(&mut self) -> Incoming {
        loop {
            let now = Instant::now();
            if self.is_stuck || now >= self.last_received + self.silence {
                return self.closed(None);
            }
            if now >= self.next_ping {
                self.next_ping = now + self.client.context.timeouts.ping_interval;
                let sent_us = self.client.context.recorder.elapsed().as_micros() as u64;
                self.send_message(Message::Ping(sent_us.to_be_bytes().to_vec().into())).await;
            }
            // Usually something has arrived already; then no timer is needed.
            let next = match self.socket.next().now_or_never() {
                Some(next) => next,
                None => {
                    let until = self.next_ping.min(self.last_received + self.silence);
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
                Some(self.closed(frame.map(|frame| frame.code.into())))
            }
            Some(Ok(_)) => None,
            Some(Err(_)) | None => Some(self.closed(None)),
        }
    }

    fn closed(&mut self, code: Option<u16>) -> Incoming {
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
        self.closed(None);
    }
}
