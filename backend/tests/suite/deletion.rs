//! Deleted accounts: what ends at once, what stays, and what the server does in the background, also after
//! a crash.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::{
    access::Role,
    ids::{RoomId, UserId},
    live::CloseCode,
    messages::Row,
    paths,
    problem::Code,
    rooms::{MemberList, MyRoom, Room},
    users::{DELETED_USERNAME, User},
};

use crate::{
    api::revoked::basic,
    database::{query_number, refuse, wait_for_metric, wait_for_number},
    fixture::{
        Client, Fixture, LiveSocket, PASSWORD, Person, Process, REVOCATION_MAX_DELAY, TIMEOUT,
        all_messages, changes, template,
    },
    search::texts,
};

async fn delete_me(person: &Person, messages: &str) {
    let request = json!({"password": PASSWORD, "messages": messages});
    person.call("DELETE", paths::ME, request).await.expect_status(204);
}

async fn delete_other(by: &Person, id: UserId, messages: &str) -> crate::fixture::Response {
    by.call("DELETE", &paths::fill(paths::USER, &[&id]), json!({ "messages": messages })).await
}

async fn members(client: &Client, room: RoomId) -> Vec<(String, Role)> {
    let list: MemberList =
        client.get(&paths::fill(paths::MEMBERS, &[&room])).await.expect_json(200);
    let members = list.members.into_iter().map(|listing| listing.member);
    members.map(|member| (member.user.username, member.role)).collect()
}

/// The SQL that counts the messages of an account that are not deleted.
fn count_messages(user: UserId) -> String {
    format!("SELECT count(*) FROM messages WHERE user_id = {user} AND deleted_at IS NULL")
}

/// The SQL that counts the rooms, direct ones left out, in which an account is.
fn count_rooms(user: UserId) -> String {
    format!(
        "SELECT count(*) FROM members JOIN rooms ON rooms.id = members.room_id \
         WHERE user_id = {user} AND NOT has_left AND kind <> 'direct'"
    )
}

#[tokio::test]
async fn all_access_ends_at_once() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let mut live = LiveSocket::in_room(member, fixture.room).await;
    let with_password = fixture.anon.with_authorization(&basic("member", PASSWORD));
    with_password.get(paths::ME).await.expect_status(200);
    let invited = member.post(paths::INVITATIONS, json!({})).await.expect_status(201);
    let token = json!({"token": invited["token"]});
    let wrong = json!({"password": "wrong horse", "messages": "keep"});
    member.call("DELETE", paths::ME, wrong).await.expect_field_error("password", "is wrong");
    member.call("DELETE", paths::ME, json!({"password": PASSWORD})).await.expect_status(422);
    member.get(paths::ME).await.expect_status(200);

    let request = json!({"password": PASSWORD, "messages": "keep"});
    let response = member.call("DELETE", paths::ME, request).await;
    assert!(response.header("set-cookie").contains("Max-Age=0"), "{response:?}");
    response.expect_status(204);
    let start = Instant::now();
    assert_eq!(live.socket.wait_close().await, Some(CloseCode::SessionEnded as u16));
    assert!(start.elapsed() < REVOCATION_MAX_DELAY);
    member.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    with_password.get(paths::ME).await.expect_status(401);
    let sign_in = json!({"username": "member", "password": PASSWORD});
    fixture.anon.post(paths::SESSIONS, sign_in).await.expect_problem(Code::InvalidCredentials);
    fixture
        .outsider
        .post(paths::INVITATION_ACCEPT, token)
        .await
        .expect_problem(Code::InvitationInvalid);
}

