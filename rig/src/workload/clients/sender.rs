//! A client that sends as the browser does: a message gets its `client_id` before the first
//! attempt, several messages are in flight, and on a new connection the client first sends the
//! unacknowledged ones again, in order.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use shared::{
    ids::{ClientId, RoomId},
    live::{ClientFrame, ServerFrame},
    messages::Message,
};
use tokio::time::{Instant, sleep_until};

use super::new_draft;
use crate::{
    history::{Draft, Event, Transport},
    workload::{
        connection::{Client, Connection, Incoming},
        context::{ClientKind, Edit, EditRequest},
        frame_cache::Frame,
    },
};

/// How often an idle sender checks whether the run is over.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

#[derive(Clone, Debug)]
pub struct SendSettings {
    /// The last room is the quiet one, if there are several.
    pub rooms: Vec<RoomId>,
    /// The share (0 to 1) of messages for the quiet room.
    pub quiet_share: f64,
    /// The average time between two messages.
    pub interval: Duration,
    /// With this many unacknowledged messages the sender waits for an ack.
    pub max_in_flight: usize,
    /// The share (0 to 1) of acknowledged messages that are edited later.
    pub edit_share: f64,
    /// The share (0 to 1) of acknowledged messages that are deleted later.
    pub delete_share: f64,
    /// The share of messages that get a reaction; half of them are then deleted.
    pub react_share: f64,
}

pub struct Sender {
    client: Client,
    /// The index among the senders.
    nth: usize,
    settings: SendSettings,
    rng: fastrand::Rng,
    /// The unacknowledged messages, in the order of sending.
    outbox: VecDeque<Pending>,
    next_message: Instant,
}

/// An unacknowledged message.
struct Pending {
    draft: Arc<Draft>,
    /// When to send again after a retryable nack; `None` while the message is in flight.
    retry_at: Option<Instant>,
}

impl Sender {
    pub fn new(client: Client, nth: usize, settings: SendSettings, mut rng: fastrand::Rng) -> Self {
        let next_message = Instant::now() + settings.interval.mul_f64(rng.f64());
        Self { client, nth, settings, rng, outbox: VecDeque::new(), next_message }
    }

    /// Sends until the run stops and every message is acknowledged or refused, or until the
    /// deadline.
    pub async fn run(mut self) {
        let context = self.client.context.clone();
        let (mut last_node, mut delay) = (None, Duration::ZERO);
        while !self.is_done() {
            let connection = self.client.connect(&mut self.rng, last_node, delay).await;
            let Some(mut connection) = connection else { return };
            last_node = Some(connection.node());
            context.senders_connected[self.nth].store(true, Relaxed);
            let reconnect_delay = self.send(&mut connection).await;
            context.senders_connected[self.nth].store(false, Relaxed);
            delay =
                reconnect_delay.unwrap_or_else(|| context.timeouts.backoff.delay(0, &mut self.rng));
            connection.close();
            for pending in self.outbox.iter().filter(|pending| pending.retry_at.is_none()) {
                self.client.record(Event::Unknown { client_id: pending.draft.client_id });
            }
        }
    }

    fn is_done(&self) -> bool {
        let context = &self.client.context;
        context.is_over(ClientKind::Writer) || (!context.is_running() && self.outbox.is_empty())
    }

    /// Sends until the connection ends or the sender is done. Returns the reconnect delay if the
    /// server sent one.
    async fn send(&mut self, connection: &mut Connection) -> Option<Duration> {
        let mut reconnect_delay = None;
        for nth in 0..self.outbox.len() {
            self.attempt(connection, nth).await;
        }
        while !self.is_done() {
            let next_timer = self.next_timer();
            tokio::select! {
                incoming = connection.next() => match incoming {
                    Incoming::Frame(Frame::Other(frame)) => match *frame {
                        ServerFrame::Goaway { reconnect_after_ms } => {
                            reconnect_delay = Some(Duration::from_millis(reconnect_after_ms));
                        }
                        frame => self.handle_frame(frame),
                    },
                    Incoming::Frame(_) | Incoming::Pong(_) => {}
                    Incoming::Closed => return reconnect_delay,
                },
                () = sleep_until(next_timer) => self.handle_timer(connection).await,
            }
        }
        reconnect_delay
    }

