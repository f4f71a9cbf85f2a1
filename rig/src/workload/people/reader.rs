//! Somebody who reads as the browser does: socket in, timeline out, REST for what the socket leaves
//! out.

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

use super::followed::Followed;
use crate::{
    history::{Event, Seen},
    workload::{
        crew::{Phase, Role},
        frames::Frame,
        link::{Heard, Link, Owner},
        rest::Way,
    },
};

/// Between two looks at what only time tells.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between two tries to come back into a room.
const KNOCK_EVERY: Duration = Duration::from_secs(1);

/// Somebody who reads.
pub struct Reader {
    owner: Owner,
    nth: usize,
    /// Whether they read nothing now and then, of their own accord.
    is_slow: bool,
    rng: fastrand::Rng,
    rooms: BTreeMap<RoomId, Followed>,
    since_us: u64,
    knock: Instant,
    nap: Instant,
}

impl Reader {
    /// The nth reader, of these rooms.
    pub fn new(
        owner: Owner,
        nth: usize,
        rooms: &[RoomId],
        is_slow: bool,
        rng: fastrand::Rng,
    ) -> Self {
        let me = owner.account.user.id;
        let rooms = rooms.iter().map(|room| (*room, Followed::new(me, *room))).collect();
        let since_us = owner.crew.recorder.elapsed().as_micros() as u64;
        let now = Instant::now();
        let nap = now + Duration::from_secs(2);
        Self { owner, nth, is_slow, rng, rooms, since_us, knock: now, nap }
    }

    /// Reads until the final state is reached, or the time is over; then says what is held.
    pub async fn run(mut self) {
        let crew = self.owner.crew.clone();
        let (mut last, mut wait) = (None, Duration::ZERO);
        while !self.is_done() {
            let Some(mut link) = self.owner.dial(&mut self.rng, last, wait).await else { break };
            last = Some(link.node());
            let goaway = self.follow(&mut link).await;
            link.hang_up();
            self.show(false);
            wait = goaway.unwrap_or_else(|| crew.patience.backoff.wait(0, &mut self.rng));
        }
        let Phase::Ending(_, finals) = &*crew.phase.borrow() else { return };
        for (room, followed) in &mut self.rooms {
            if let Some(last) = finals.get(room).filter(|_| !followed.is_out) {
                let fold = followed.fold(last);
                crew.record(self.owner.process, Event::Fold(fold.into()));
            }
        }
    }

    fn is_done(&self) -> bool {
        let Phase::Ending(_, finals) = &*self.owner.crew.phase.borrow() else { return false };
        let me = self.owner.account.user.id;
        let has_reached = |(room, followed): (&RoomId, &Followed)| {
            finals.get(room).is_none_or(|last| {
                let is_in = last.members.iter().any(|member| member.user.id == me);
                !is_in || followed.has_reached(last)
            })
        };
        self.owner.crew.is_over(Role::Reads) || self.rooms.iter().all(has_reached)
    }

    /// Until the link is over or all is read; how long to stay away, if the server said so.
    async fn follow(&mut self, link: &mut Link) -> Option<Duration> {
        let crew = self.owner.crew.clone();
        let (mut hang_up, mut stalled) = (crew.hang_up.clone(), crew.stalled.clone());
        hang_up.mark_unchanged();
        let mut goaway = None;
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for room in rooms {
            self.subscribe(link, room).await;
        }
        let mut look = Instant::now() + LOOK_EVERY;
        while !self.is_done() {
            tokio::select! {
                heard = link.next() => match heard {
                    Heard::Frame(Frame::Message(room, rev, message)) => {
                        self.message(link, room, rev, message).await;
                    }
                    Heard::Frame(Frame::Other(frame)) => {
                        if let ServerFrame::Goaway { reconnect_after_ms } = *frame {
                            goaway = Some(Duration::from_millis(reconnect_after_ms));
                        } else if !self.hear(link, *frame).await {
                            return goaway;
                        }
                    }
                    Heard::Echo(asked_us) => {
                        crew.record(self.owner.process, Event::Pong { asked_us });
                    }
                    Heard::End => return goaway,
                },
                () = sleep_until(look) => {
                    look = Instant::now() + LOOK_EVERY;
                    if self.owner.is_narrow && !crew.is_going() {
                        link.widen();
                    }
                    self.look(link).await;
                }
                Ok(()) = stalled.changed() => self.stall(link).await,
                Ok(()) = hang_up.changed() => return None,
            }
        }
        goaway
    }

    async fn subscribe(&mut self, link: &mut Link, room: RoomId) {
        let Some(followed) = self.rooms.get_mut(&room) else { return };
        followed.in_sync = false;
        let after_rev = followed.rev();
        self.owner.crew.record(self.owner.process, Event::Subscribe { room, after_rev });
        link.send(&ClientFrame::Subscribe { room, after_rev: Some(after_rev) }).await;
        self.tell();
    }

    /// Tells the others whether nothing is missing here.
    fn tell(&self) {
        let is_whole = self.rooms.values().all(|room| room.in_sync || room.is_out);
        self.show(is_whole);
    }