#[tokio::test]
async fn the_messages_stay_under_another_name() {
    let fixture = Fixture::start().await;
    let id = fixture.member.user.id;
    let profile = json!({"display_name": "Ada", "pronouns": "she/her", "status": {"text": "Away"}});
    fixture.member.patch(paths::MY_PROFILE, profile).await.expect_status(200);
    delete_me(&fixture.member, "keep").await;
    let deleted: User = fixture.admin.get(&paths::fill(paths::USER, &[&id])).await.expect_json(200);
    assert_eq!((&deleted.display_name, &deleted.pronouns, &deleted.status), (&None, &None, &None));
    assert_eq!((&*deleted.username, deleted.is_deleted), (DELETED_USERNAME, true));
    let messages = all_messages(&fixture.admin, fixture.room).await;
    assert_eq!((messages[0].user.name(), &*messages[0].content), (DELETED_USERNAME, "first"));
    assert_eq!(messages[0].user.id, id);
    let from = format!("{}?q=from:member", paths::SEARCH);
    fixture.admin.get(&from).await.expect_problem(Code::InvalidSearch);
    assert_eq!(texts(&fixture.admin, "first").await, ["first"]);
    let accounts = fixture.admin.get(paths::USERS).await.text;
    assert!(!accounts.contains(DELETED_USERNAME), "{accounts}");

    wait_for_number(&fixture.server.database().reader, &count_rooms(id), 0).await;
    assert_eq!(members(&fixture.admin, fixture.room).await, [("admin".to_owned(), Role::Host)]);
    let rows = changes(&fixture.admin, fixture.room, 0).await.changes.into_iter();
    let left = rows.filter_map(|change| match change.row {
        Row::Member(member) if member.left => Some(member.user.username),
        _ => None,
    });
    // One is the change of the row, the others are earlier events.
    assert_eq!(left.collect::<BTreeSet<_>>(), BTreeSet::from([DELETED_USERNAME.to_owned()]));
}

#[tokio::test]
async fn the_name_can_be_taken_again_but_not_that_of_deleted_accounts() {
    let fixture = Fixture::start().await;
    delete_me(&fixture.member, "keep").await;
    let new = fixture.server.register("member").await;
    assert_ne!(new.user.id, fixture.member.user.id);
    fixture.admin.post_message(fixture.room, "hello @member").await;
    // The messages of the old account are not those of the new one.
    assert_eq!(texts(&fixture.admin, "from:member").await, Vec::<String>::new());
    let deleted = json!({"username": "DELETED account", "password": PASSWORD});
    fixture.anon.post(paths::USERS, deleted).await.expect_problem(Code::UsernameTaken);
    // A second one has the same name.
    delete_me(&new, "keep").await;
}

#[tokio::test]
async fn the_ladder_decides_who_deletes_whom() {
    let fixture = Fixture::start().await;
    let (owner, admin) = (&fixture.admin, &fixture.member);
    let (owner_id, admin_id, id) = (owner.user.id, admin.user.id, fixture.outsider.user.id);
    let path = paths::fill(paths::USER, &[&admin_id]);
    owner.patch(&path, json!({"rank": "admin"})).await.expect_status(200);
    delete_other(admin, owner_id, "keep").await.expect_problem(Code::OwnerOnly);
    delete_other(admin, admin_id, "keep").await.expect_problem(Code::RankTooLow);
    delete_other(&fixture.outsider, admin_id, "keep").await.expect_problem(Code::AdminOnly);
    delete_other(admin, UserId(99), "keep").await.expect_problem(Code::NotFound);
    delete_other(admin, id, "keep").await.expect_status(204);
    fixture.outsider.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    // A deleted account is none: it can neither be deleted nor enabled.
    delete_other(admin, id, "keep").await.expect_problem(Code::NotFound);
    let deleted = paths::fill(paths::USER, &[&id]);
    owner.patch(&deleted, json!({"is_disabled": false})).await.expect_problem(Code::NotFound);
    let password = paths::fill(paths::USER_PASSWORD, &[&id]);
    owner.post(&password, Value::Null).await.expect_problem(Code::NotFound);
    let request = json!({"password": PASSWORD, "messages": "keep"});
    owner.call("DELETE", paths::ME, request).await.expect_problem(Code::LastOwner);
    delete_other(owner, admin_id, "keep").await.expect_status(204);
}

