//! A search finds only messages that the caller may read at that moment.

use serde_json::{Value, json};
use shared::{ids::UserId, paths, problem::Code, rooms::Room};

use super::{room, search, summary, texts};
use crate::fixture::Fixture;

/// A guest finds the messages of an author who has left, as long as they may read one of them.
#[tokio::test]
async fn a_guest_searches_for_an_author_who_left() {
    let fixture = Fixture::start().await;
    let (member, outsider) = (&fixture.member, &fixture.outsider);
    let new = json!({"name": "Cellar", "kind": "private", "history": "joining"});
    let cellar: Room = member.post(paths::ROOMS, new).await.expect_json(201);
    let seat = |person: UserId| paths::fill(paths::MEMBER, &[&cellar.id, &person]);
    let leaver = fixture.server.register("leaver").await;
    let early = fixture.server.register("early").await;
    for person in [&early, &leaver] {
        member.put(&seat(person.user.id), Value::Null).await.expect_status(200);
    }
    early.post_message(cellar.id, "before the guest").await;
    member.delete(&seat(early.user.id)).await.expect_status(204);
    let rank = paths::fill(paths::USER, &[&outsider.user.id]);
    fixture.admin.patch(&rank, json!({"rank": "guest"})).await.expect_status(200);
    member.put(&seat(outsider.user.id), Value::Null).await.expect_status(200);
    leaver.post_message(cellar.id, "goodbye").await;
    member.delete(&seat(leaver.user.id)).await.expect_status(204);
    assert_eq!(texts(outsider, "from:leaver").await, ["goodbye"]);
    // Of those who wrote only what the guest may not read, nothing says that they exist.
    let refusal = async |name: &str| {
        let path = format!("/api/v1/messages?q=from:{name}");
        let problem = outsider.get(&path).await.expect_problem(Code::InvalidSearch);
        serde_json::to_string(&problem.errors).unwrap().replace(name, "NAME")
    };
    assert_eq!(refusal("early").await, refusal("nobot").await);
    assert_eq!(refusal("admin").await, refusal("nobot").await);
}

#[tokio::test]
async fn a_search_finds_only_readable_messages() {
    let fixture = Fixture::start().await;
    let attic = room(&fixture, "Attic").await;
    fixture.admin.post_message(attic, "the password is swordfish").await;
    let found = ["the password is swordfish"];
    for q in ["swordfish", "~ordfis", "in:Attic", "from:admin -second", "\"is swordfish\""] {
        assert_eq!(texts(&fixture.member, q).await, found, "{q}");
    }
    for q in ["swordfish", "~ordfis", "from:admin", "", "sort:relevance swordfish"] {
        assert!(texts(&fixture.outsider, q).await.is_empty(), "{q}");
    }
    fixture.member.delete(&paths::fill(paths::MEMBERSHIP, &[&attic])).await.expect_status(204);
    for q in ["swordfish", "~ordfis", "password -first"] {
        assert!(texts(&fixture.member, q).await.is_empty(), "{q}");
        assert_eq!(summary(&fixture.member, q).await.total, 0, "{q}");
    }
    fixture
        .member
        .put(&paths::fill(paths::MEMBERSHIP, &[&attic]), Value::Null)
        .await
        .expect_status(200);
    assert_eq!(texts(&fixture.member, "swordfish").await, found);
    fixture.admin.delete(&paths::fill(paths::ROOM, &[&attic])).await.expect_status(204);
    assert!(texts(&fixture.member, "swordfish").await.is_empty());
}

/// If the caller may read only a small share of all messages, the index query also filters by room.
#[tokio::test]
async fn a_search_in_a_small_room_finds_all_beside_a_large_foreign_room() {
    let fixture = Fixture::start().await;
    let large = room(&fixture, "Large").await;
    fixture.member.delete(&paths::fill(paths::MEMBERSHIP, &[&large])).await.expect_status(204);
    for nth in 0..40 {
        fixture.admin.post_message(large, &format!("disk {nth}")).await;
    }
    fixture.admin.post_message(fixture.room, "disk of the lobby").await;
    for q in ["disk", "disk*", "\"disk\"", "~isk", "disk -tape"] {
        assert_eq!(texts(&fixture.member, q).await, ["disk of the lobby"], "{q}");
    }
    assert_eq!(texts(&fixture.member, "").await.len(), 3);
}

#[tokio::test]
async fn neighbours_belong_to_the_same_room() {
    let fixture = Fixture::start().await;
    let attic = room(&fixture, "Attic").await;
    fixture.admin.post_message(attic, "before the disk").await;
    fixture.admin.post_message(fixture.room, "disk here").await;
    fixture.admin.post_message(attic, "gone").await;
    let deleted_message = paths::fill(paths::MESSAGE, &[&attic, &2]);
    fixture.admin.delete(&deleted_message).await.expect_status(204);
    let found = search(&fixture.member, &[("q", "before"), ("context", "true")]).await;
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    assert!(hit.before.is_none());
    let after = hit.after.as_deref().unwrap();
    assert_eq!((after.room, after.seq.0, &*after.content), (attic, 2, ""));
    let posted = json!({"content": "more"});
    fixture.admin.post(&paths::fill(paths::MESSAGES, &[&attic]), posted).await.expect_status(201);
}
