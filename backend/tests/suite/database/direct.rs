//! Direct rooms that many requests want at the same time.

use std::collections::BTreeSet;

use serde_json::json;
use shared::{paths, problem::Code, rooms::MyRoom};

use crate::fixture::{Fixture, Person};

/// All of the people ask for their room at the same time, in turn at each server. `people` has each of
/// them as a client of each server. One request creates the room, and the others find it.
pub async fn race(people: &[Vec<Person>]) {
    let mut requests = Vec::new();
    for nth in 0..30 {
        let servers = &people[nth % people.len()];
        let by = servers[nth / people.len() % servers.len()].clone();
        let users: Vec<_> = people.iter().map(|servers| servers[0].user.id).collect();
        requests.push(tokio::spawn(async move {
            by.post(paths::DIRECT, json!({"users": users})).await
        }));
    }
    let (mut rooms, mut created) = (BTreeSet::new(), 0);
    for request in requests {
        let response = request.await.unwrap();
        let is_new = response.status == 201;
        let room: MyRoom = response.expect_json(if is_new { 201 } else { 200 });
        created += usize::from(is_new);
        assert_eq!(room.people.len(), people.len());
        rooms.insert(room.id);
    }
    assert_eq!((rooms.len(), created), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_start_a_room_at_once_get_one() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, .. } = &fixture;
    let posts = async {
        for nth in 0..20 {
            member.post_message(fixture.room, &format!("message {nth}")).await;
        }
    };
    let of = |people: &[&Person]| people.iter().map(|&it| vec![it.clone()]).collect::<Vec<_>>();
    let (pair, trio) = (of(&[admin, member]), of(&[admin, member, outsider]));
    tokio::join!(posts, race(&pair), race(&trio));
}

/// One of the two requests extends the room, and the other one finds or refuses it; none fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_extended_while_others_look_for_it() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let trio = [admin, member, outsider].map(|person| person.user.id);
    let room: MyRoom =
        admin.post(paths::DIRECT, json!({"users": trio[..2]})).await.expect_json(201);
    let requests = (0..24).map(|nth| {
        let by = [admin, member][nth % 2].clone();
        let body = match nth % 3 {
            0 => json!({"users": trio, "from": room.id}),
            1 => json!({"users": trio}),
            _ => json!({"users": trio[..2]}),
        };
        tokio::spawn(async move { by.post(paths::DIRECT, body).await })
    });
    let mut seen = BTreeSet::new();
    for request in requests.collect::<Vec<_>>() {
        let response = request.await.unwrap();
        match response.status {
            200 | 201 => {
                let status = response.status;
                let found: MyRoom = response.expect_json(status);
                let people: Vec<_> = found.people.iter().map(|user| user.id).collect();
                seen.insert((people, found.id));
            }
            _ => drop(response.expect_problem(Code::DirectRoomExists)),
        }
    }
    let of_trio: Vec<_> = seen.iter().filter(|(people, _)| *people == trio).collect();
    assert_eq!(of_trio.len(), 1, "{seen:?}");
}
