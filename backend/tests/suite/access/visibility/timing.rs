//! The time of an answer does not tell whether a room exists. A rough check: it finds another number of
//! queries, not a cache miss.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::{
    access::{History, RoomKind},
    ids::RoomId,
    paths,
};

use super::world::{Actor, Target, World};
use crate::fixture::Person;

const ROUNDS: usize = 61;
/// How many times as long the one may take as the other.
const RATIO_MAX: f64 = 3.0;

async fn time(
    person: &Person,
    (method, template, body): (&str, &str, &Value),
    room: RoomId,
) -> Duration {
    let path = paths::fill(template, &[&room]);
    let start = Instant::now();
    person.call(method, &path, body.clone()).await.expect_status(404);
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unseen_room_is_answered_as_fast_as_one_that_does_not_exist() {
    let world = World::start().await;
    let room = world.room(RoomKind::Private, History::All).target.room;
    let admin = world.person(Actor::AdminOutside);
    for call in [
        ("GET", paths::ROOM, Value::Null),
        ("GET", paths::MESSAGES, Value::Null),
        ("GET", paths::EXPORT, Value::Null),
        ("POST", paths::MESSAGES, json!({"content": "mine"})),
        ("PUT", paths::MEMBERSHIP, Value::Null),
    ] {
        let (mut unseen, mut missing) = (Vec::new(), Vec::new());
        // Alternately, so that both meet the same load.
        for _ in 0..ROUNDS {
            let call = (call.0, call.1, &call.2);
            unseen.push(time(admin, call, room).await);
            missing.push(time(admin, call, Target::phantom().room).await);
        }
        let (unseen, missing) = (median(unseen), median(missing));
        let ratio = unseen / missing;
        assert!(
            (1.0 / RATIO_MAX..RATIO_MAX).contains(&ratio),
            "{} {}: {unseen:.6} s if the room exists, {missing:.6} s if not",
            call.0,
            call.1
        );
    }
}
