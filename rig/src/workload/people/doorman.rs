//! The admin puts the guest out of a room, and the guest comes in again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use shared::ids::RoomId;
use tokio::time::sleep;

use super::end_of;
use crate::{
    history::Event,
    workload::{
        crew::{Crew, Role},
        rest::Way,
        stage::Account,
    },
};

/// How long the guest stays out at least: longer than a removal may take to reach everything, so
/// that something is said which must not be heard.
const OUT_FOR: Duration = Duration::from_millis(3_500);

/// Puts the guest out, again and again.
pub struct Doorman {
    /// Everybody.
    pub crew: Arc<Crew>,
    /// Which process.
    pub process: u32,
    /// Who puts out.
    pub admin: Arc<Account>,
    /// Who is put out.
    pub guest: Arc<Account>,
    /// Of which rooms.
    pub rooms: Vec<RoomId>,
    /// Between coming in and being put out again.
    pub every: Duration,
    /// Chance.
    pub rng: fastrand::Rng,
}

impl Doorman {
    /// Until nothing new is to be begun, and the guest is in every room.
    pub async fn run(mut self) {
        while self.crew.pause(self.every.mul_f64(0.5 + self.rng.f64())).await {
            let room = self.rooms[self.rng.usize(..self.rooms.len())];
            let user = self.guest.user.id;
            self.until_done(room, false, Event::Remove { room, user }).await;
            self.crew.pause(OUT_FOR.mul_f64(1.0 + self.rng.f64() / 2.0)).await;
            self.until_done(room, true, Event::Join { room, user }).await;
        }
    }

    /// Asks until it is done, or the time is over. Whoever is to be put out and cannot be is not;
    /// whoever is to come in must.
    async fn until_done(&mut self, room: RoomId, is_join: bool, asked: Event) {
        for failures in 0.. {
            if let Some((_, address)) = self.crew.nodes.pick(&mut self.rng, None) {
                self.crew.record(self.process, asked.clone());
                let end = self.ask(address, room, is_join).await;
                self.crew.record(self.process, end.clone());
                match end {
                    Event::Lost | Event::Refused { retry: true, .. } => {}
                    Event::Refused { .. } if is_join => {}
                    _ => return,
                }
            }
            if self.crew.is_over(Role::Writes) {
                return;
            }
            sleep(self.crew.patience.backoff.wait(failures, &mut self.rng)).await;
        }
    }

    async fn ask(&self, address: SocketAddr, room: RoomId, is_join: bool) -> Event {
        let (rest, user) = (&self.crew.rest, self.guest.user.id);
        if is_join {
            let way = Way { address, token: &self.guest.token };
            end_of(rest.join(way, room).await, |_| Event::Joined { room, user })
        } else {
            let way = Way { address, token: &self.admin.token };
            end_of(rest.remove(way, room, user).await, |()| Event::Removed { room, user })
        }
    }
}
