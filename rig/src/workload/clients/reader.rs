//! A client that reads as the browser does: it applies the socket's changes to a timeline, and
//! after a gap it reads a page by REST.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use shared::{
    ids::{Rev, RoomId, Seq},
    live::{ClientFrame, ServerFrame},
    messages::Message,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::room_replica::RoomReplica;
use crate::{
    history::{ChangedRow, Event},
    workload::{
        connection::{Client, Connection, Incoming},
        context::{ClientKind, RunPhase},
        frame_cache::Frame,
    },
};

const TIMER_INTERVAL: Duration = Duration::from_millis(250);
/// The time between two attempts to subscribe to a room from which the reader was removed.
const RESUBSCRIBE_INTERVAL: Duration = Duration::from_secs(1);

pub struct Reader {
    client: Client,
    /// The index among the readers.
    nth: usize,
    /// Whether the reader pauses now and then without a request.
    is_slow: bool,
    rng: fastrand::Rng,
    rooms: BTreeMap<RoomId, RoomReplica>,
    next_resubscribe: Instant,
    next_pause: Instant,
}

impl Reader {
    pub fn new(
        client: Client,
        nth: usize,
        rooms: &[RoomId],
        is_slow: bool,
        rng: fastrand::Rng,
    ) -> Self {
        let me = client.account.user.id;
        let rooms = rooms.iter().map(|room| (*room, RoomReplica::new(me, *room))).collect();
        let now = Instant::now();
        let next_pause = now + Duration::from_secs(2);
        Self { client, nth, is_slow, rng, rooms, next_resubscribe: now, next_pause }
    }

    /// Reads until the replicas have caught up or the run is over, then records their final states.
    pub async fn run(mut self) {
        let context = self.client.context.clone();
        let (mut last_node, mut delay) = (None, Duration::ZERO);
        while !self.is_done() {
            let connection = self.client.connect(&mut self.rng, last_node, delay).await;
            let Some(mut connection) = connection else { break };
            last_node = Some(connection.node());
            let reconnect_delay = self.read(&mut connection).await;
            connection.close();
            self.publish_in_sync(false);
            delay =
                reconnect_delay.unwrap_or_else(|| context.timeouts.backoff.delay(0, &mut self.rng));
        }
        let RunPhase::Finishing(_, nodes) = &*context.phase.borrow() else { return };
        for (room, replica) in &mut self.rooms {
            if let Some(node) = nodes.get(room).filter(|_| !replica.is_removed) {
                let state = replica.final_state(node);
                self.client.record(Event::ReaderState(state.into()));
            }
        }
    }

    fn is_done(&self) -> bool {
        let context = &self.client.context;
        let RunPhase::Finishing(_, nodes) = &*context.phase.borrow() else { return false };
        let me = self.client.account.user.id;
        let has_caught_up = |(room, replica): (&RoomId, &RoomReplica)| {
            nodes.get(room).is_none_or(|node| {
                let is_member = node.members.iter().any(|member| member.user.id == me);
                !is_member || replica.has_caught_up(node)
            })
        };
        context.is_over(ClientKind::Reader) || self.rooms.iter().all(has_caught_up)
    }

    /// Reads until the connection ends or the replicas have caught up. Returns the reconnect delay
    /// if the server sent one.
    async fn read(&mut self, connection: &mut Connection) -> Option<Duration> {
        let context = self.client.context.clone();
        let mut paused_readers = context.paused_readers.clone();
        let mut reconnect_delay = None;
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for room in rooms {
            self.subscribe(connection, room).await;
        }
        let mut next_timer = Instant::now() + TIMER_INTERVAL;
        while !self.is_done() {
            tokio::select! {
                incoming = connection.next() => match incoming {
                    Incoming::Frame(Frame::Message(room, rev, message)) => {
                        self.handle_message(connection, room, rev, message).await;
                    }
                    Incoming::Frame(Frame::Other(frame)) => {
                        if let ServerFrame::Goaway { reconnect_after_ms } = *frame {
                            reconnect_delay = Some(Duration::from_millis(reconnect_after_ms));
                        } else if !self.handle_frame(connection, *frame).await {
                            return reconnect_delay;
                        }
                    }
                    Incoming::Pong(pinged_us) => self.client.record(Event::Pong { pinged_us }),
                    Incoming::Closed => return reconnect_delay,
                },
                () = sleep_until(next_timer) => {
                    next_timer = Instant::now() + TIMER_INTERVAL;
                    if self.client.has_small_buffer && !context.is_running() {
                        connection.enlarge_buffer();
                    }
                    self.handle_timer(connection).await;
                }
                Ok(()) = paused_readers.changed() => self.pause_if_requested(connection).await,
            }
        }
        reconnect_delay
    }

    async fn subscribe(&mut self, connection: &mut Connection, room: RoomId) {
        let Some(replica) = self.rooms.get_mut(&room) else { return };
        replica.in_sync = false;
        let after_rev = replica.rev();
        self.client.record(Event::Subscribe { room, after_rev });
        connection.send(&ClientFrame::Subscribe { room, after_rev: Some(after_rev) }).await;
        self.update_in_sync();
    }

    fn update_in_sync(&self) {
        let in_sync = self.rooms.values().all(|room| room.in_sync || room.is_removed);
        self.publish_in_sync(in_sync);
    }

    /// Publishes whether this reader is in sync. The slow readers, which are the last, have no
    /// entry.
    fn publish_in_sync(&self, in_sync: bool) {
        if let Some(published) = self.client.context.readers_in_sync.get(self.nth) {
            published.store(in_sync, Relaxed);
        }
    }

