//! Every way in ends with every kind of revocation, within 2 s: the table of events, credentials and
//! what the credentials hold open. On SQLite one node, else two: what happens on the first must reach
//! the second, with Redis and without.

mod access;
mod events;
mod log;
mod roles;
mod sessions;
mod world;

use std::time::Instant;

use access::{Access, CREDENTIALS, OpenConnections};
use events::{EVENTS, Event, Expected};
use futures_util::future::join_all;
use world::World;

use crate::fixture::REVOCATION_MAX_DELAY;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_access_ends_with_every_revocation() {
    check_table(World::start(true).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn every_access_ends_with_every_revocation_without_redis() {
    check_table(World::start(false).await).await;
}

async fn check_table(world: World) {
    let room = world.create_long_room().await;
    for event in EVENTS {
        let victim = world.add_victim(room, event).await;
        let mut held = Vec::new();
        for credential in CREDENTIALS {
            let access = victim.access(credential);
            held.push(OpenConnections::open(&world, room, access).await);
        }
        event.trigger(&world, room, &victim).await;
        let start = Instant::now();
        let checks = held.into_iter().map(|held| held.check(&world, room, event, start));
        let still_open: Vec<_> = join_all(checks).await.into_iter().flatten().collect();
        if !still_open.is_empty() {
            world.admin().post_message(room, "still here?").await;
            for socket in still_open {
                socket.expect_message("still here?").await;
            }
        }
    }
}

/// Fails if more than [`REVOCATION_MAX_DELAY`] has passed.
fn check_time(start: Instant, label: &str) {
    let elapsed = start.elapsed();
    assert!(elapsed < REVOCATION_MAX_DELAY, "{label}: after {elapsed:?}");
}

impl Event {
    fn label(self, access: &Access, held: &str) -> String {
        format!("{self:?}, {:?}, {held}", access.credential)
    }

    fn ends(self, access: &Access) -> bool {
        use Expected::{NoSuchRoom, NotAMember, SignedOut};
        matches!(self.expected(access.credential), SignedOut | NotAMember | NoSuchRoom)
    }
}
