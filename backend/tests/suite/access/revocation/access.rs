//! An access by one credential, and what it holds open.

use std::{net::SocketAddr, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use shared::{
    access::Rank,
    ids::{RoomId, SessionId},
    live::{CloseCode, ServerFrame},
    messages::Row,
    paths,
};
use tokio::time::{timeout, timeout_at};

use super::{Event, Expected, World, check_time};
use crate::fixture::{
    Client, LiveSocket, REVOCATION_MAX_DELAY, Response, SlowDownload, Socket, SocketEvent, TIMEOUT,
    template,
};

/// How a caller proves who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    Cookie,
    Bearer,
    Basic,
    /// `Authorization: Token`.
    Token,
    /// The cookie of `/login/`.
    Classic,
}

pub const CREDENTIALS: [Credential; 5] = [
    Credential::Cookie,
    Credential::Bearer,
    Credential::Basic,
    Credential::Token,
    Credential::Classic,
];

/// A credential of an account.
#[derive(Clone)]
pub struct Access {
    /// The node on which it is used.
    pub address: SocketAddr,
    pub credential: Credential,
    pub header: (&'static str, String),
    pub session: Option<SessionId>,
}

impl Access {
    pub fn basic(username: &str, password: &str) -> (&'static str, String) {
        ("authorization", format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
    }

    fn header(&self) -> (&'static str, &str) {
        (self.header.0, &self.header.1)
    }

    /// The status of a request. A `POST` creates a room whose name is taken.
    pub async fn call(&self, client: &Client, method: &str, path: &str) -> u16 {
        let request = client.request(method, path).header(self.header.0, &self.header.1);
        let body = json!({"name": "Long"});
        let request = if method == "POST" { request.json(&body) } else { request };
        Response::fetch(request).await.status
    }
}

/// The sockets and downloads that a caller holds open.
pub struct OpenConnections {
    access: Access,
    live: LiveSocket,
    classic: Socket,
    export: SlowDownload,
    search: SlowDownload,
    history: SlowDownload,
}

/// A socket that an event does not close.
pub enum OpenSocket {
    Live(Box<LiveSocket>),
    Classic(Box<Socket>),
}

impl OpenConnections {
    pub async fn open(world: &World, room: RoomId, access: Access) -> Self {
        let (address, header) = (access.address, access.header());
        let me = access.call(&world.last, "GET", paths::ME).await;
        assert_eq!(me, 200, "{:?}", access.credential);
        let socket = Socket::open(address, paths::LIVE, &[header]).await.unwrap();
        let mut live = LiveSocket::wait_welcome(socket).await.unwrap();
        live.subscribe(room, None).await;
        let classic = Socket::open(address, &format!("/ws/chat/{room}/"), &[header]).await.unwrap();
        let export = paths::fill(paths::EXPORT, &[&room]);
        let search = format!("{}?q=in:Long", paths::EXPORT_SEARCH);
        let history = format!("/messages/{room}/");
        Self {
            live,
            classic,
            export: SlowDownload::begin(address, header, &export).await,
            search: SlowDownload::begin(address, header, &search).await,
            history: SlowDownload::begin(address, header, &history).await,
            access,
        }
    }