    /// The slow ones, the last, are nobody's measure.
    fn show(&self, is_whole: bool) {
        if let Some(shown) = self.owner.crew.readers.get(self.nth) {
            shown.store(is_whole, Relaxed);
        }
    }

    async fn message(&mut self, link: &mut Link, room: RoomId, rev: Rev, message: Arc<Message>) {
        let crew = &self.owner.crew;
        let event = Event::Change { room, rev, row: Seen::Message(message.clone()) };
        let at_us = crew.record(self.owner.process, event);
        crew.meter.delivered();
        let Some(followed) = self.rooms.get_mut(&room) else { return };
        let is_first = message.edited_at.is_none() && message.deleted_at.is_none();
        if is_first && !self.owner.is_narrow && !followed.holds(message.seq) {
            crew.meter.received(message.client_id, at_us, self.since_us);
        }
        if followed.message(rev, &message) {
            self.subscribe(link, room).await;
        }
    }

    /// Takes any other frame; false if the link is of no use any more.
    async fn hear(&mut self, link: &mut Link, frame: ServerFrame) -> bool {
        let process = self.owner.process;
        let crew = self.owner.crew.clone();
        match frame {
            ServerFrame::Subscribed { room, rev } => {
                crew.record(process, Event::Subscribed { room, rev });
                if let Some(followed) = self.rooms.get_mut(&room) {
                    followed.subscribed(rev);
                }
                self.tell();
            }
            ServerFrame::Gap { room, from_rev, to_rev, last_seq } => {
                crew.record(process, Event::Gap { room, from_rev, to_rev, last_seq });
                return self.refill(room, to_rev, last_seq).await;
            }
            ServerFrame::Removed { room, reason } => {
                crew.record(process, Event::OutOf { room, reason });
                if let Some(followed) = self.rooms.get_mut(&room) {
                    (followed.in_sync, followed.is_out) = (false, true);
                }
                self.knock = Instant::now() + KNOCK_EVERY;
                self.tell();
            }
            ServerFrame::Joined { room } => self.subscribe(link, room.id).await,
            ServerFrame::Heartbeat { heads } => {
                for (room, head) in heads {
                    let followed = self.rooms.get(&room);
                    if followed.is_some_and(|held| held.in_sync && held.rev() < head) {
                        self.subscribe(link, room).await;
                    }
                }
            }
            frame => {
                let Some((room, change)) = frame.into_change() else { return true };
                let row = Seen::from(change.row.clone());
                crew.record(process, Event::Change { room, rev: change.rev, row });
                crew.meter.delivered();
                if self.rooms.get_mut(&room).is_some_and(|followed| followed.apply(change)) {
                    self.subscribe(link, room).await;
                }
            }
        }
        true
    }

    /// After a gap, the newest page by REST. What cannot be had now is had over the next link.
    async fn refill(&mut self, room: RoomId, to_rev: Rev, last_seq: Seq) -> bool {
        let crew = self.owner.crew.clone();
        let Some((_, address)) = crew.nodes.pick(&mut self.rng, None) else { return false };
        let way = Way { address, token: &self.owner.account.token };
        crew.record(self.owner.process, Event::Read { room });
        let Some(page) = crew.rest.newest(way, room).await.done() else { return false };
        let messages = page.messages.iter().cloned().map(Arc::new).collect();
        let as_of_rev = page.as_of_rev;
        crew.record(self.owner.process, Event::Page { room, as_of_rev, messages });
        let Some(members) = crew.rest.members(way, room).await.done() else { return false };
        let followed = self.rooms.get_mut(&room);
        let is_whole = page.room_last_seq >= last_seq
            && followed.is_some_and(|followed| followed.refill(to_rev, page, members));
        self.tell();
        is_whole
    }

    /// What only time tells: whether to knock, whether to nap.
    async fn look(&mut self, link: &mut Link) {
        let now = Instant::now();
        if self.knock <= now {
            self.knock = now + KNOCK_EVERY;
            let out = self.rooms.values().filter(|followed| followed.is_out);
            for room in out.map(|followed| followed.room).collect::<Vec<_>>() {
                self.subscribe(link, room).await;
            }
        }
        if self.is_slow && self.nap <= now && self.owner.crew.is_going() {
            let time = Duration::from_millis(self.rng.u64(500..3_000));
            self.owner.crew.record(self.owner.process, Event::Stalled);
            self.owner.crew.pause(time).await;
            self.wake(link);
            self.nap = Instant::now() + Duration::from_millis(self.rng.u64(1_000..5_000));
        }
    }

    /// Reads nothing while that is asked for.
    async fn stall(&mut self, link: &mut Link) {
        let crew = self.owner.crew.clone();
        let is_meant = || self.nth < *crew.stalled.borrow() && crew.is_going();
        if !is_meant() {
            return;
        }
        crew.record(self.owner.process, Event::Stalled);
        while is_meant() {
            sleep(LOOK_EVERY / 5).await;
        }
        self.wake(link);
    }

    fn wake(&self, link: &mut Link) {
        self.owner.crew.record(self.owner.process, Event::Awake);
        link.awake();
    }
}
