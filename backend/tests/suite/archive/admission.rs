//! What an archive has besides rooms and messages: invitations, the bin, deleted accounts, and no bans of
//! members.

use hallway::tables::Database;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::{
    paths,
    problem::Code,
    rooms::Room,
    users::{DELETED_USERNAME, User},
};

use super::{export, import, with_checksum};
use crate::{
    database::query_number,
    fixture::{Client, Fixture, PASSWORD, Process, Storage, all_messages, sign_in},
    search::texts,
};

#[tokio::test]
async fn invitations_and_the_bin_go_along() {
    let fixture = Fixture::start().await;
    let request = json!({"rooms": [fixture.room], "uses": 5});
    let invited = fixture.member.post(paths::INVITATIONS, request).await.expect_status(201);
    let token = json!({"token": invited["token"]});
    fixture.outsider.post(paths::INVITATION_ACCEPT, token.clone()).await.expect_status(200);
    let new = json!({"name": "Attic"});
    let attic: Room = fixture.admin.post(paths::ROOMS, new).await.expect_json(201);
    fixture.admin.post_message(attic.id, "swordfish").await;
    let (path, topic) = (paths::fill(paths::ROOM, &[&attic.id]), json!({"topic": "Fish"}));
    fixture.admin.patch(&path, topic).await.expect_status(200);
    fixture.admin.delete(&path).await.expect_status(204);

    let text = export(fixture.server.storage()).await;
    assert!(text.contains("\"binned_at\"") && text.contains("{\"invitation\":"), "{text}");
    assert!(!text.contains(invited["token"].as_str().unwrap()), "the token is in the archive");
    let storage = Storage::empty().await;
    import(&storage, &text).await;
    assert!(export(&storage).await == text, "the second archive differs");
    let db = Database::open_existing(&storage.url(), 2).await.unwrap();
    let purges = "SELECT count(*) FROM jobs WHERE kind = 'purge_room'";
    assert_eq!(query_number(&db.reader, purges).await, 1);
    db.close().await.unwrap();
    let server = Process::start(&storage).await;
    let anon = Client::new(server.address);
    let admin = sign_in(&anon, "admin").await;
    // The link goes on working, and is counted on.
    let new = json!({"username": "visitor", "password": PASSWORD, "invitation": token["token"]});
    anon.post(paths::USERS, new).await.expect_status(201);
    let list = admin.get(&format!("{}?all=true", paths::INVITATIONS)).await.text;
    assert!(list.contains("outsider") && list.contains("visitor"), "{list}");
    assert_eq!(texts(&admin, "swordfish").await, Vec::<String>::new());
    // The name is free, and the room is there as soon as it is restored.
    let restore = paths::fill(paths::RESTORE, &[&attic.id]);
    admin.post(&restore, Value::Null).await.expect_status(200);
    assert_eq!(texts(&admin, "swordfish").await, ["swordfish"]);
    let events = admin.get(&paths::fill(paths::EVENTS, &[&attic.id])).await.text;
    assert!(events.contains("topic_changed"), "{events}");
}

#[tokio::test]
async fn an_admin_who_enters_after_a_ban_goes_along_as_a_member() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member: host, .. } = &fixture;
    let new = json!({"name": "Cellar", "kind": "private"});
    let cellar: Room = host.post(paths::ROOMS, new).await.expect_json(201);
    let path = paths::fill(paths::MEMBER, &[&cellar.id, &admin.user.id]);
    host.put(&path, Value::Null).await.expect_status(200);
    host.delete(&format!("{path}?ban=true")).await.expect_status(204);
    let enter = paths::fill(paths::ADMIN_ROOM_ENTER, &[&cellar.id]);
    admin.post(&enter, Value::Null).await.expect_status(200);
    let text = export(fixture.server.storage()).await;
    let storage = Storage::empty().await;
    import(&storage, &text).await;
    assert!(export(&storage).await == text, "the second archive differs");
}

/// As in the database of an older version, and in an archive of it.
#[tokio::test]
async fn the_ban_of_a_current_member_is_left_out() {
    let fixture = Fixture::start().await;
    let (room, user, by) = (fixture.room, fixture.member.user.id, fixture.admin.user.id);
    let ban = format!(
        "INSERT INTO room_bans (room_id, user_id, banned_by, created_at) \
         VALUES ({room}, {user}, {by}, 1700000000000000)"
    );
    fixture.server.database().writer.execute_unprepared(&ban).await.unwrap();
    let text = export(fixture.server.storage()).await;
    assert!(!text.contains("\"ban\""), "{text}");
    let member = format!("{{\"member\":{{\"room\":{room},\"user\":{user},");
    assert!(text.contains(&member), "{text}");
    let ban = format!("\"ban\":{{\"by\":{by},\"created_at\":\"2023-11-14T22:13:20Z\"}},");
    let old = with_checksum(&text.replace(&member, &format!("{member}{ban}")));
    for archive in [&text, &old] {
        let storage = Storage::empty().await;
        import(&storage, archive).await;
        assert!(export(&storage).await == text, "the second archive differs");
    }
}

#[tokio::test]
async fn a_deletion_that_is_not_finished_is_finished_after_the_import() {
    let fixture = Fixture::start().await;
    let id = fixture.member.user.id;
    let request = json!({"password": PASSWORD, "messages": "delete"});
    fixture.member.call("DELETE", paths::ME, request).await.expect_status(204);
    let text = export(fixture.server.storage()).await;
    assert!(text.contains("\"deletes_messages\":true"), "the deletion is finished already");
    let storage = Storage::empty().await;
    import(&storage, &text).await;
    assert!(export(&storage).await == text, "the second archive differs");
    // A deleted account without the flag stays as it is.
    let kept = Storage::empty().await;
    import(&kept, &with_checksum(&text.replace(",\"deletes_messages\":true", ""))).await;
    for (storage, has_text) in [(storage, false), (kept, true)] {
        let server = Process::start(&storage).await;
        let anon = Client::new(server.address);
        let sign_in_again = json!({"username": "member", "password": PASSWORD});
        anon.post(paths::SESSIONS, sign_in_again).await.expect_problem(Code::InvalidCredentials);
        let admin = sign_in(&anon, "admin").await;
        let user: User = admin.get(&paths::fill(paths::USER, &[&id])).await.expect_json(200);
        assert_eq!((&*user.username, user.is_deleted), (DELETED_USERNAME, true));
        let start = std::time::Instant::now();
        while texts(&admin, "first").await.is_empty() == has_text {
            assert!(start.elapsed() < crate::fixture::TIMEOUT, "has a text: {}", !has_text);
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let first = &all_messages(&admin, fixture.room).await[0];
        assert_eq!((first.user.id, first.content.is_empty()), (id, !has_text));
    }
}
