//! A client of Hallway's REST API and of its live socket.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    ids::{RoomId, Seq, UserId},
    live::SUBPROTOCOL,
    messages::{Anchor, EditMessage, Message, MessagePage, NewMessage},
    paths,
    problem::{Code, Problem},
    rooms::{Member, MemberList, NewRoom, Room},
    rules,
    search::Hits,
    users::{Password, Register, SignIn, SignedIn, User},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

use crate::history::Draft;

/// How a request ended.
#[derive(Debug)]
pub enum Outcome<T> {
    Ok(T),
    Refused(Code),
    /// No valid reply came.
    NoReply,
}

impl<T> Outcome<T> {
    pub fn ok(self) -> Option<T> {
        if let Self::Ok(value) = self { Some(value) } else { None }
    }

    /// The value; any other outcome becomes an error that names the request.
    pub fn required(self, request: &str) -> Result<T> {
        match self {
            Self::Ok(value) => Ok(value),
            Self::Refused(code) => bail!("{request}: refused with {code:?}"),
            Self::NoReply => bail!("{request}: no valid reply"),
        }
    }
}

/// A session, and the node that gets the requests.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    pub node: SocketAddr,
    /// Empty for requests without authentication.
    pub token: &'a str,
}

/// The REST client, with one timeout for all requests.
#[derive(Clone)]
pub struct Api(Client);

impl Api {
    pub fn new(timeout: Duration) -> Result<Self> {
        Ok(Self(Client::builder().no_proxy().timeout(timeout).build()?))
    }

    pub async fn register(
        &self,
        node: SocketAddr,
        username: &str,
        password: &str,
    ) -> Outcome<User> {
        let (username, password) = (username.to_owned(), Password(password.to_owned()));
        let body = Register { username, password, is_admin: None, invitation: None, email: None };
        self.request(Session { node, token: "" }, Method::POST, paths::USERS, Some(&body)).await
    }

    pub async fn sign_in(
        &self,
        node: SocketAddr,
        username: &str,
        password: &str,
    ) -> Outcome<SignedIn> {
        let (username, password) = (username.to_owned(), Password(password.to_owned()));
        let body = SignIn { username, password };
        self.request(Session { node, token: "" }, Method::POST, paths::SESSIONS, Some(&body)).await
    }

    /// The account of the session.
    pub async fn me(&self, session: Session<'_>) -> Outcome<User> {
        self.get(session, paths::ME).await
    }

    pub async fn create_room(&self, session: Session<'_>, name: String) -> Outcome<Room> {
        let body = NewRoom { name, topic: "Created by the rig".into(), ..NewRoom::default() };
        self.request(session, Method::POST, paths::ROOMS, Some(&body)).await
    }

    pub async fn post(&self, session: Session<'_>, draft: &Draft) -> Outcome<Message> {
        let path = paths::fill(paths::MESSAGES, &[&draft.room]);
        let (client_id, content) = (Some(draft.client_id), draft.content.clone());
        let body = NewMessage { client_id, content, format: None, reply_to: None };
        self.request(session, Method::POST, &path, Some(&body)).await
    }

    pub async fn edit(
        &self,
        session: Session<'_>,
        room: RoomId,
        seq: Seq,
        content: &str,
    ) -> Outcome<Message> {
        let path = paths::fill(paths::MESSAGE, &[&room, &seq]);
        let body = EditMessage { content: content.into(), format: None };
        self.request(session, Method::PATCH, &path, Some(&body)).await
    }

    pub async fn react(
        &self,
        session: Session<'_>,
        room: RoomId,
        seq: Seq,
        emoji: &str,
    ) -> Outcome<Message> {
        let path = paths::fill(paths::REACTION, &[&room, &seq, &emoji]);
        self.request(session, Method::PUT, &path, None::<&()>).await
    }

    pub async fn delete(&self, session: Session<'_>, room: RoomId, seq: Seq) -> Outcome<()> {
        let path = paths::fill(paths::MESSAGE, &[&room, &seq]);
        self.request(session, Method::DELETE, &path, None::<&()>).await
    }

    pub async fn remove_member(
        &self,
        session: Session<'_>,
        room: RoomId,
        user: UserId,
    ) -> Outcome<()> {
        let path = paths::fill(paths::MEMBER, &[&room, &user]);
        self.request(session, Method::DELETE, &path, None::<&()>).await
    }

    pub async fn join(&self, session: Session<'_>, room: RoomId) -> Outcome<Member> {
        let path = paths::fill(paths::MEMBERSHIP, &[&room]);
        self.request(session, Method::PUT, &path, None::<&()>).await
    }

    pub async fn room(&self, session: Session<'_>, room: RoomId) -> Outcome<Room> {
        self.get(session, &paths::fill(paths::ROOM, &[&room])).await
    }

    /// The newest page of a room.
    pub async fn newest_page(&self, session: Session<'_>, room: RoomId) -> Outcome<MessagePage> {
        let path = paths::fill(paths::MESSAGES, &[&room]);
        self.get(session, &format!("{path}?before={}", rules::PAGE_MAX)).await
    }

