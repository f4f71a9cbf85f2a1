//! What people ask for by REST, and how it ends: done, refused, or nobody knows.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Client, Method};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Anchor, EditMessage, Message, MessagePage, NewMessage},
    paths,
    problem::{Code, Problem},
    rooms::{Member, MemberList, Room},
    rules,
};

use crate::history::Said;

/// How a request ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// This is the answer.
    Done(T),
    /// It was refused, with a reason.
    Refused(Code),
    /// No answer came, or none that can be understood.
    Lost,
}

impl<T> Outcome<T> {
    /// The answer, if there is one.
    pub fn done(self) -> Option<T> {
        if let Self::Done(answer) = self { Some(answer) } else { None }
    }
}

/// Somebody's way to a node.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// The node.
    pub address: SocketAddr,
    /// Who asks.
    pub token: &'a str,
}

/// The HTTP client of everybody.
#[derive(Clone)]
pub struct Rest(Client);

impl Rest {
    /// One that gives up a request after this long.
    pub fn new(within: Duration) -> reqwest::Result<Self> {
        Client::builder().timeout(within).build().map(Self)
    }

    /// Says something.
    pub async fn post(&self, way: Way<'_>, said: &Said) -> Outcome<Message> {
        let path = paths::fill(paths::MESSAGES, &[&said.room]);
        let (client_id, content) = (Some(said.client_id), said.content.clone());
        self.ask(way, Method::POST, &path, &NewMessage { client_id, content, reply_to: None }).await
    }

    /// Gives a message another text.
    pub async fn edit(
        &self,
        way: Way<'_>,
        room: RoomId,
        seq: Seq,
        content: &str,
    ) -> Outcome<Message> {
        let path = paths::fill(paths::MESSAGE, &[&room, &seq]);
        self.ask(way, Method::PATCH, &path, &EditMessage { content: content.into() }).await
    }

    /// Deletes a message.
    pub async fn delete(&self, way: Way<'_>, room: RoomId, seq: Seq) -> Outcome<()> {
        let path = paths::fill(paths::MESSAGE, &[&room, &seq]);
        self.ask(way, Method::DELETE, &path, &()).await
    }

    /// Puts somebody out.
    pub async fn remove(&self, way: Way<'_>, room: RoomId, user: UserId) -> Outcome<()> {
        let path = paths::fill(paths::MEMBER, &[&room, &user]);
        self.ask(way, Method::DELETE, &path, &()).await
    }

    /// Comes in.
    pub async fn join(&self, way: Way<'_>, room: RoomId) -> Outcome<Member> {
        let path = paths::fill(paths::MEMBERSHIP, &[&room]);
        self.ask(way, Method::PUT, &path, &()).await
    }

    /// The newest page of a room.
    pub async fn newest(&self, way: Way<'_>, room: RoomId) -> Outcome<MessagePage> {
        let path = paths::fill(paths::MESSAGES, &[&room]);
        let path = format!("{path}?before={}", rules::PAGE_MAX);
        self.ask(way, Method::GET, &path, &()).await
    }

    /// All messages of a room, oldest first, and the change up to which all of them show.
    pub async fn all(&self, way: Way<'_>, room: RoomId) -> Outcome<(Vec<Message>, Rev)> {
        let path = paths::fill(paths::MESSAGES, &[&room]);
        let (mut messages, mut rev) = (Vec::<Message>::new(), None);
        loop {
            let next = messages.last().map_or(Seq(1), |message| message.seq.next());
            let path = format!("{path}?anchor={}&after={}", Anchor::Seq(next), rules::PAGE_MAX);
            let page: MessagePage = match self.ask(way, Method::GET, &path, &()).await {
                Outcome::Done(page) => page,
                Outcome::Refused(code) => return Outcome::Refused(code),
                Outcome::Lost => return Outcome::Lost,
            };
            let is_whole = !page.has_newer || page.messages.is_empty();
            messages.extend(page.messages);
            let rev = *rev.get_or_insert(page.as_of_rev);
            if is_whole {
                return Outcome::Done((messages, rev));
            }
        }
    }

    /// The members of a room, by account number.
    pub async fn members(&self, way: Way<'_>, room: RoomId) -> Outcome<Vec<Member>> {
        let path = paths::fill(paths::MEMBERS, &[&room]);
        let (mut members, mut after) = (Vec::new(), UserId(0));
        loop {
            let path = format!("{path}?after={after}&limit={}", rules::PAGE_MAX);
            let list: MemberList = match self.ask(way, Method::GET, &path, &()).await {
                Outcome::Done(list) => list,
                Outcome::Refused(code) => return Outcome::Refused(code),
                Outcome::Lost => return Outcome::Lost,
            };
            members.extend(list.members.into_iter().map(|listing| listing.member));
            match list.next {
                Some(next) => after = next,
                None => return Outcome::Done(members),
            }
        }
    }

    /// A room.
    pub async fn room(&self, way: Way<'_>, room: RoomId) -> Outcome<Room> {
        let path = paths::fill(paths::ROOM, &[&room]);
        self.ask(way, Method::GET, &path, &()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        way: Way<'_>,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Outcome<T> {
        let has_body = method == Method::POST || method == Method::PATCH;
        let request = self.0.request(method, format!("http://{}{path}", way.address));
        let request = request.bearer_auth(way.token);
        let request = if has_body { request.json(body) } else { request };
        let Ok(response) = request.send().await else { return Outcome::Lost };
        let is_done = response.status().is_success();
        let Ok(text) = response.text().await else { return Outcome::Lost };
        if is_done {
            let text = if text.is_empty() { "null" } else { &text };
            return serde_json::from_str(text).map_or(Outcome::Lost, Outcome::Done);
        }
        let problem = serde_json::from_str::<Problem>(&text);
        problem.map_or(Outcome::Lost, |problem| Outcome::Refused(problem.code))
    }
}
