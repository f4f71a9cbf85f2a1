//! Deleted is gone from the index too, and so is what an edit replaced.

use serde_json::json;
use shared::paths;

use super::{room, say, texts};
use crate::actors::{Cast, Client, Home, Kind, Process};

#[tokio::test]
async fn edits_and_deletes_are_in_the_index_at_once() {
    let cast = Cast::assemble().await;
    say(&cast.member, cast.room, "swordfish").await;
    for q in ["swordfish", "~ordfis", "sword*"] {
        assert_eq!(texts(&cast.admin, q).await, ["swordfish"], "{q}");
    }
    cast.member.patch(&cast.message(3), json!({"content": "trout"})).await.is(200);
    for q in ["swordfish", "~ordfis", "sword*"] {
        assert!(texts(&cast.admin, q).await.is_empty(), "{q}");
    }
    assert_eq!(texts(&cast.admin, "~rou has:edit").await, ["trout"]);
    cast.member.patch(&cast.message(3), json!({"content": "trout again"})).await.is(200);
    assert_eq!(texts(&cast.admin, "trout").await, ["trout again"]);
    cast.admin.delete(&cast.message(3)).await.is(204);
    for q in ["trout", "~rou", "again"] {
        assert!(texts(&cast.admin, q).await.is_empty(), "{q}");
    }
}

#[tokio::test]
async fn an_index_of_another_version_is_made_anew() {
    let cast = Cast::assemble().await;
    say(&cast.member, cast.room, "swordfish").await;
    say(&cast.member, cast.room, "trout").await;
    cast.member.delete(&cast.message(4)).await.is(204);
    cast.lose_and_find_the_index(async || {
        assert!(texts(&cast.admin, "swordfish").await.is_empty());
    })
    .await;
    assert_eq!(texts(&cast.admin, "swordfish").await, ["swordfish"]);
    assert_eq!(texts(&cast.admin, "~ordfis").await, ["swordfish"]);
    assert!(texts(&cast.admin, "trout").await.is_empty());
    // What it holds can be taken away again.
    cast.member.delete(&cast.message(3)).await.is(204);
    assert!(texts(&cast.admin, "swordfish OR ~ordfis").await.is_empty());
}

/// Not even in the file, once what was written ahead is folded into it.
#[tokio::test]
async fn nothing_is_left_in_the_file() {
    if Kind::chosen() != Kind::Sqlite {
        return;
    }
    let home = Home::empty().await;
    let server = Process::serve(&home).await;
    let admin = crate::actors::register(&Client::new(server.address), "admin").await;
    let new = json!({"name": "Lobby"});
    let lobby: shared::rooms::Room = admin.post(paths::ROOMS, new).await.read(201);
    for nth in 0..200 {
        say(&admin, lobby.id, &format!("kept {nth} barracuda{nth}")).await;
    }
    say(&admin, lobby.id, "swordfish in the kitchen").await;
    say(&admin, lobby.id, "stays").await;
    let path = paths::fill(paths::MESSAGE, &[&lobby.id, &201]);
    admin.delete(&path).await.is(204);
    server.terminate().await;
    assert_eq!(server.wait().await, Some(0));
    let file = std::fs::read(home.folder().join("hallway.sqlite")).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("barracuda1"), "the test looks in the wrong place");
    for trace in ["swordfish", "ordfish", "kitchen", "itchen"] {
        assert!(!holds(trace), "{trace} is still in the file");
    }
}

#[tokio::test]
async fn a_room_is_deleted_with_all_that_finds_it() {
    let cast = Cast::assemble().await;
    let attic = room(&cast, "Attic").await;
    for nth in 0..5 {
        say(&cast.admin, attic, &format!("swordfish {nth}")).await;
    }
    cast.admin.delete(&paths::fill(paths::ROOM, &[&attic])).await.is(204);
    assert!(texts(&cast.admin, "swordfish").await.is_empty());
}
