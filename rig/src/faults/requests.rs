//! Cancels requests, posts long texts, and races duplicates through two nodes.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use shared::ids::{ClientId, RoomId};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::context::FaultContext;
use crate::{
    accounts::Account,
    api::{Api, Outcome, Session},
    history::{Draft, Event, Recorder, Transport},
};

const CONCURRENT_CLIENTS: usize = 16;
/// The longest time after which a request is cancelled, in microseconds.
const CANCEL_MAX_US: u64 = 15_000;
/// The first process number of these clients, far above those of the workload.
const FIRST_PROCESS: u32 = 1_000_000;
const LONG_TEXT_BYTES: usize = 12_000;
const LONG_TEXT_INTERVAL: Duration = Duration::from_millis(100);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A client process that uses REST only.
struct RestClient {
    api: Api,
    node: std::net::SocketAddr,
    account: Account,
    rooms: Vec<RoomId>,
    recorder: Recorder,
    process: u32,
}

/// Cancels requests that post messages and join rooms, at random moments.
pub async fn cancel_requests(context: &mut FaultContext) -> Result<()> {
    context.run_normally().await;
    let fault = format!("{} cancelled requests", context.scale.count);
    context.begin_fault(&fault);
    let mut tasks = JoinSet::new();
    for nth in 0..CONCURRENT_CLIENTS {
        let client = RestClient::new(context, nth)?;
        let count = context.scale.count.div_ceil(CONCURRENT_CLIENTS);
        tasks.spawn(async move {
            for _ in 0..count {
                client.send_and_cancel().await;
            }
        });
    }
    tasks.join_all().await;
    context.end_fault_and_recover(&fault).await
}

/// Posts long texts in all rooms until it is cancelled.
pub async fn send_long_texts(context: &FaultContext) {
    let Ok(client) = RestClient::new(context, 0) else { return };
    for nth in 0.. {
        let room = client.rooms[nth % client.rooms.len()];
        let text = "long text ".repeat(LONG_TEXT_BYTES / 10);
        client.post(room, &text, REQUEST_TIMEOUT).await;
        sleep(LONG_TEXT_INTERVAL).await;
    }
}

/// Lets the workload's duplicate senders run, which send each message through two nodes at once.
/// This fault adds nothing to them.
pub async fn race(context: &mut FaultContext) -> Result<()> {
    context.run_normally().await;
    let fault = "the same client_id through two nodes";
    context.begin_fault(fault);
    context.keep_broken().await;
    context.end_fault(fault);
    context.wait_until_recovered().await
}

impl RestClient {
    fn new(context: &FaultContext, nth: usize) -> Result<Self> {
        let users = &context.fixture.users;
        Ok(Self {
            api: Api::new(REQUEST_TIMEOUT)?,
            node: context.cluster.addresses()[0],
            // Not the guest, who is the last and may be removed.
            account: users[nth % (users.len() - 1)].clone(),
            rooms: context.fixture.rooms.clone(),
            recorder: context.recorder.clone(),
            process: FIRST_PROCESS + nth as u32,
        })
    }

    fn session(&self) -> Session<'_> {
        self.account.session_at(self.node)
    }

    async fn send_and_cancel(&self) {
        let room = self.rooms[fastrand::usize(..self.rooms.len())];
        let cancel_after = Duration::from_micros(fastrand::u64(..CANCEL_MAX_US));
        if fastrand::u8(..4) == 0 {
            self.join(room, cancel_after).await;
        } else {
            self.post(room, "may be cancelled", cancel_after).await;
        }
    }

    async fn post(&self, room: RoomId, text: &str, cancel_after: Duration) {
        let client_id = ClientId(Uuid::now_v7());
        let content = format!("{text} {client_id}");
        let draft = Arc::new(Draft { room, user: self.account.user.id, client_id, content });
        self.record(Event::Send { draft: draft.clone(), node: 0, via: Transport::Rest });
        self.record(match timeout(cancel_after, self.api.post(self.session(), &draft)).await {
            Ok(Outcome::Ok(message)) => Event::Ack { client_id, message: message.into() },
            _ => Event::Unknown { client_id },
        });
    }

    /// Joins a room of which the user is a member already.
    async fn join(&self, room: RoomId, cancel_after: Duration) {
        let user = self.account.user.id;
        self.record(Event::Join { room, user });
        self.record(match timeout(cancel_after, self.api.join(self.session(), room)).await {
            Ok(Outcome::Ok(_)) => Event::Joined { room, user },
            _ => Event::NoReply,
        });
    }

    fn record(&self, event: Event) {
        self.recorder.record(self.process, event);
    }
}