#[tokio::test]
async fn a_private_room_gets_another_host_and_a_direct_room_stays() {
    let fixture = Fixture::start().await;
    let (member, id) = (&fixture.member, fixture.member.user.id);
    let new = json!({"name": "Den", "kind": "private"});
    let den: Room = member.post(paths::ROOMS, new).await.expect_json(201);
    let outsider = paths::fill(paths::MEMBER, &[&den.id, &fixture.outsider.user.id]);
    member.put(&outsider, Value::Null).await.expect_status(200);
    let users = json!({"users": [fixture.outsider.user.id]});
    let direct: MyRoom = member.post(paths::DIRECT, users).await.expect_json(201);
    member.post_message(direct.id, "bye").await;
    delete_me(member, "keep").await;
    let reader = &fixture.server.database().reader;
    wait_for_number(reader, &count_rooms(id), 0).await;
    assert_eq!(members(&fixture.outsider, den.id).await, [("outsider".to_owned(), Role::Host)]);
    let readers = format!(
        "SELECT count(*) FROM members WHERE user_id = {id} AND room_role = 'reader' \
         AND NOT has_left"
    );
    wait_for_number(reader, &readers, 1).await;
    let live = LiveSocket::open(&fixture.outsider).await;
    let room = live.rooms.iter().find(|room| room.id == direct.id).expect("the direct room");
    let names: Vec<_> = room.people.iter().map(|user| &*user.username).collect();
    assert!(names.contains(&DELETED_USERNAME), "{names:?}");
    fixture.outsider.post_message(direct.id, "too late").await;
}

/// A reader already has the role that deleted accounts get.
#[tokio::test]
async fn a_room_that_a_reader_left_gets_the_new_name() {
    let fixture = Fixture::start().await;
    let (admin, member, room) = (&fixture.admin, &fixture.member, fixture.room);
    let path = paths::fill(paths::MEMBER, &[&room, &member.user.id]);
    admin.patch(&path, json!({"role": "reader"})).await.expect_status(200);
    member.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    let reader = &fixture.server.database().reader;
    let rev = query_number(reader, &format!("SELECT last_rev FROM rooms WHERE id = {room}")).await;
    delete_me(member, "keep").await;
    let is_published = format!("SELECT count(*) FROM rooms WHERE id = {room} AND last_rev > {rev}");
    wait_for_number(reader, &is_published, 1).await;
    let rows = changes(admin, room, rev).await.changes;
    let has_new_name = |row: &Row| match row {
        Row::Member(member) => member.left && member.user.username == DELETED_USERNAME,
        _ => false,
    };
    assert!(rows.iter().any(|change| has_new_name(&change.row)), "{rows:?}");
}

#[tokio::test]
async fn all_messages_are_deleted_in_all_rooms() {
    let fixture = Fixture::start().await;
    let (member, id) = (&fixture.member, fixture.member.user.id);
    // More than one chunk.
    let mut live = LiveSocket::in_room(member, fixture.room).await;
    live.post_all(fixture.room, (0..150).map(|nth| format!("swordfish {nth}"))).await;
    fixture.admin.post_message(fixture.room, "swordfish of somebody else, @member").await;
    // A room that the account has left, and one in the bin.
    let room = async |name: &str| crate::search::room(&fixture, name).await;
    let (left, binned) = (room("Attic").await, room("Cellar").await);
    member.post_message(left, "swordfish in the attic").await;
    member.post_message(binned, "swordfish in the cellar").await;
    member.delete(&paths::fill(paths::MEMBERSHIP, &[&left])).await.expect_status(204);
    fixture.admin.delete(&paths::fill(paths::ROOM, &[&binned])).await.expect_status(204);

    delete_me(member, "delete").await;
    let reader = &fixture.server.database().reader;
    wait_for_number(reader, &count_messages(id), 0).await;
    let texts_left =
        format!("SELECT count(*) FROM messages WHERE user_id = {id} AND content <> ''");
    assert_eq!(query_number(reader, &texts_left).await, 0);
    let others = ["swordfish of somebody else, @member"];
    for q in ["swordfish", "~ordfis", "sword*"] {
        assert_eq!(texts(&fixture.admin, q).await, others, "{q}");
    }
    let export = fixture.admin.get(&fixture.path(paths::EXPORT)).await.text;
    assert!(!export.contains("swordfish 7") && export.contains("of somebody else"), "{export}");
    fixture
        .admin
        .post(&paths::fill(paths::RESTORE, &[&binned]), Value::Null)
        .await
        .expect_status(200);
    for room in [fixture.room, left, binned] {
        let messages = all_messages(&fixture.admin, room).await;
        let mut own = messages.iter().filter(|message| message.user.id == id);
        assert!(own.all(|message| message.deleted_at.is_some()), "{room}");
        assert!(members(&fixture.admin, room).await.iter().all(|(name, _)| name == "admin"));
    }
    // Each tombstone is a change with a number of its own, so a client that was away learns of it.
    let rows = changes(&fixture.admin, fixture.room, 0).await.changes;
    assert!(rows.iter().any(|change| matches!(&change.row, Row::Message(m) if m.user.id == id)));
    wait_for_number(reader, "SELECT count(*) FROM account_deletions", 0).await;
}