    /// Checks what an event ended, and returns the sockets that are still open.
    pub async fn check(
        self,
        world: &World,
        room: RoomId,
        event: Event,
        start: Instant,
    ) -> Vec<OpenSocket> {
        let Self { access, live, classic, export, search, history } = self;
        let expected = event.expected(access.credential);
        let rest = check_rest(world, room, event, &access, start);
        let live = check_live(live, event, &access, start);
        let classic = check_classic(classic, event, &access, start);
        let downloads = async {
            // Reads only now, as fast as it can, so each download waits at the time of the event.
            let complete = tokio::join!(export.finish(), search.finish(), history.finish());
            let complete = [complete.0.is_some(), complete.1.is_some(), complete.2.is_some()];
            let search = !event.ends(&access) && expected != Expected::NotAnAdmin;
            let expected = [!event.ends(&access), search, !event.ends(&access)];
            assert_eq!(complete, expected, "{}", event.label(&access, "downloads"));
        };
        let ((), live, classic, ()) = tokio::join!(rest, live, classic, downloads);
        [live, classic].into_iter().flatten().collect()
    }
}

/// Repeats a request until it is refused, or checks that it is not.
async fn check_rest(world: &World, room: RoomId, event: Event, access: &Access, start: Instant) {
    let (method, path, refused) = match event.expected(access.credential) {
        Expected::SignedOut => ("GET", paths::ME.to_owned(), 401),
        Expected::NotAMember => ("GET", paths::fill(paths::MESSAGES, &[&room]), 403),
        Expected::NoSuchRoom => ("GET", paths::fill(paths::MESSAGES, &[&room]), 404),
        // The open room of the template.
        Expected::Guest => ("GET", paths::fill(paths::ROOM, &[&template().seed.room]), 404),
        Expected::NotAnAdmin => ("POST", paths::ROOMS.to_owned(), 403),
        Expected::Unaffected => ("GET", paths::ME.to_owned(), 200),
    };
    let label = event.label(access, "REST");
    while access.call(&world.last, method, &path).await != refused {
        check_time(start, &label);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    check_time(start, &label);
}

/// Awaits what must happen within [`REVOCATION_MAX_DELAY`] of `start`.
async fn within_limit<T>(start: Instant, label: &str, event: impl Future<Output = T>) -> T {
    match timeout_at((start + REVOCATION_MAX_DELAY).into(), event).await {
        Ok(value) => value,
        Err(_) => panic!("{label}: after {:?}", start.elapsed()),
    }
}

async fn check_live(
    mut live: LiveSocket,
    event: Event,
    access: &Access,
    start: Instant,
) -> Option<OpenSocket> {
    let label = event.label(access, "live socket");
    match event.expected(access.credential) {
        Expected::SignedOut => {
            let code = within_limit(start, &label, live.socket.wait_close()).await;
            assert_eq!(code, Some(CloseCode::SessionEnded as u16), "{label}");
            return None;
        }
        Expected::NotAMember | Expected::NoSuchRoom => {
            let removed = |frame: &ServerFrame| matches!(frame, ServerFrame::Removed { .. });
            live.expect(|frame| removed(frame).then_some(())).await;
            check_time(start, &label);
            return None;
        }
        Expected::NotAnAdmin => {
            let demoted = live.expect(|frame| match frame {
                ServerFrame::User { user } => Some(!user.is_admin),
                _ => None,
            });
            assert!(demoted.await, "{label}");
            check_time(start, &label);
        }
        Expected::Guest => {
            let is_guest = |frame: &ServerFrame| match frame {
                ServerFrame::User { user } => (user.rank == Rank::Guest).then_some(()),
                _ => None,
            };
            live.expect(is_guest).await;
            check_time(start, &label);
        }
        Expected::Unaffected => {}
    }
    Some(OpenSocket::Live(Box::new(live)))
}

async fn check_classic(
    mut classic: Socket,
    event: Event,
    access: &Access,
    start: Instant,
) -> Option<OpenSocket> {
    let expected = match event.expected(access.credential) {
        Expected::SignedOut => CloseCode::SessionEnded,
        Expected::NotAMember | Expected::NoSuchRoom => CloseCode::NotAMember,
        Expected::NotAnAdmin | Expected::Guest | Expected::Unaffected => {
            return Some(OpenSocket::Classic(Box::new(classic)));
        }
    };
    let label = event.label(access, "classic socket");
    let code = within_limit(start, &label, classic.wait_close()).await;
    assert_eq!(code, Some(expected as u16), "{label}");
    None
}

impl OpenSocket {
    /// Waits for a message.
    pub async fn expect_message(self, content: &str) {
        match self {
            Self::Live(mut live) => {
                while !matches!(live.next_change().await.row, Row::Message(m) if m.content == content)
                {
                }
            }
            Self::Classic(mut classic) => loop {
                match timeout(TIMEOUT, classic.receive()).await.expect("a message in time") {
                    SocketEvent::Text(text) if text.contains(content) => return,
                    SocketEvent::Text(_) => {}
                    SocketEvent::Closed(code) => panic!("closed with {code:?}"),
                }
            },
        }
    }
}
