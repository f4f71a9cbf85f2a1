//! Deleted and replaced texts leave no trace in the index.

use serde_json::json;
use shared::paths;

use super::{room, texts};
use crate::database::wait_for_metric;
use crate::fixture::{Client, DatabaseKind, Fixture, Process, Storage};

#[tokio::test]
async fn edits_and_deletes_update_the_index_at_once() {
    let fixture = Fixture::start().await;
    fixture.member.post_message(fixture.room, "swordfish").await;
    for q in ["swordfish", "~ordfis", "sword*"] {
        assert_eq!(texts(&fixture.admin, q).await, ["swordfish"], "{q}");
    }
    fixture
        .member
        .patch(&fixture.message_path(3), json!({"content": "trout"}))
        .await
        .expect_status(200);
    for q in ["swordfish", "~ordfis", "sword*"] {
        assert!(texts(&fixture.admin, q).await.is_empty(), "{q}");
    }
    assert_eq!(texts(&fixture.admin, "~rou has:edit").await, ["trout"]);
    fixture
        .member
        .patch(&fixture.message_path(3), json!({"content": "trout again"}))
        .await
        .expect_status(200);
    assert_eq!(texts(&fixture.admin, "trout").await, ["trout again"]);
    fixture.admin.delete(&fixture.message_path(3)).await.expect_status(204);
    for q in ["trout", "~rou", "again"] {
        assert!(texts(&fixture.admin, q).await.is_empty(), "{q}");
    }
}

#[tokio::test]
async fn an_index_of_another_version_is_rebuilt() {
    let fixture = Fixture::start().await;
    fixture.member.post_message(fixture.room, "swordfish").await;
    fixture.member.post_message(fixture.room, "trout").await;
    fixture.member.delete(&fixture.message_path(4)).await.expect_status(204);
    fixture
        .rebuild_index(async || {
            assert!(texts(&fixture.admin, "swordfish").await.is_empty());
        })
        .await;
    assert_eq!(texts(&fixture.admin, "swordfish").await, ["swordfish"]);
    assert_eq!(texts(&fixture.admin, "~ordfis").await, ["swordfish"]);
    assert!(texts(&fixture.admin, "trout").await.is_empty());
    // Deleting updates the rebuilt index.
    fixture.member.delete(&fixture.message_path(3)).await.expect_status(204);
    assert!(texts(&fixture.admin, "swordfish OR ~ordfis").await.is_empty());
}

/// The shutdown merges the write-ahead log into the database file.
#[tokio::test]
async fn deleted_text_leaves_no_trace_in_the_file() {
    if DatabaseKind::selected() != DatabaseKind::Sqlite {
        return;
    }
    let storage = Storage::empty().await;
    let server = Process::start(&storage).await;
    let admin = crate::fixture::register(&Client::new(server.address), "admin").await;
    let new = json!({"name": "Lobby"});
    let lobby: shared::rooms::Room = admin.post(paths::ROOMS, new).await.expect_json(201);
    for nth in 0..200 {
        admin.post_message(lobby.id, &format!("kept {nth} barracuda{nth}")).await;
    }
    admin.post_message(lobby.id, "swordfish in the kitchen").await;
    admin.post_message(lobby.id, "stays").await;
    wait_for_metric(&admin, "hallway_search_backlog 0").await;
    // This one is deleted before it is indexed, or just after.
    admin.post_message(lobby.id, "barramundi").await;
    let path = paths::fill(paths::MESSAGE, &[&lobby.id, &203]);
    admin.delete(&path).await.expect_status(204);
    let path = paths::fill(paths::MESSAGE, &[&lobby.id, &201]);
    admin.delete(&path).await.expect_status(204);
    server.terminate().await;
    assert_eq!(server.wait_exit().await, Some(0));
    let file = std::fs::read(storage.folder().join("hallway.sqlite")).unwrap();
    let contains = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(contains("barracuda1"), "the file must contain the messages that exist");
    for deleted in ["swordfish", "ordfish", "kitchen", "itchen", "barramundi"] {
        assert!(!contains(deleted), "{deleted} is still in the file");
    }
}

#[tokio::test]
async fn deleting_a_room_deletes_its_index() {
    let fixture = Fixture::start().await;
    let attic = room(&fixture, "Attic").await;
    for nth in 0..5 {
        fixture.admin.post_message(attic, &format!("swordfish {nth}")).await;
    }
    fixture.admin.delete(&paths::fill(paths::ROOM, &[&attic])).await.expect_status(204);
    assert!(texts(&fixture.admin, "swordfish").await.is_empty());
}