/// As from a transaction that began before the deletion and committed after the first look.
#[tokio::test]
async fn a_message_that_appears_after_the_first_look_is_deleted_too() {
    let fixture = Fixture::start().await;
    let (admin, id, room) = (&fixture.admin, fixture.member.user.id, fixture.room);
    delete_me(&fixture.member, "delete").await;
    let writer = &fixture.server.database().writer;
    wait_for_number(writer, &count_messages(id), 0).await;
    for text in ["late", "later"] {
        admin.post_message(room, text).await;
    }
    let late = format!("UPDATE messages SET user_id = {id} WHERE content = 'late'");
    writer.execute_unprepared(&late).await.unwrap();
    assert_eq!(query_number(writer, "SELECT count(*) FROM account_deletions").await, 1);
    wait_for_number(writer, "SELECT count(*) FROM account_deletions", 0).await;
    assert_eq!(query_number(writer, &count_messages(id)).await, 0);
    let contents: Vec<_> = all_messages(admin, room).await.into_iter().map(|m| m.content).collect();
    assert!(contents.contains(&"later".to_owned()), "{contents:?}");
    assert!(!contents.contains(&"late".to_owned()), "{contents:?}");
}

#[tokio::test]
async fn messages_are_deleted_although_it_failed_at_first() {
    let fixture = Fixture::start().await;
    let id = fixture.member.user.id;
    let writer = &fixture.server.database().writer;
    let permit = refuse(writer, "messages", "UPDATE").await;
    delete_me(&fixture.member, "delete").await;
    let failed = r#"hallway_job_runs_total{kind="delete_account",outcome="failed"}"#;
    wait_for_metric(&fixture.anon, failed).await;
    assert_eq!(query_number(writer, &count_messages(id)).await, 1);
    writer.execute_unprepared(&permit).await.unwrap();
    wait_for_number(writer, &count_messages(id), 0).await;
    assert_eq!(texts(&fixture.admin, "first").await, Vec::<String>::new());
}

/// The process is killed before it has done anything but answer.
#[tokio::test]
async fn a_killed_server_finishes_the_deletion_after_its_start() {
    let storage = template().copy().await;
    let seed = &template().seed;
    let mut server = Process::start(&storage).await;
    let member = seed.person(server.address, 1);
    let mut live = LiveSocket::in_room(&member, seed.room).await;
    live.post_all(seed.room, (0..120).map(|nth| format!("swordfish {nth}"))).await;
    delete_me(&member, "delete").await;
    server.kill().await;
    server = Process::start(&storage).await;
    let admin = seed.person(server.address, 0);
    let start = Instant::now();
    while !texts(&admin, "swordfish OR first").await.is_empty()
        || members(&admin, seed.room).await.len() > 1
    {
        assert!(start.elapsed() < TIMEOUT, "the deletion is not finished");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let messages = all_messages(&admin, seed.room).await;
    let own = messages.iter().filter(|message| message.user.id == member.user.id);
    assert_eq!(own.filter(|message| message.deleted_at.is_some()).count(), 121);
}

#[tokio::test]
async fn the_command_line_deletes_an_account() {
    let storage = template().copy().await;
    let seed = &template().seed;
    let server = Process::start(&storage).await;
    let (code, stdout, stderr) =
        storage.run(&["admin", "delete", "MEMBER", "--messages", "delete"]).await;
    assert_eq!((code, &*stdout), (Some(0), "member is deleted.\n"), "{stderr}");
    let admin = seed.person(server.address, 0);
    let start = Instant::now();
    while !texts(&admin, "first").await.is_empty() {
        assert!(start.elapsed() < TIMEOUT, "the running server does not notice the deletion");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (code, _, stderr) = storage.run(&["admin", "delete", "admin"]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("last owner"), "{stderr}");
}