    /// The newest messages of all rooms of the user.
    pub async fn newest_hits(&self, session: Session<'_>) -> Outcome<Hits> {
        self.get(session, &format!("{}?before={}", paths::SEARCH, rules::PAGE_DEFAULT)).await
    }

    /// The messages of a room that the search index finds, newest first.
    pub async fn all_hits(&self, session: Session<'_>, room: RoomId) -> Outcome<Vec<Seq>> {
        let (mut found, mut anchor) = (Vec::new(), Some(Anchor::Newest));
        while let Some(from) = anchor {
            let (q, before) = (format!("in:%23{room}"), rules::PAGE_MAX);
            let path = format!("{}?q={q}&anchor={from}&before={before}", paths::SEARCH);
            let hits: Hits = match self.get(session, &path).await {
                Outcome::Ok(hits) => hits,
                Outcome::Refused(code) => return Outcome::Refused(code),
                Outcome::NoReply => return Outcome::NoReply,
            };
            found.extend(hits.hits.into_iter().map(|hit| hit.message.seq));
            anchor = hits.older;
        }
        Outcome::Ok(found)
    }

    /// All messages of a room, oldest first.
    pub async fn all_messages(&self, session: Session<'_>, room: RoomId) -> Outcome<Vec<Message>> {
        let path = paths::fill(paths::MESSAGES, &[&room]);
        let mut messages = Vec::<Message>::new();
        loop {
            let next = messages.last().map_or(Seq(1), |message| message.seq.next());
            let path = format!("{path}?anchor={}&after={}", Anchor::Seq(next), rules::PAGE_MAX);
            let page: MessagePage = match self.get(session, &path).await {
                Outcome::Ok(page) => page,
                Outcome::Refused(code) => return Outcome::Refused(code),
                Outcome::NoReply => return Outcome::NoReply,
            };
            let is_last = !page.has_newer || page.messages.is_empty();
            messages.extend(page.messages);
            if is_last {
                return Outcome::Ok(messages);
            }
        }
    }

    /// All members of a room, ordered by user id.
    pub async fn members(&self, session: Session<'_>, room: RoomId) -> Outcome<Vec<Member>> {
        let path = paths::fill(paths::MEMBERS, &[&room]);
        let (mut members, mut after) = (Vec::new(), UserId(0));
        loop {
            let path = format!("{path}?after={after}&limit={}", rules::PAGE_MAX);
            let list: MemberList = match self.get(session, &path).await {
                Outcome::Ok(list) => list,
                Outcome::Refused(code) => return Outcome::Refused(code),
                Outcome::NoReply => return Outcome::NoReply,
            };
            members.extend(list.members.into_iter().map(|listing| listing.member));
            match list.next {
                Some(next) => after = next,
                None => return Outcome::Ok(members),
            }
        }
    }

    /// Sends a request as it is, and returns the status and the body; `None` without a valid reply.
    pub async fn send(
        &self,
        session: Session<'_>,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Option<(u16, String)> {
        let mut request = self.0.request(method, format!("http://{}{path}", session.node));
        if !session.token.is_empty() {
            request = request.bearer_auth(session.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.text().await.ok()?))
    }

    async fn get<T: DeserializeOwned>(&self, session: Session<'_>, path: &str) -> Outcome<T> {
        self.request(session, Method::GET, path, None::<&()>).await
    }

    async fn request<T: DeserializeOwned>(
        &self,
        session: Session<'_>,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Outcome<T> {
        let mut request = self.0.request(method, format!("http://{}{path}", session.node));
        if !session.token.is_empty() {
            request = request.bearer_auth(session.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let Ok(response) = request.send().await else { return Outcome::NoReply };
        let is_success = response.status().is_success();
        let Ok(text) = response.text().await else { return Outcome::NoReply };
        if is_success {
            let text = if text.is_empty() { "null" } else { &text };
            return serde_json::from_str(text).map_or(Outcome::NoReply, Outcome::Ok);
        }
        let problem = serde_json::from_str::<Problem>(&text);
        problem.map_or(Outcome::NoReply, |problem| Outcome::Refused(problem.code))
    }
}

/// Upgrades a TCP connection to an authenticated live socket.
pub async fn open_socket(
    tcp: TcpStream,
    session: Session<'_>,
    config: WebSocketConfig,
) -> Result<WebSocketStream<TcpStream>> {
    let url = format!("ws://{}{}", session.node, paths::LIVE);
    let mut request = url.into_client_request().context("the address of a node is not valid")?;
    let token = HeaderValue::try_from(format!("Bearer {}", session.token))?;
    request.headers_mut().insert(header::AUTHORIZATION, token);
    let protocol = HeaderValue::from_static(SUBPROTOCOL);
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    let (socket, _) = client_async_with_config(request, tcp, Some(config)).await?;
    Ok(socket)
}