    fn may_send(&self) -> bool {
        self.outbox.len() < self.settings.max_in_flight && self.client.context.is_running()
    }

    fn next_timer(&self) -> Instant {
        let poll = Instant::now() + POLL_INTERVAL;
        let retry = self.outbox.iter().filter_map(|pending| pending.retry_at).min();
        let next_message = self.may_send().then_some(self.next_message);
        [retry, next_message].into_iter().flatten().fold(poll, Instant::min)
    }

    async fn handle_timer(&mut self, connection: &mut Connection) {
        let now = Instant::now();
        for nth in 0..self.outbox.len() {
            if self.outbox[nth].retry_at.is_some_and(|retry_at| retry_at <= now) {
                self.attempt(connection, nth).await;
            }
        }
        if self.may_send() && self.next_message <= now {
            // A delayed sender does not send a burst to catch up with its schedule.
            let jitter = 0.5 + self.rng.f64();
            self.next_message =
                (self.next_message + self.settings.interval.mul_f64(jitter)).max(now);
            let draft = new_draft(self.choose_room(), self.client.account.user.id, &mut self.rng);
            self.outbox.push_back(Pending { draft, retry_at: None });
            self.attempt(connection, self.outbox.len() - 1).await;
        }
    }

    fn choose_room(&mut self) -> RoomId {
        match &self.settings.rooms[..] {
            [.., quiet] if self.rng.f64() < self.settings.quiet_share => *quiet,
            [busy @ .., _] if !busy.is_empty() => busy[self.rng.usize(..busy.len())],
            rooms => rooms[0],
        }
    }

    async fn attempt(&mut self, connection: &mut Connection, nth: usize) {
        let pending = &mut self.outbox[nth];
        pending.retry_at = None;
        let draft = pending.draft.clone();
        let frame = ClientFrame::Send {
            room: draft.room,
            client_id: draft.client_id,
            content: draft.content.clone(),
            format: None,
            reply_to: None,
        };
        self.client.record(Event::Send { draft, node: connection.node(), via: Transport::Socket });
        connection.send(&frame).await;
    }

    fn handle_frame(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Ack { client_id, message } => {
                let message = Arc::new(message);
                self.client.record(Event::Ack { client_id, message: message.clone() });
                self.remove_pending(client_id);
                self.request_edit(message);
            }
            ServerFrame::Nack { client_id, problem, retry, .. } => {
                self.client.record(Event::Nack { client_id, code: problem.code, retry });
                if !retry {
                    return self.remove_pending(client_id);
                }
                let delay = self.client.context.timeouts.backoff.delay(1, &mut self.rng);
                let mut outbox = self.outbox.iter_mut();
                if let Some(pending) = outbox.find(|p| p.draft.client_id == client_id) {
                    pending.retry_at = Some(Instant::now() + delay);
                }
            }
            _ => {}
        }
    }

    fn remove_pending(&mut self, client_id: ClientId) {
        self.outbox.retain(|pending| pending.draft.client_id != client_id);
    }

    /// Requests an edit, a deletion or a reaction for a share of the messages. A full queue drops the request.
    fn request_edit(&mut self, message: Arc<Message>) {
        let (random, settings) = (self.rng.f64(), &self.settings);
        let (deletes, edits) = (settings.delete_share, settings.edit_share);
        let edits = if random < deletes {
            &[Edit::Delete][..]
        } else if random < deletes + edits {
            &[Edit::Content]
        } else if random < deletes + edits + settings.react_share {
            // The deletion must take the reaction along.
            let both = &[Edit::React, Edit::Delete];
            if self.rng.bool() { &both[..1] } else { both }
        } else {
            &[]
        };
        for edit in edits {
            let (message, author) = (message.clone(), self.client.account.clone());
            let request = EditRequest { message, author, edit: *edit };
            let _ = self.client.context.edit_requests.try_send(request);
        }
    }
}
