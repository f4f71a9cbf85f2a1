//! Removes the guest from a room as an admin, and joins again as the guest.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use shared::ids::RoomId;
use tokio::time::sleep;

use crate::{
    accounts::Account,
    history::Event,
    workload::context::{ClientKind, Context, completion_event},
};

/// The minimum time from a removal to the next join. It is longer than the 2 s in which a removal
/// must reach every socket, so that members send messages that the guest must not see.
const MIN_ABSENCE: Duration = Duration::from_millis(3_500);

pub struct MembershipChurn {
    pub context: Arc<Context>,
    pub process: u32,
    pub admin: Account,
    pub guest: Arc<Account>,
    pub rooms: Vec<RoomId>,
    /// The average time from a join to the next removal.
    pub interval: Duration,
    pub rng: fastrand::Rng,
}

impl MembershipChurn {
    /// Runs until clients must not start new operations. In the end the guest is a member of every
    /// room.
    pub async fn run(mut self) {
        while self.context.sleep_while_running(self.interval.mul_f64(0.5 + self.rng.f64())).await {
            let room = self.rooms[self.rng.usize(..self.rooms.len())];
            let user = self.guest.user.id;
            self.retry_until_done(Event::Remove { room, user }, room).await;
            self.context.sleep_while_running(MIN_ABSENCE.mul_f64(1.0 + self.rng.f64() / 2.0)).await;
            self.retry_until_done(Event::Join { room, user }, room).await;
        }
    }

    /// Retries a removal until it is done or refused, and a join until it is done.
    async fn retry_until_done(&mut self, invocation: Event, room: RoomId) {
        let is_join = matches!(invocation, Event::Join { .. });
        for failures in 0.. {
            if let Some((_, node)) = self.context.nodes.pick(&mut self.rng, None) {
                self.context.record(self.process, invocation.clone());
                let completion = self.attempt(node, room, is_join).await;
                self.context.record(self.process, completion.clone());
                match completion {
                    Event::NoReply | Event::Refused { retry: true, .. } => {}
                    Event::Refused { .. } if is_join => {}
                    _ => return,
                }
            }
            if self.context.is_over(ClientKind::Writer) {
                return;
            }
            sleep(self.context.timeouts.backoff.delay(failures, &mut self.rng)).await;
        }
    }

    async fn attempt(&self, node: SocketAddr, room: RoomId, is_join: bool) -> Event {
        let (api, user) = (&self.context.api, self.guest.user.id);
        if is_join {
            let outcome = api.join(self.guest.session_at(node), room).await;
            completion_event(outcome, |_| Event::Joined { room, user })
        } else {
            let outcome = api.remove_member(self.admin.session_at(node), room, user).await;
            completion_event(outcome, |()| Event::Removed { room, user })
        }
    }
}
