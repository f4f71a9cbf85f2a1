//! Somebody who says the same thing twice: through two nodes at once, again after a long time, or
//! because the first request was cancelled half way.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use shared::{
    ids::{ClientId, RoomId},
    live::{ClientFrame, ServerFrame},
};
use tokio::time::{sleep, timeout};

use super::words;
use crate::{
    history::{Door, Event, Said},
    workload::{
        crew::Role,
        frames::Frame,
        link::{Heard, Link, Owner},
        rest::{Outcome, Way},
    },
};

/// What was said before and may be said again.
const REMEMBERED: usize = 500;
/// A request that is cancelled is so within this time, in microseconds.
const CANCELLED_WITHIN_US: u64 = 10_000;

/// Somebody who says the same thing twice. `owner` is the device with a socket; the other one, of
/// another process, asks by REST.
pub struct Racer {
    /// The device with a socket.
    pub owner: Owner,
    /// The process of the other one.
    pub other: u32,
    /// Where.
    pub rooms: Vec<RoomId>,
    /// Between two times, on average.
    pub every: Duration,
    /// Chance.
    pub rng: fastrand::Rng,
}

/// What is known of a message after an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Ended,
    Open,
}

impl Racer {
    /// Until nothing new is to be begun.
    pub async fn run(mut self) {
        let (mut past, mut link): (Vec<Arc<Said>>, _) = (Vec::new(), None);
        while self.owner.crew.pause(self.every.mul_f64(0.5 + self.rng.f64())).await {
            let act = self.rng.u8(..3);
            if act == 0 && !past.is_empty() {
                let said = past[self.rng.usize(..past.len())].clone();
                self.settle(&said, Known::Open).await;
                continue;
            }
            let room = self.rooms[self.rng.usize(..self.rooms.len())];
            let said = words(room, self.owner.account.user.id, &mut self.rng);
            let sent_us = self.owner.crew.recorder.elapsed().as_micros() as u64;
            self.owner.crew.meter.sent(said.client_id, sent_us);
            let known = if act == 1 {
                self.cancel(&said).await
            } else {
                let (kept, known) = self.race(link.take(), &said).await;
                link = kept;
                known
            };
            self.settle(&said, known).await;
            if past.len() < REMEMBERED {
                past.push(said);
            } else {
                past[self.rng.usize(..REMEMBERED)] = said;
            }
        }
        if let Some(link) = link {
            link.hang_up();
        }
    }

    /// Through two nodes at once, if there are two.
    async fn race(&mut self, link: Option<Link>, said: &Arc<Said>) -> (Option<Link>, Known) {
        let link = match link {
            Some(link) => Some(link),
            None => self.owner.dial(&mut self.rng, None, Duration::ZERO).await,
        };
        let Some(link) = link else { return (None, Known::Open) };
        let Some(to) = self.owner.crew.nodes.pick(&mut self.rng, Some(link.node())) else {
            return (Some(link), Known::Open);
        };
        let (by_socket, by_rest) = tokio::join!(self.by_socket(link, said), self.post(to, said));
        let (link, known) = by_socket;
        (link, if by_rest == Known::Ended { by_rest } else { known })
    }

    async fn by_socket(&self, mut link: Link, said: &Arc<Said>) -> (Option<Link>, Known) {
        let (crew, process) = (&self.owner.crew, self.owner.process);
        let (client_id, room) = (said.client_id, said.room);
        let event = Event::Send { said: said.clone(), node: link.node(), by: Door::Socket };
        crew.record(process, event);
        let content = said.content.clone();
        link.send(&ClientFrame::Send { room, client_id, content, reply_to: None }).await;
        let within = crew.patience.answer;
        let event = timeout(within, answer(&mut link, client_id)).await.ok().flatten();
        match event {
            Some(event) => {
                let known = self.end(process, client_id, event);
                (Some(link), known)
            }
            None => {
                link.hang_up();
                (None, self.end(process, client_id, Event::Unknown { client_id }))
            }
        }
    }

    /// By REST, and gone before the answer, perhaps before the request.
    async fn cancel(&mut self, said: &Arc<Said>) -> Known {
        let Some(to) = self.owner.crew.nodes.pick(&mut self.rng, None) else { return Known::Open };
        let until = Duration::from_micros(self.rng.u64(..CANCELLED_WITHIN_US));
        match timeout(until, self.post(to, said)).await {
            Ok(known) => known,
            Err(_) => {
                let client_id = said.client_id;
                self.end(self.other, client_id, Event::Unknown { client_id })
            }
        }
    }

    /// By REST until it is acknowledged or refused, or the time is over.
    async fn settle(&mut self, said: &Arc<Said>, mut known: Known) {
        for failures in 0.. {
            if known == Known::Ended || self.owner.crew.is_over(Role::Writes) {
                return;
            }
            if failures > 0 {
                sleep(self.owner.crew.patience.backoff.wait(failures, &mut self.rng)).await;
            }
            if let Some(to) = self.owner.crew.nodes.pick(&mut self.rng, None) {
                known = self.post(to, said).await;
            }
        }
    }

    async fn post(&self, (node, address): (u32, SocketAddr), said: &Arc<Said>) -> Known {
        let (crew, client_id) = (&self.owner.crew, said.client_id);
        crew.record(self.other, Event::Send { said: said.clone(), node, by: Door::Rest });
        let way = Way { address, token: &self.owner.account.token };
        let event = match crew.rest.post(way, said).await {
            Outcome::Done(message) => Event::Ack { client_id, message: message.into() },
            Outcome::Refused(code) => Event::Nack { client_id, code, retry: code.is_retryable() },
            Outcome::Lost => Event::Unknown { client_id },
        };
        self.end(self.other, client_id, event)
    }

    fn end(&self, process: u32, client_id: ClientId, event: Event) -> Known {
        let known = match &event {
            Event::Ack { .. } | Event::Nack { retry: false, .. } => Known::Ended,
            _ => Known::Open,
        };
        let is_ack = matches!(event, Event::Ack { .. });
        let at_us = self.owner.crew.record(process, event);
        if is_ack {
            self.owner.crew.meter.acked(client_id, at_us);
        }
        known
    }
}

/// The answer to a message, if the link lasts so long.
async fn answer(link: &mut Link, name: ClientId) -> Option<Event> {
    loop {
        let frame = match link.next().await {
            Heard::Frame(Frame::Other(frame)) => *frame,
            Heard::Frame(_) | Heard::Echo(_) => continue,
            Heard::End => return None,
        };
        match frame {
            ServerFrame::Ack { client_id, message } if client_id == name => {
                return Some(Event::Ack { client_id, message: message.into() });
            }
            ServerFrame::Nack { client_id, problem, retry } if client_id == name => {
                return Some(Event::Nack { client_id, code: problem.code, retry });
            }
            _ => {}
        }
    }
}
