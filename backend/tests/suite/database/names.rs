//! Names that many requests want at the same time.

use serde_json::json;
use shared::{ids::RoomId, paths, problem::Code, rooms::Room};

use crate::fixture::{Fixture, PASSWORD, Person};

/// How many requests of a race create a room, and how many rename one.
const CREATES: usize = 20;
const RENAMES: usize = 20;

/// Creates the rooms that [`race`] renames.
pub async fn rooms_to_rename(admin: &Person) -> Vec<RoomId> {
    let mut rooms = Vec::new();
    for nth in 0..RENAMES {
        let new = json!({"name": format!("Room {nth}")});
        let room: Room = admin.post(paths::ROOMS, new).await.expect_json(201);
        rooms.push(room.id);
    }
    rooms
}

/// Creates and renames rooms to one name at the same time, in turn at each server. One request must
/// succeed, and all others must be told that the name is taken.
pub async fn race(admins: &[Person], rooms: &[RoomId], name: &str) {
    let mut requests = Vec::new();
    for nth in 0..CREATES.max(RENAMES) {
        let admin = &admins[nth % admins.len()];
        // Names that differ only in case are equal.
        let name = if nth.is_multiple_of(2) { name.to_owned() } else { name.to_uppercase() };
        if nth < CREATES {
            let (admin, new) = (admin.clone(), json!({"name": name}));
            requests.push(tokio::spawn(async move { admin.post(paths::ROOMS, new).await }));
        }
        if let Some(room) = rooms.get(nth) {
            let (admin, path) = (admin.clone(), paths::fill(paths::ROOM, &[room]));
            let change = json!({"name": name});
            requests.push(tokio::spawn(async move { admin.patch(&path, change).await }));
        }
    }
    let mut winners = 0;
    for request in requests {
        let response = request.await.unwrap();
        if response.status < 300 {
            winners += 1;
        } else {
            let problem = response.expect_problem(Code::RoomNameTaken);
            assert_eq!(problem.errors[0].field, "name");
        }
    }
    assert_eq!(winners, 1, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_concurrent_rooms_gets_a_name() {
    let fixture = Fixture::start().await;
    let rooms = rooms_to_rename(&fixture.admin).await;
    for name in ["attic", "cellar", "garden"] {
        race(std::slice::from_ref(&fixture.admin), &rooms, name).await;
    }
}

/// A refused rename must not disturb the writes that share its batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_posted_during_a_race_for_a_name() {
    let fixture = Fixture::start().await;
    let rooms = rooms_to_rename(&fixture.admin).await;
    let posts = async {
        for nth in 0..30 {
            fixture.member.post_message(fixture.room, &format!("message {nth}")).await;
        }
    };
    let races = async {
        for name in ["attic", "cellar", "garden"] {
            race(std::slice::from_ref(&fixture.admin), &rooms, name).await;
        }
    };
    tokio::join!(posts, races);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_concurrent_accounts_gets_a_name() {
    let fixture = Fixture::start().await;
    let register = |nth: usize| {
        let name = if nth.is_multiple_of(2) { "newcomer" } else { "NewComer" };
        let (anon, new) = (fixture.anon.clone(), json!({"username": name, "password": PASSWORD}));
        tokio::spawn(async move { anon.post(paths::USERS, new).await })
    };
    let requests: Vec<_> = (0..10).map(register).collect();
    let mut winners = 0;
    for request in requests {
        let response = request.await.unwrap();
        match response.status {
            201 => winners += 1,
            _ => drop(response.expect_problem(Code::UsernameTaken)),
        }
    }
    assert_eq!(winners, 1);
}
