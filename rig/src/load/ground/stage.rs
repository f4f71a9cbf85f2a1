//! What a load needs before it begins: people who are signed in, and rooms that they are in.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, Method, RequestBuilder};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    ids::RoomId,
    paths,
    rooms::{NewRoom, Room},
    users::{Password, Register, SignIn, SignedIn},
};

/// Requests under way at once.
const AT_ONCE: usize = 32;
/// Accounts that listen. A password hash takes a tenth of a second, so they are few and have many
/// sockets each.
const LISTENERS: usize = 10;
/// Rooms up to which the listeners of one room are of several accounts. With more rooms they are of
/// one: the `welcome` of somebody in a thousand rooms, times thousands of sockets, would be a load
/// of its own.
const MIXED_UP_TO: usize = 100;
/// How many those several are.
const MIXED: usize = 4;

/// People and rooms.
pub struct Stage {
    /// The rooms, all joined.
    pub rooms: Vec<RoomId>,
    /// The token of the account that speaks; it is in every room.
    pub speaker: String,
    listeners: Vec<String>,
    /// Accounts that listen to one room.
    mixed: usize,
}

/// An account that may make rooms, on a server that has an admin already.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: String,
}

impl std::str::FromStr for Admin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (username, password) = text.split_once(':').ok_or("must be NAME:PASSWORD")?;
        Ok(Self { username: username.into(), password: password.into() })
    }
}

impl Stage {
    /// For a loop that asks nobody who they are.
    pub fn bare(rooms: usize) -> Self {
        let rooms = (1..=rooms as i64).map(RoomId).collect();
        Self { rooms, speaker: "anybody".into(), listeners: vec!["anybody".into()], mixed: 1 }
    }

    /// Makes accounts and rooms. Without an admin the server must be one where nobody registered
    /// yet.
    pub async fn set(address: SocketAddr, rooms: usize, admin: Option<&Admin>) -> Result<Self> {
        let client = Client::builder().no_proxy().build()?;
        let rest = Rest { client, base: format!("http://{address}") };
        let run = format!("rig-{:08x}", fastrand::u32(..));
        let password = format!("{:016x}", fastrand::u64(..));
        let admin = match admin {
            Some(admin) => rest.sign_in(&admin.username, &admin.password).await?,
            None => rest.register(&format!("{run}-admin"), &password).await?,
        };
        ensure!(
            admin.user.is_admin,
            "{} is not an admin here, and rooms are made by admins: give one by --admin",
            admin.user.username
        );
        let speaker = rest.register(&format!("{run}-speaker"), &password).await?.token;
        let (accounts, mixed) = if rooms <= MIXED_UP_TO { (MIXED, MIXED) } else { (LISTENERS, 1) };
        let mut listeners = Vec::new();
        for nth in 0..accounts {
            listeners.push(rest.register(&format!("{run}-{nth}"), &password).await?.token);
        }
        let mut stage = Self { rooms: Vec::new(), speaker, listeners, mixed };
        let rooms = stream::iter(0..rooms).map(|nth| {
            let (rest, stage, admin, name) = (&rest, &stage, &admin.token, format!("{run} {nth}"));
            async move { stage.room(rest, admin, nth, name).await }
        });
        let rooms = rooms.buffered(AT_ONCE).try_collect().await?;
        stage.rooms = rooms;
        Ok(stage)
    }

    async fn room(&self, rest: &Rest, admin: &str, nth: usize, name: String) -> Result<RoomId> {
        let room = NewRoom { name, topic: "Made by the rig".into() };
        let ask = rest.to(Method::POST, paths::ROOMS).bearer_auth(admin);
        let room: Room = rest.ask(ask, &room).await?;
        let listeners = (0..self.mixed).map(|nth_in| self.listener(nth, nth_in));
        for member in listeners.chain([self.speaker.as_str()]) {
            let join = rest.to(Method::PUT, &paths::fill(paths::MEMBERSHIP, &[&room.id]));
            let answer = join.bearer_auth(member).send().await?;
            let status = answer.status();
            ensure!(status.is_success(), "joining {}: {}", room.name, answer.text().await?);
        }
        Ok(room.id)
    }

    /// The token of the account that the `nth` room's `nth_in` subscriber belongs to.
    pub fn listener(&self, nth: usize, nth_in: usize) -> &str {
        &self.listeners[(nth + nth_in % self.mixed) % self.listeners.len()]
    }
}

struct Rest {
    client: Client,
    base: String,
}

impl Rest {
    fn to(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        body: &impl Serialize,
    ) -> Result<T> {
        let answer = request.json(body).send().await?;
        let (status, url) = (answer.status(), answer.url().path().to_owned());
        let text = answer.text().await?;
        ensure!(status.is_success(), "{url}: {status}: {text}");
        serde_json::from_str(&text).with_context(|| format!("{url}: {text}"))
    }

    async fn register(&self, username: &str, password: &str) -> Result<SignedIn> {
        let register = Register {
            username: username.into(),
            password: Password(password.into()),
            is_admin: None,
        };
        let _: serde_json::Value = self.ask(self.to(Method::POST, paths::USERS), &register).await?;
        self.sign_in(username, password).await
    }

    async fn sign_in(&self, username: &str, password: &str) -> Result<SignedIn> {
        let sign_in = SignIn { username: username.into(), password: Password(password.into()) };
        self.ask(self.to(Method::POST, paths::SESSIONS), &sign_in).await
    }
}
