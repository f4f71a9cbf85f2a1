//! A search finds only messages that the caller may read at that moment.

use serde_json::{Value, json};
use shared::paths;

use super::{room, search, summary, texts};
use crate::fixture::Fixture;

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
