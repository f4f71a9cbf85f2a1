//! Somebody who talks as the browser does: each message has its name before the first try, several
//! are under way, and after a loss what is unacknowledged goes first, in order.

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

use super::{Own, Wish, words};
use crate::{
    history::{Door, Event, Said},
    workload::{
        crew::Role,
        frames::Frame,
        link::{Heard, Link, Owner},
    },
};

/// How somebody talks.
#[derive(Clone, Debug)]
pub struct Talk {
    /// Where; little is said in the last, if there are several.
    pub rooms: Vec<RoomId>,
    /// The share of what is said that goes to the last.
    pub quiet: f64,
    /// Between two messages, on average.
    pub period: Duration,
    /// Messages that may be under way at once; who has more to say waits.
    pub in_flight: usize,
    /// The shares of acknowledged messages that are edited later, and deleted later.
    pub edits: f64,
    /// See `edits`.
    pub deletes: f64,
}

/// Somebody who talks.
pub struct Sender {
    owner: Owner,
    nth: usize,
    talk: Talk,
    rng: fastrand::Rng,
    outbox: VecDeque<Pending>,
    due: Instant,
}

struct Pending {
    said: Arc<Said>,
    /// When it is to be sent again, after it was refused for the moment; none while it is under way.
    again: Option<Instant>,
}

impl Sender {
    /// The nth sender.
    pub fn new(owner: Owner, nth: usize, talk: Talk, mut rng: fastrand::Rng) -> Self {
        let due = Instant::now() + talk.period.mul_f64(rng.f64());
        Self { owner, nth, talk, rng, outbox: VecDeque::new(), due }
    }

    /// Talks until told to stop and all is acknowledged or refused, or the time is over.
    pub async fn run(mut self) {
        let crew = self.owner.crew.clone();
        let (mut last, mut wait) = (None, Duration::ZERO);
        while !self.is_done() {
            let Some(mut link) = self.owner.dial(&mut self.rng, last, wait).await else { return };
            last = Some(link.node());
            crew.senders[self.nth].store(true, Relaxed);
            let goaway = self.converse(&mut link).await;
            crew.senders[self.nth].store(false, Relaxed);
            wait = goaway.unwrap_or_else(|| crew.patience.backoff.wait(0, &mut self.rng));
            link.hang_up();
            for pending in self.outbox.iter().filter(|pending| pending.again.is_none()) {
                let client_id = pending.said.client_id;
                crew.record(self.owner.process, Event::Unknown { client_id });
            }
        }
    }

    fn is_done(&self) -> bool {
        let crew = &self.owner.crew;
        crew.is_over(Role::Writes) || (!crew.is_going() && self.outbox.is_empty())
    }

    /// Until the link ends or all is said; how long to stay away, if the server said so.
    async fn converse(&mut self, link: &mut Link) -> Option<Duration> {
        let crew = self.owner.crew.clone();
        let mut hang_up = crew.hang_up.clone();
        hang_up.mark_unchanged();
        let mut goaway = None;
        for nth in 0..self.outbox.len() {
            self.attempt(link, nth).await;
        }
        while !self.is_done() {
            let next = self.next_step();
            tokio::select! {
                heard = link.next() => match heard {
                    Heard::Frame(Frame::Other(frame)) => match *frame {
                        ServerFrame::Goaway { reconnect_after_ms } => {
                            goaway = Some(Duration::from_millis(reconnect_after_ms));
                        }
                        frame => self.hear(frame),
                    },
                    Heard::Frame(_) | Heard::Echo(_) => {}
                    Heard::End => return goaway,
                },
                () = sleep_until(next) => self.step(link).await,
                Ok(()) = hang_up.changed() => return None,
            }
        }
        goaway
    }

    /// When there is something to do; soon in any case, to notice that the run ends.
    fn next_step(&self) -> Instant {
        let soon = Instant::now() + Duration::from_millis(250);
        let again = self.outbox.iter().filter_map(|pending| pending.again).min();
        let may_talk = self.outbox.len() < self.talk.in_flight && self.owner.crew.is_going();
        let due = may_talk.then_some(self.due);
        [again, due].into_iter().flatten().fold(soon, Instant::min)
    }

    async fn step(&mut self, link: &mut Link) {
        let now = Instant::now();
        for nth in 0..self.outbox.len() {
            if self.outbox[nth].again.is_some_and(|again| again <= now) {
                self.attempt(link, nth).await;
            }
        }
        let may_talk = self.outbox.len() < self.talk.in_flight && self.owner.crew.is_going();
        if may_talk && self.due <= now {
            // What could not be said in time is not made up for.
            let jitter = 0.5 + self.rng.f64();
            self.due = (self.due + self.talk.period.mul_f64(jitter)).max(now);
            let said = words(self.room(), self.owner.account.user.id, &mut self.rng);
            let sent_us = self.owner.crew.recorder.elapsed().as_micros() as u64;
            self.owner.crew.meter.sent(said.client_id, sent_us);
            self.outbox.push_back(Pending { said, again: None });
            self.attempt(link, self.outbox.len() - 1).await;
        }
    }

    fn room(&mut self) -> RoomId {
        match &self.talk.rooms[..] {
            [.., quiet] if self.rng.f64() < self.talk.quiet => *quiet,
            [busy @ .., _] if !busy.is_empty() => busy[self.rng.usize(..busy.len())],
            rooms => rooms[0],
        }
    }

    async fn attempt(&mut self, link: &mut Link, nth: usize) {
        let pending = &mut self.outbox[nth];
        pending.again = None;
        let said = pending.said.clone();
        let frame = ClientFrame::Send {
            room: said.room,
            client_id: said.client_id,
            content: said.content.clone(),
            reply_to: None,
        };
        let event = Event::Send { said, node: link.node(), by: Door::Socket };
        self.owner.crew.record(self.owner.process, event);
        link.send(&frame).await;
    }

    fn hear(&mut self, frame: ServerFrame) {
        let (crew, process) = (self.owner.crew.clone(), self.owner.process);
        match frame {
            ServerFrame::Ack { client_id, message } => {
                let message = Arc::new(message);
                let event = Event::Ack { client_id, message: message.clone() };
                let at_us = crew.record(process, event);
                crew.meter.acked(client_id, at_us);
                self.forget(client_id);
                self.wish(message);
            }
            ServerFrame::Nack { client_id, problem, retry } => {
                crew.record(process, Event::Nack { client_id, code: problem.code, retry });
                if !retry {
                    return self.forget(client_id);
                }
                let wait = crew.patience.backoff.wait(1, &mut self.rng);
                let mut pending = self.outbox.iter_mut();
                if let Some(pending) = pending.find(|p| p.said.client_id == client_id) {
                    pending.again = Some(Instant::now() + wait);
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self, client_id: ClientId) {
        self.outbox.retain(|pending| pending.said.client_id != client_id);
    }

    /// Some of what is said is regretted. Where there is no time for that, it is not.
    fn wish(&mut self, message: Arc<Message>) {
        let (share, Talk { edits, deletes, .. }) = (self.rng.f64(), &self.talk);
        if share < edits + deletes {
            let own = Own { message, author: self.owner.account.clone() };
            let wish = Wish { own, is_deletion: share < *deletes };
            let _ = self.owner.crew.wishes.try_send(wish);
        }
    }
}
