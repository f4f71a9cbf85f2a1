//! One person of a run: sends random requests, and lets the oracle judge each response.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::Value;
use shared::ids::{RoomId, Seq};
use tokio::time::sleep;

use super::{
    oracle::{Change, Ending, Need, Observation, PersonId, Receipt, Window},
    world::World,
};
use crate::{accounts::Account, api::Session};

/// The longest pause between two requests, in milliseconds.
const PAUSE_MAX_MS: u64 = 60;

pub struct Actor {
    pub world: Arc<World>,
    pub me: PersonId,
    pub account: Account,
    pub rng: fastrand::Rng,
    pub step: u64,
}

/// A request that reads.
pub struct Read {
    pub path: String,
    pub need: Need,
    /// A marker that the request searches for: the lists of the response must be empty for whom it is
    /// secret.
    pub probe: Option<String>,
}

/// The lists in responses to a search.
const PROBED_LISTS: [&str; 5] = ["hits", "messages", "rooms", "people", "authors"];

/// A request that changes something.
pub struct Attempt {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
    pub need: Need,
    pub change: Change,
}

/// A response.
pub struct Reply {
    /// `None` without a valid reply.
    pub status: Option<u16>,
    pub body: String,
    pub receipt: Receipt,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether what the request asked for was done.
    pub fn ending(&self) -> Ending {
        match self.status {
            Some(200..300) => Ending::Done,
            Some(400..500) => Ending::Refused,
            _ => Ending::Unknown,
        }
    }

    /// A number in the response.
    pub fn number(&self, field: &str) -> Option<i64> {
        serde_json::from_str::<Value>(&self.body).ok()?.get(field)?.as_i64()
    }
}

impl Actor {
    /// Sends requests until the run is over.
    pub async fn run(mut self) {
        while !self.world.is_over() {
            self.step += 1;
            match self.rng.u8(0..100) {
                0..55 => self.read().await,
                55..97 => self.change().await,
                _ => self.create().await,
            }
            sleep(Duration::from_millis(self.rng.u64(0..=PAUSE_MAX_MS))).await;
        }
    }

    /// A random room, mostly one that the person is in.
    pub fn random_room(&mut self) -> Option<RoomId> {
        let prefers_own = self.rng.u8(0..4) > 0;
        let (own, all): (Vec<RoomId>, Vec<RoomId>) = {
            let oracle = self.world.oracle();
            let own = oracle.rooms.iter().filter(|(_, room)| room.membership(self.me).is_some());
            (own.map(|(id, _)| *id).collect(), oracle.rooms.keys().copied().collect())
        };
        let own = if prefers_own { self.rng.choice(own) } else { None };
        own.or_else(|| self.rng.choice(all))
    }

    async fn read(&mut self) {
        let Some(Read { path, need, probe }) = self.random_read() else { return };
        let is_anonymous = self.rng.u8(0..20) == 0;
        let reply = self.send(Method::GET, &path, None, is_anonymous).await;
        if is_anonymous {
            return;
        }
        self.check(need, &reply, reply.receipt.window);
        if let Some(marker) = probe.filter(|_| reply.is_success()) {
            self.check_probe(marker, &reply);
        }
    }

    /// Sends a request that changes something, when no other change of the same room is in progress.
    pub async fn attempt(&mut self, attempt: Attempt) {
        let Attempt { method, path, body, need, change } = attempt;
        let (room, is_rank) = (change.locked_room(), matches!(change, Change::Rank(..)));
        let lock = match room.is_some() || is_rank {
            true => Some(self.world.lock(room).await),
            false => None,
        };
        let began = self.world.now();
        self.world.oracle().propose(&change, began);
        let reply = self.send(method, &path, body, false).await;
        let (ending, seq) = (reply.ending(), reply.number("seq").map(Seq));
        // The change itself must not be a reason why it was allowed.
        let state = match lock.is_some() {
            true => Window::at(began.saturating_sub(1)),
            false => reply.receipt.window,
        };
        self.check(need, &reply, state);
        self.world.oracle().settle(&change, ending, seq, self.world.now());
    }

    /// Sends a request, and judges what the response contains.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
        is_anonymous: bool,
    ) -> Reply {
        let node = self.rng.choice(self.world.nodes.iter().copied()).expect("at least one node");
        let token = if is_anonymous { "" } else { &self.account.token };
        let viewer = (!is_anonymous).then_some(self.me);
        let name = if is_anonymous { "nobody" } else { &self.account.user.username };
        let sent = body.as_ref().map(Value::to_string).unwrap_or_default();
        let request = format!("{method} {path} {sent}");
        let source = format!("{name}, step {}: {}", self.step, request.trim_end());
        let from = self.world.now();
        let reply = self.world.api.send(Session { node, token }, method, path, body.as_ref()).await;
        let window = Window { from, until: self.world.now() };
        self.world.count(&self.world.requests);
        let (status, body) =
            reply.map_or((None, String::new()), |(status, body)| (Some(status), body));
        let receipt = Receipt { viewer, window, source };
        self.world.oracle().inspect(&receipt, &body, &request);
        Reply { status, body, receipt }
    }

    /// What succeeded must have been allowed, and a refusal must not tell that an unseen room exists.
    fn check(&self, need: Need, reply: &Reply, state: Window) {
        let mut oracle = self.world.oracle();
        let window = reply.receipt.window;
        if reply.is_success() && !oracle.permits(self.me, need, state, window) {
            oracle.report(&reply.receipt, format!("success, without the right: {need:?}"));
        }
        let Some(room) = need.room() else { return };
        let tells = matches!(reply.status, Some(403 | 409));
        // The bin tells those who may restore a room that it existed.
        let sees = oracle.permits(self.me, Need::See(room), state, window)
            || oracle.permits(self.me, Need::Restore(room), state, window);
        if tells && !sees && !matches!(need, Need::Enter(_)) {
            let status = reply.status.unwrap_or_default();
            oracle.report(&reply.receipt, format!("status {status} tells that room {room} exists"));
        }
    }

    /// A search for a secret word must find nothing.
    fn check_probe(&self, marker: String, reply: &Reply) {
        let mut oracle = self.world.oracle();
        if oracle.is_allowed(&reply.receipt, &Observation::Marker(marker.clone())) != Some(false) {
            return;
        }
        let Ok(found) = serde_json::from_str::<Value>(&reply.body) else { return };
        let is_filled = |list: &&&str| {
            found.get(**list).and_then(Value::as_array).is_some_and(|it| !it.is_empty())
        };
        if let Some(list) = PROBED_LISTS.iter().find(is_filled) {
            oracle.report(&reply.receipt, format!("{list} of a search for {marker}"));
        }
    }
}
