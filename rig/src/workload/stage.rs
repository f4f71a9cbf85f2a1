//! What a run needs before it begins: accounts, tokens, rooms, and everyone in every room.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::{
    ids::RoomId,
    paths,
    rooms::{Member, Room},
    users::{SignedIn, User},
};

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who.
    pub user: User,
    /// For `Authorization: Bearer ..`; every node of a cluster takes it.
    pub token: String,
}

/// Accounts and rooms, the same to all nodes of a cluster.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The admin, in every room (their maker).
    pub admin: Account,
    /// Everybody else, in every room. The last of them is the guest, who is put out of rooms now
    /// and then.
    pub people: Vec<Account>,
    /// The rooms; little is said in the last.
    pub rooms: Vec<RoomId>,
}

/// Makes an admin, so many people and rooms on a server without accounts, through one node. Each
/// account takes the server two password hashes.
pub async fn setup(node: SocketAddr, people: usize, rooms: usize) -> Result<Stage> {
    ensure!(people >= 2 && rooms >= 1, "at least two people and a room");
    let http = Client::new();
    let at = |method, path: &str| http.request(method, format!("http://{node}{path}"));
    let mut accounts = Vec::new();
    for nth in 0..=people {
        let name = if nth == 0 { "admin".into() } else { format!("person{nth}") };
        let credentials = json!({"username": name, "password": "correct horse"});
        let _: User = ask(at(Method::POST, paths::USERS).json(&credentials)).await?;
        let signed: SignedIn = ask(at(Method::POST, paths::SESSIONS).json(&credentials)).await?;
        accounts.push(Account { user: signed.user, token: signed.token });
    }
    let admin = accounts.remove(0);
    ensure!(admin.user.is_admin, "the server had accounts before: nobody here is an admin");
    let mut stage = Stage { admin, people: accounts, rooms: Vec::new() };
    for nth in 1..=rooms {
        let new = json!({"name": format!("Room {nth}"), "topic": "A run of the rig"});
        let request = at(Method::POST, paths::ROOMS).bearer_auth(&stage.admin.token);
        let room: Room = ask(request.json(&new)).await?;
        for person in &stage.people {
            let join = at(Method::PUT, &paths::fill(paths::MEMBERSHIP, &[&room.id]));
            let _: Member = ask(join.bearer_auth(&person.token)).await?;
        }
        stage.rooms.push(room.id);
    }
    Ok(stage)
}

async fn ask<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let response = request.send().await?;
    let (status, url) = (response.status(), response.url().clone());
    let body = response.text().await?;
    if !status.is_success() {
        bail!("{url} answers {status}: {body}");
    }
    let value: Value = serde_json::from_str(&body).with_context(|| url.to_string())?;
    Ok(serde_json::from_value(value)?)
}
