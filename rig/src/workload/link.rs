//! A live socket as the browser holds one, and as a browser cannot: it asks for echoes.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, SinkExt, StreamExt};
use nix::sys::socket::{setsockopt, sockopt::RcvBuf};
use shared::{
    live::{ClientFrame, SUBPROTOCOL, ServerFrame},
    paths,
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        error::Result as Sent,
        http::{HeaderValue, header},
    },
};

use super::{
    crew::{Crew, Role},
    frames::Frame,
    stage::Account,
};
use crate::history::Event;

/// The receive buffer of a reader who has next to no room for what is not read yet, in bytes.
const NARROW: u32 = 4_096;
/// The same once all the rest has to come.
const WIDE: usize = 262_144;

/// What comes over a link.
#[derive(Debug)]
pub enum Heard {
    /// A frame.
    Frame(Frame),
    /// The answer to an echo that was asked for then (microseconds since the run began).
    Echo(u64),
    /// The end.
    End,
}

/// Whose link it is.
#[derive(Clone)]
pub struct Owner {
    /// Everybody.
    pub crew: Arc<Crew>,
    /// Which process.
    pub process: u32,
    /// Whose account.
    pub account: Arc<Account>,
    /// Whether it says something, or reads.
    pub role: Role,
    /// Whether it has little room for what is not read yet.
    pub is_narrow: bool,
}

/// A live socket, welcomed. Its end is written down when it is heard.
pub struct Link {
    socket: WebSocketStream<TcpStream>,
    owner: Owner,
    node: u32,
    silence: Duration,
    heard: Instant,
    echo: Instant,
    is_stuck: bool,
    is_ended: bool,
}

impl Owner {
    /// Connects after so long, to another node than this one, again and again until there is a
    /// link; none if the run is over before.
    pub async fn dial(
        &self,
        rng: &mut fastrand::Rng,
        mut but: Option<u32>,
        mut wait: Duration,
    ) -> Option<Link> {
        for failures in 1.. {
            sleep(wait).await;
            if self.crew.is_over(self.role) {
                return None;
            }
            if let Some((node, address)) = self.crew.nodes.pick(rng, but) {
                match self.connect(node, address).await {
                    Some(link) => return Some(link),
                    None => but = Some(node),
                }
            }
            wait = self.crew.patience.backoff.wait(failures, rng);
        }
        None
    }

    /// Connects; none if that fails in any way.
    async fn connect(&self, node: u32, address: SocketAddr) -> Option<Link> {
        let (crew, process) = (&self.crew, self.process);
        crew.record(process, Event::Connect { node, user: self.account.user.id });
        let patience = crew.patience;
        match timeout(patience.answer, self.welcomed(address)).await {
            Ok(Some((socket, heartbeat_s))) => {
                crew.record(process, Event::Welcome);
                let silence = Duration::from_secs(heartbeat_s + 10);
                let silence = patience.silence.unwrap_or(silence);
                let now = Instant::now();
                let owner = self.clone();
                let echo = now + patience.echo;
                Some(Link {
                    socket,
                    owner,
                    node,
                    silence,
                    heard: now,
                    echo,
                    is_stuck: false,
                    is_ended: false,
                })
            }
            _ => {
                crew.record(process, Event::Closed { code: None });
                None
            }
        }
    }

    async fn welcomed(&self, address: SocketAddr) -> Option<(WebSocketStream<TcpStream>, u64)> {
        let tcp = TcpSocket::new_v4().ok()?;
        if self.is_narrow {
            tcp.set_recv_buffer_size(NARROW).ok()?;
        }
        let tcp = tcp.connect(address).await.ok()?;
        tcp.set_nodelay(true).ok()?;
        let mut request = format!("ws://{address}{}", paths::LIVE).into_client_request().ok()?;
        let token = HeaderValue::try_from(format!("Bearer {}", self.account.token)).ok()?;
        request.headers_mut().insert(header::AUTHORIZATION, token);
        let protocol = HeaderValue::from_static(SUBPROTOCOL);
        request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        let (mut socket, _) = client_async(request, tcp).await.ok()?;
        let Message::Text(text) = socket.next().await?.ok()? else { return None };
        match serde_json::from_str(&text).ok()? {
            ServerFrame::Welcome { heartbeat_s, .. } => Some((socket, heartbeat_s)),
            _ => None,
        }
    }
}

impl Link {
    /// Which node it leads to.
    pub fn node(&self) -> u32 {
        self.node
    }

    /// Makes room for what is not read yet. A narrow socket may have come to a state in which its
    /// kernel hears of free room only by the other's timer, five times a second: in a minute that is
    /// less than what can be missing.
    pub fn widen(&self) {
        // Refused, it only takes longer.
        let _ = setsockopt(self.socket.get_ref(), RcvBuf, &WIDE);
    }

    /// Sends a frame. That the other end is gone shows when listening.
    pub async fn send(&mut self, frame: &ClientFrame) {
        if let Ok(text) = serde_json::to_string(frame) {
            self.put(Message::text(text)).await;
        }
    }

    /// A server that takes nothing for that long is as good as gone.
    async fn put(&mut self, message: Message) {
        let sending = timeout(self.silence, self.socket.send(message)).await;
        self.is_stuck |= sending.is_err();
    }

    /// What comes next. May be dropped before it is done: nothing is lost by that.
    pub async fn next(&mut self) -> Heard {
        loop {
            let now = Instant::now();
            if self.is_stuck || now >= self.heard + self.silence {
                return self.end(None);
            }
            if now >= self.echo {
                self.echo = now + self.owner.crew.patience.echo;
                let asked_us = self.owner.crew.recorder.elapsed().as_micros() as u64;
                let payload = asked_us.to_be_bytes().to_vec();
                self.put(Message::Ping(payload.into())).await;
            }
            // Most of the time there is something already, and no timer is needed.
            let next = match self.socket.next().now_or_never() {
                Some(next) => next,
                None => {
                    let until = self.echo.min(self.heard + self.silence);
                    tokio::select! {
                        next = self.socket.next() => next,
                        () = sleep_until(until.into()) => continue,
                    }
                }
            };
            self.heard = Instant::now();
            if let Some(heard) = self.take(next) {
                return heard;
            }
        }
    }

    fn take(&mut self, next: Option<Sent<Message>>) -> Option<Heard> {
        match next {
            Some(Ok(Message::Text(text))) => self.owner.crew.frames.read(text).map(Heard::Frame),
            Some(Ok(Message::Pong(payload))) => {
                let payload: [u8; 8] = payload[..].try_into().ok()?;
                Some(Heard::Echo(u64::from_be_bytes(payload)))
            }
            Some(Ok(Message::Close(frame))) => Some(self.end(frame.map(|frame| frame.code.into()))),
            Some(Ok(_)) => None,
            Some(Err(_)) | None => Some(self.end(None)),
        }
    }

    fn end(&mut self, code: Option<u16>) -> Heard {
        if !std::mem::replace(&mut self.is_ended, true) {
            self.owner.crew.record(self.owner.process, Event::Closed { code });
        }
        Heard::End
    }

    /// After a time of not listening: silence is counted from now.
    pub fn awake(&mut self) {
        self.heard = Instant::now();
    }

    /// Ends it from this side, without a word.
    pub fn hang_up(mut self) {
        self.end(None);
    }
}
