//! The name of a room that somebody does not see is free: it would tell that the room exists.

use serde_json::{Value, json};
use shared::{
    access::{History, Rank, RoomKind},
    paths,
};

use super::world::{Actor, World};

#[tokio::test]
async fn the_name_of_an_unseen_room_is_free() {
    let world = World::start().await;
    let secret = world.room(RoomKind::Private, History::All).target.name.clone();
    let admin = world.person(Actor::AdminOutside);
    let member = world.person(Actor::Outsider);
    let new = |name: &str, kind: RoomKind| json!({"name": name, "kind": kind});
    member.post(paths::ROOMS, new(&secret, RoomKind::Private)).await.expect_status(201);
    let other = admin.post(paths::ROOMS, new("Other", RoomKind::Open)).await.expect_status(201);
    let path = format!("{}/{}", paths::ROOMS, other["id"]);
    for name in [secret.to_uppercase(), "Other".to_owned()] {
        admin.patch(&path, json!({"name": name})).await.expect_status(200);
    }
    // The classic endpoint too.
    let classic = format!("/rooms/{}/", other["id"]);
    admin.patch(&classic, json!({"name": secret})).await.expect_status(200);
    admin.delete(&path).await.expect_status(204);
    admin.post("/rooms/", json!({"name": secret})).await.expect_status(201);
    // The private room keeps its name, and can become open only with another.
    let private = world.room(RoomKind::Private, History::All).target.room;
    let path = paths::fill(paths::ROOM, &[&private]);
    let taken = world.founder.patch(&path, json!({"kind": "open"})).await.expect_status(409);
    assert_eq!(taken["code"], "room_name_taken");
    world.founder.patch(&path, json!({"topic": "still here"})).await.expect_status(200);
}

/// A guest gets the same answer for the name of a stranger as for one that nobody has.
#[tokio::test]
async fn a_guest_cannot_guess_the_names_of_strangers() {
    let world = World::start().await;
    let stranger = world.server.person("xqstranger", Rank::Member).await;
    let guest = world.person(Actor::GuestInside);
    for operator in ["from", "mentions"] {
        let ask = async |name: &str| {
            let path = format!("{}?q={operator}:{name}", paths::SEARCH);
            let problem = guest.get(&path).await.expect_status(400);
            problem["detail"].as_str().unwrap().replace(name, "NAME")
        };
        assert_eq!(ask("xqstranger").await, ask("xqnobodyxx").await);
        let known = format!("{}?q={operator}:Member", paths::SEARCH);
        guest.get(&known).await.expect_status(200);
        // A member knows all accounts.
        let path = format!("{}?q={operator}:xqstranger", paths::SEARCH);
        world.person(Actor::Outsider).get(&path).await.expect_status(200);
    }
    let path = paths::fill(paths::USER, &[&stranger.user.id]);
    guest.get(&path).await.expect_status(404);
    let people = guest.get(&format!("{}?q=xqstranger", paths::PEOPLE)).await.expect_status(200);
    assert_eq!(people["people"], Value::Array(Vec::new()));
}