    async fn handle_message(
        &mut self,
        connection: &mut Connection,
        room: RoomId,
        rev: Rev,
        message: Arc<Message>,
    ) {
        let row = ChangedRow::Message(message.clone());
        self.client.record(Event::Change { room, rev, row });
        let replica = self.rooms.get_mut(&room);
        if replica.is_some_and(|replica| replica.apply_message(rev, &message)) {
            self.subscribe(connection, room).await;
        }
    }

    /// Handles a frame other than a message. Returns false if the client must reconnect.
    async fn handle_frame(&mut self, connection: &mut Connection, frame: ServerFrame) -> bool {
        match frame {
            ServerFrame::Subscribed { room, rev } => {
                self.client.record(Event::Subscribed { room, rev });
                if let Some(replica) = self.rooms.get_mut(&room) {
                    replica.complete_replay(rev);
                }
                self.update_in_sync();
            }
            ServerFrame::Gap { room, from_rev, to_rev, last_seq } => {
                self.client.record(Event::Gap { room, from_rev, to_rev, last_seq });
                return self.read_after_gap(room, to_rev, last_seq).await;
            }
            ServerFrame::Removed { room, reason } => {
                self.client.record(Event::LeftRoom { room, reason });
                if let Some(replica) = self.rooms.get_mut(&room) {
                    (replica.in_sync, replica.is_removed) = (false, true);
                }
                self.next_resubscribe = Instant::now() + RESUBSCRIBE_INTERVAL;
                self.update_in_sync();
            }
            ServerFrame::Joined { room } => self.subscribe(connection, room.id).await,
            ServerFrame::Presence { room, .. } => self.client.record(Event::Presence { room }),
            ServerFrame::Heartbeat { heads } => {
                for (room, head) in heads {
                    let replica = self.rooms.get(&room);
                    if replica.is_some_and(|replica| replica.in_sync && replica.rev() < head) {
                        self.subscribe(connection, room).await;
                    }
                }
            }
            frame => {
                let Some((room, change)) = frame.into_change() else { return true };
                let row = ChangedRow::from(change.row.clone());
                self.client.record(Event::Change { room, rev: change.rev, row });
                if self.rooms.get_mut(&room).is_some_and(|replica| replica.apply(change)) {
                    self.subscribe(connection, room).await;
                }
            }
        }
        true
    }

    /// Reads the newest page and the members by REST after a gap. Returns false on failure; then
    /// the client reconnects and subscribes again.
    async fn read_after_gap(&mut self, room: RoomId, to_rev: Rev, last_seq: Seq) -> bool {
        let context = self.client.context.clone();
        let Some((_, node)) = context.nodes.pick(&mut self.rng, None) else { return false };
        let account = self.client.account.clone();
        self.client.record(Event::ReadPage { room });
        let page = context.api.newest_page(account.session_at(node), room).await;
        let Some(page) = page.ok() else { return false };
        let messages = page.messages.iter().cloned().map(Arc::new).collect();
        self.client.record(Event::Page { room, as_of_rev: page.as_of_rev, messages });
        let members = context.api.members(account.session_at(node), room).await;
        let Some(members) = members.ok() else { return false };
        let replica = self.rooms.get_mut(&room);
        let is_complete = page.room_last_seq >= last_seq
            && replica.is_some_and(|replica| replica.reset(to_rev, page, members));
        self.update_in_sync();
        is_complete
    }

    /// Reads the newest messages of all rooms, which must not be of one from which the user was removed.
    async fn search(&mut self) {
        let context = self.client.context.clone();
        let Some((_, node)) = context.nodes.pick(&mut self.rng, None) else { return };
        self.client.record(Event::Search);
        let hits = context.api.newest_hits(self.client.account.session_at(node)).await;
        if let Some(hits) = hits.ok() {
            let messages = hits.hits.into_iter().map(|hit| Arc::new(hit.message)).collect();
            self.client.record(Event::Hits { messages });
        }
    }

    async fn handle_timer(&mut self, connection: &mut Connection) {
        let now = Instant::now();
        if self.next_resubscribe <= now {
            self.next_resubscribe = now + RESUBSCRIBE_INTERVAL;
            let removed = self.rooms.values().filter(|replica| replica.is_removed);
            let removed: Vec<_> = removed.map(|replica| replica.room).collect();
            if !removed.is_empty() {
                self.search().await;
            }
            for room in removed {
                self.subscribe(connection, room).await;
            }
        }
        if self.is_slow && self.next_pause <= now && self.client.context.is_running() {
            let time = Duration::from_millis(self.rng.u64(500..3_000));
            self.client.record(Event::ReadPaused);
            self.client.context.sleep_while_running(time).await;
            self.resume_reading(connection);
            let delay = Duration::from_millis(self.rng.u64(1_000..5_000));
            self.next_pause = Instant::now() + delay;
        }
    }

    async fn pause_if_requested(&mut self, connection: &mut Connection) {
        let context = self.client.context.clone();
        let is_requested = || self.nth < *context.paused_readers.borrow() && context.is_running();
        if !is_requested() {
            return;
        }
        self.client.record(Event::ReadPaused);
        while is_requested() {
            sleep(TIMER_INTERVAL / 5).await;
        }
        self.resume_reading(connection);
    }

    fn resume_reading(&self, connection: &mut Connection) {
        self.client.record(Event::ReadResumed);
        connection.resume_reading();
    }
}
