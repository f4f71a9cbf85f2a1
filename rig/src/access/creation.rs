//! The creation of rooms.

use reqwest::Method;
use serde_json::json;
use shared::{
    access::{History, RoomKind},
    ids::RoomId,
};

use super::{
    actor::Actor,
    oracle::{Draft, Need, Observation},
};

/// The number of rooms of a run, with deleted ones.
const ROOMS_MAX: usize = 60;

impl Actor {
    /// Creates a room, unless there are many.
    pub async fn create(&mut self) {
        if self.world.oracle().rooms.len() >= ROOMS_MAX {
            return;
        }
        let kind = match self.rng.u8(0..10) {
            0..3 => RoomKind::Open,
            3..8 => RoomKind::Private,
            _ => RoomKind::Direct,
        };
        self.create_room(kind).await;
    }

    pub async fn create_room(&mut self, kind: RoomKind) {
        let history = if self.rng.bool() { History::All } else { History::Joining };
        let Some(other) = self.random_person() else { return };
        let began = self.world.now();
        let (name, topic, other_id) = {
            let mut oracle = self.world.oracle();
            let (name, topic) = oracle.propose_room(began);
            (name, topic, oracle.people[other].id)
        };
        let (path, body, people) = match kind {
            RoomKind::Direct => {
                ("/api/v1/direct", json!({ "users": [other_id] }), vec![self.me, other])
            }
            _ => {
                let body =
                    json!({ "name": name, "topic": topic, "kind": kind, "history": history });
                ("/api/v1/rooms", body, vec![self.me])
            }
        };
        let reply = self.send(Method::POST, path, Some(body), false).await;
        if let (true, Some(id)) = (reply.is_success(), reply.number("id")) {
            let window = reply.receipt.window;
            let mut oracle = self.world.oracle();
            let is_allowed = match kind {
                // Also guests write to those whom they know.
                RoomKind::Direct => {
                    let name = Observation::Marker(oracle.people[other].username.clone());
                    oracle.is_allowed(&reply.receipt, &name) != Some(false)
                }
                _ => oracle.permits(self.me, Need::Create(kind), window, window),
            };
            if !is_allowed {
                oracle.report(&reply.receipt, "success, without the right to create it".into());
            }
            // Another request may have created the direct room; its people are always the same.
            let began = if kind == RoomKind::Direct { 0 } else { began };
            oracle.add_room(RoomId(id), Draft { kind, history, name, topic, people }, began);
        }
    }
}
