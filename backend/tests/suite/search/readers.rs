//! Only what the caller may read, in the moment of the question.

use serde_json::{Value, json};
use shared::paths;

use super::{room, say, search, summary, texts};
use crate::actors::Cast;

#[tokio::test]
async fn nobody_finds_what_they_may_not_read() {
    let cast = Cast::assemble().await;
    let attic = room(&cast, "Attic").await;
    say(&cast.admin, attic, "the password is swordfish").await;
    let found = ["the password is swordfish"];
    for q in ["swordfish", "~ordfis", "in:Attic", "from:admin -second", "\"is swordfish\""] {
        assert_eq!(texts(&cast.member, q).await, found, "{q}");
    }
    for q in ["swordfish", "~ordfis", "from:admin", "", "sort:relevance swordfish"] {
        assert!(texts(&cast.outsider, q).await.is_empty(), "{q}");
    }
    cast.member.delete(&paths::fill(paths::MEMBERSHIP, &[&attic])).await.is(204);
    for q in ["swordfish", "~ordfis", "password -first"] {
        assert!(texts(&cast.member, q).await.is_empty(), "{q}");
        assert_eq!(summary(&cast.member, q).await.total, 0, "{q}");
    }
    cast.member.put(&paths::fill(paths::MEMBERSHIP, &[&attic]), Value::Null).await.is(200);
    assert_eq!(texts(&cast.member, "swordfish").await, found);
    cast.admin.delete(&paths::fill(paths::ROOM, &[&attic])).await.is(204);
    assert!(texts(&cast.member, "swordfish").await.is_empty());
}

/// Where most of what is said is not the caller's to read, the engine is asked for the rooms too.
#[tokio::test]
async fn a_small_room_beside_a_large_one() {
    let cast = Cast::assemble().await;
    let large = room(&cast, "Large").await;
    cast.member.delete(&paths::fill(paths::MEMBERSHIP, &[&large])).await.is(204);
    for nth in 0..40 {
        say(&cast.admin, large, &format!("disk {nth}")).await;
    }
    say(&cast.admin, cast.room, "disk of the lobby").await;
    for q in ["disk", "disk*", "\"disk\"", "~isk", "disk -tape"] {
        assert_eq!(texts(&cast.member, q).await, ["disk of the lobby"], "{q}");
    }
    assert_eq!(texts(&cast.member, "").await.len(), 3);
}

#[tokio::test]
async fn neighbours_are_of_the_same_room() {
    let cast = Cast::assemble().await;
    let attic = room(&cast, "Attic").await;
    say(&cast.admin, attic, "before the disk").await;
    say(&cast.admin, cast.room, "disk here").await;
    say(&cast.admin, attic, "gone").await;
    let gone = paths::fill(paths::MESSAGE, &[&attic, &2]);
    cast.admin.delete(&gone).await.is(204);
    let found = search(&cast.member, &[("q", "before"), ("context", "true")]).await;
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    assert!(hit.before.is_none());
    let after = hit.after.as_deref().unwrap();
    assert_eq!((after.room, after.seq.0, &*after.content), (attic, 2, ""));
    let posted = json!({"content": "more"});
    cast.admin.post(&paths::fill(paths::MESSAGES, &[&attic]), posted).await.is(201);
}
