//! A client that sends a message twice: through two nodes at once, again after a long time, or
//! because it cancelled the first request.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use shared::{
    ids::{ClientId, RoomId},
    live::{ClientFrame, ServerFrame},
};
use tokio::time::{sleep, timeout};

use super::new_draft;
use crate::{
    api::Outcome,
    history::{Draft, Event, Transport},
    workload::{
        connection::{Client, Connection, Incoming},
        context::ClientKind,
        frame_cache::Frame,
    },
};

/// The maximum number of earlier messages that may be sent again.
const MAX_PAST_DRAFTS: usize = 500;
/// The longest time after which a request is cancelled, in microseconds.
const CANCEL_MAX_US: u64 = 10_000;

/// Two devices of one account that send the same messages.
pub struct DuplicateSender {
    /// The device with a socket.
    pub client: Client,
    /// The process of the device that uses REST.
    pub rest_process: u32,
    pub rooms: Vec<RoomId>,
    /// The average time between two messages.
    pub interval: Duration,
    pub rng: fastrand::Rng,
}

/// Whether the sender knows the result of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Acknowledged, or refused for good.
    Determinate,
    /// No reply came, or a refusal that may be retried.
    Indeterminate,
}

impl DuplicateSender {
    pub async fn run(mut self) {
        let (mut past_drafts, mut connection): (Vec<Arc<Draft>>, _) = (Vec::new(), None);
        while self
            .client
            .context
            .sleep_while_running(self.interval.mul_f64(0.5 + self.rng.f64()))
            .await
        {
            let action = self.rng.u8(..3);
            if action == 0 && !past_drafts.is_empty() {
                let draft = past_drafts[self.rng.usize(..past_drafts.len())].clone();
                self.retry_until_determinate(&draft, Status::Indeterminate).await;
                continue;
            }
            let room = self.rooms[self.rng.usize(..self.rooms.len())];
            let draft = new_draft(room, self.client.account.user.id, &mut self.rng);
            let status;
            if action == 1 {
                status = self.send_and_cancel(&draft).await;
            } else {
                (connection, status) = self.send_through_two_nodes(connection, &draft).await;
            }
            self.retry_until_determinate(&draft, status).await;
            if past_drafts.len() < MAX_PAST_DRAFTS {
                past_drafts.push(draft);
            } else {
                past_drafts[self.rng.usize(..MAX_PAST_DRAFTS)] = draft;
            }
        }
        if let Some(connection) = connection {
            connection.close();
        }
    }

    /// Sends a message by socket and by REST at once, through two nodes if there are two.
    async fn send_through_two_nodes(
        &mut self,
        connection: Option<Connection>,
        draft: &Arc<Draft>,
    ) -> (Option<Connection>, Status) {
        let connection = match connection {
            Some(connection) => Some(connection),
            None => self.client.connect(&mut self.rng, None, Duration::ZERO).await,
        };
        let Some(connection) = connection else { return (None, Status::Indeterminate) };
        let nodes = &self.client.context.nodes;
        let Some(node) = nodes.pick(&mut self.rng, Some(connection.node())) else {
            return (Some(connection), Status::Indeterminate);
        };
        let ((connection, socket_status), rest_status) =
            tokio::join!(self.send_by_socket(connection, draft), self.post(node, draft));
        (connection, if rest_status == Status::Determinate { rest_status } else { socket_status })
    }

    async fn send_by_socket(
        &self,
        mut connection: Connection,
        draft: &Arc<Draft>,
    ) -> (Option<Connection>, Status) {
        let (client_id, room) = (draft.client_id, draft.room);
        let (node, via) = (connection.node(), Transport::Socket);
        self.client.record(Event::Send { draft: draft.clone(), node, via });
        let content = draft.content.clone();
        connection
            .send(&ClientFrame::Send { room, client_id, content, format: None, reply_to: None })
            .await;
        let reply = receive_reply(&mut connection, client_id);
        let reply = timeout(self.client.context.timeouts.reply, reply).await.ok().flatten();
        match reply {
            Some(event) => (Some(connection), self.complete(self.client.process, event)),
            None => {
                connection.close();
                (None, self.complete(self.client.process, Event::Unknown { client_id }))
            }
        }
    }

    /// Posts a message by REST and cancels the request before the reply, perhaps before it is sent.
    async fn send_and_cancel(&mut self, draft: &Arc<Draft>) -> Status {
        let Some(node) = self.client.context.nodes.pick(&mut self.rng, None) else {
            return Status::Indeterminate;
        };
        let cancel_after = Duration::from_micros(self.rng.u64(..CANCEL_MAX_US));
        match timeout(cancel_after, self.post(node, draft)).await {
            Ok(status) => status,
            Err(_) => {
                self.complete(self.rest_process, Event::Unknown { client_id: draft.client_id })
            }
        }
    }

    /// Posts a message by REST until the server acknowledges or refuses it.
    async fn retry_until_determinate(&mut self, draft: &Arc<Draft>, mut status: Status) {
        for failures in 0.. {
            let context = &self.client.context;
            if status == Status::Determinate || context.is_over(ClientKind::Writer) {
                return;
            }
            if failures > 0 {
                sleep(context.timeouts.backoff.delay(failures, &mut self.rng)).await;
            }
            if let Some(node) = context.nodes.pick(&mut self.rng, None) {
                status = self.post(node, draft).await;
            }
        }
    }

    async fn post(&self, (node, address): (u32, SocketAddr), draft: &Arc<Draft>) -> Status {
        let (context, client_id) = (&self.client.context, draft.client_id);
        let event = Event::Send { draft: draft.clone(), node, via: Transport::Rest };
        context.record(self.rest_process, event);
        let outcome = context.api.post(self.client.account.session_at(address), draft).await;
        let event = match outcome {
            Outcome::Ok(message) => Event::Ack { client_id, message: message.into() },
            Outcome::Refused(code) => Event::Nack { client_id, code, retry: code.is_retryable() },
            Outcome::NoReply => Event::Unknown { client_id },
        };
        self.complete(self.rest_process, event)
    }

    /// Records the completion of an attempt to send.
    fn complete(&self, process: u32, event: Event) -> Status {
        let status = match &event {
            Event::Ack { .. } | Event::Nack { retry: false, .. } => Status::Determinate,
            _ => Status::Indeterminate,
        };
        self.client.context.record(process, event);
        status
    }
}

/// Waits for the reply to a message; `None` if the connection ends before.
async fn receive_reply(connection: &mut Connection, id: ClientId) -> Option<Event> {
    loop {
        let frame = match connection.next().await {
            Incoming::Frame(Frame::Other(frame)) => *frame,
            Incoming::Frame(_) | Incoming::Pong(_) => continue,
            Incoming::Closed => return None,
        };
        match frame {
            ServerFrame::Ack { client_id, message } if client_id == id => {
                return Some(Event::Ack { client_id, message: message.into() });
            }
            ServerFrame::Nack { client_id, problem, retry, .. } if client_id == id => {
                return Some(Event::Nack { client_id, code: problem.code, retry });
            }
            _ => {}
        }
    }
}
