//! Requests that are given up half way, and messages that are said through two nodes at once.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use reqwest::Client;
use serde_json::json;
use shared::{
    ids::{ClientId, RoomId},
    messages::Message,
    paths,
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::scene::Scene;
use crate::{
    history::{Door, Event, Recorder, Said},
    workload::Account,
};

/// Requests under way at once.
const AT_ONCE: usize = 16;
/// A request is given up within this time, in microseconds.
const GIVEN_UP_WITHIN_US: u64 = 15_000;
/// The numbers of processes from here on are nobody else's.
const PROCESSES: u32 = 1_000_000;
/// A long text, in bytes, and how often there is one.
const LONG_BYTES: usize = 12_000;
const LONG_EVERY: Duration = Duration::from_millis(100);
const LONG_PATIENCE: Duration = Duration::from_secs(60);

/// Somebody whose requests are given up.
struct Hasty {
    http: Client,
    node: String,
    account: Account,
    rooms: Vec<RoomId>,
    recorder: Recorder,
    process: u32,
}

/// Gives up many requests at random moments: messages, and joins of rooms.
pub async fn cancel(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let name = format!("{} requests given up", scene.pace.many);
    scene.begin(&name);
    let mut people = JoinSet::new();
    for nth in 0..AT_ONCE {
        let hasty = Hasty::new(scene, nth);
        let count = scene.pace.many.div_ceil(AT_ONCE);
        people.spawn(async move {
            for _ in 0..count {
                hasty.step().await;
            }
        });
    }
    people.join_all().await;
    scene.end(&name);
    scene.progress(1).await?;
    scene.whole().await
}

/// Says long things in all rooms, one after the other, for ever.
pub async fn talk_at_length(scene: &Scene) {
    let talker = Hasty::new(scene, 0);
    for nth in 0.. {
        let room = talker.rooms[nth % talker.rooms.len()];
        let words = "at length ".repeat(LONG_BYTES / 10);
        talker.post(room, &words, LONG_PATIENCE).await;
        sleep(LONG_EVERY).await;
    }
}

impl Hasty {
    fn new(scene: &Scene, nth: usize) -> Self {
        Self {
            http: Client::new(),
            node: format!("http://{}", scene.cluster.addresses()[0]),
            // Not the guest, who is the last and put out now and then.
            account: scene.stage.people[nth % (scene.stage.people.len() - 1)].clone(),
            rooms: scene.stage.rooms.clone(),
            recorder: scene.recorder.clone(),
            process: PROCESSES + nth as u32,
        }
    }

    async fn step(&self) {
        let room = self.rooms[fastrand::usize(..self.rooms.len())];
        let patience = Duration::from_micros(fastrand::u64(..GIVEN_UP_WITHIN_US));
        if fastrand::u8(..4) == 0 {
            self.join(room, patience).await;
        } else {
            self.post(room, "never mind", patience).await;
        }
    }

    async fn post(&self, room: RoomId, words: &str, patience: Duration) {
        let client_id = ClientId(Uuid::now_v7());
        let content = format!("{words} {client_id}");
        let said = Arc::new(Said { room, user: self.account.user.id, client_id, content });
        let body = json!({"client_id": client_id, "content": said.content});
        self.record(Event::Send { said, node: 0, by: Door::Rest });
        let url = format!("{}{}", self.node, paths::fill(paths::MESSAGES, &[&room]));
        let request = self.http.post(url).bearer_auth(&self.account.token).json(&body).send();
        let answered = async { request.await?.error_for_status()?.json::<Message>().await };
        self.record(match timeout(patience, answered).await {
            Ok(Ok(message)) => Event::Ack { client_id, message: message.into() },
            _ => Event::Unknown { client_id },
        });
    }

    /// Of a room that it is in already.
    async fn join(&self, room: RoomId, patience: Duration) {
        let user = self.account.user.id;
        self.record(Event::Join { room, user });
        let url = format!("{}{}", self.node, paths::fill(paths::MEMBERSHIP, &[&room]));
        let request = self.http.put(url).bearer_auth(&self.account.token).send();
        let answered = async { request.await?.error_for_status()?.bytes().await };
        self.record(match timeout(patience, answered).await {
            Ok(Ok(_)) => Event::Joined { room, user },
            _ => Event::Lost,
        });
    }

    fn record(&self, event: Event) {
        self.recorder.record(self.process, event);
    }
}

/// For a while, much is said through two nodes at once, by the people themselves.
pub async fn race(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let name = "the same client_id through two nodes";
    scene.begin(name);
    scene.hold().await;
    scene.end(name);
    scene.whole().await
}
