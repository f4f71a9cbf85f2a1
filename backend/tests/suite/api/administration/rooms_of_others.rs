//! What admins see of the rooms of others, entering a private one, and deleting an abandoned one.

use serde_json::{Value, json};
use shared::{
    access::{Role, RoomKind},
    administration::AdminRoomList,
    ids::RoomId,
    live::ServerFrame,
    messages::{MessagePage, Row},
    paths,
    problem::Code,
    rooms::Member,
};

use super::{audit, direct_room, last_entry, private_room, set_rank};
use crate::fixture::{Fixture, LiveSocket};

async fn list(fixture: &Fixture, query: &str) -> AdminRoomList {
    let path = format!("{}?{query}", paths::ADMIN_ROOMS);
    fixture.admin.get(&path).await.expect_json(200)
}

async fn ids(fixture: &Fixture, query: &str) -> Vec<RoomId> {
    list(fixture, query).await.rooms.into_iter().map(|room| room.id).collect()
}

#[tokio::test]
async fn open_and_private_rooms_are_listed_without_topics_and_texts() {
    let fixture = Fixture::start().await;
    let den = private_room(&fixture.member, "The Den").await;
    fixture.member.post_message(den, "a secret").await;
    let second = fixture.member.post_message(den, "another one").await;
    let path = paths::fill(paths::MESSAGE, &[&den, &1]);
    fixture.member.delete(&path).await.expect_status(204);
    let direct = direct_room(&fixture, [&fixture.member, &fixture.outsider]).await;
    let response = fixture.admin.get(paths::ADMIN_ROOMS).await.text;
    for hidden in ["hush", "secret", "another one", "For everyone"] {
        assert!(!response.contains(hidden), "{hidden} is in {response}");
    }
    assert_eq!(ids(&fixture, "").await, [fixture.room, den]);
    assert_eq!(ids(&fixture, "kind=private").await, [den]);
    assert_eq!(ids(&fixture, "kind=open").await, [fixture.room]);
    assert_eq!(ids(&fixture, "q=DEN").await, [den]);
    assert_eq!(ids(&fixture, "q=hush").await, []);
    assert_eq!(ids(&fixture, &format!("after={den}")).await, []);
    assert!(direct > den);
    let path = format!("{}?kind=direct", paths::ADMIN_ROOMS);
    fixture.admin.get(&path).await.expect_field_error("kind", "must be open or private");
    let page = list(&fixture, "limit=1").await;
    assert_eq!((page.rooms.len(), page.next), (1, Some(fixture.room)));
    let room = list(&fixture, "kind=private").await.rooms.remove(0);
    assert_eq!((&*room.name, room.kind, room.member_count), ("The Den", RoomKind::Private, 1));
    assert_eq!(room.hosts, [fixture.member.user.short()]);
    assert_eq!((room.message_count, room.joined), (1, false));
    assert_eq!(room.last_message_at, Some(second.created_at));
    let lobby = list(&fixture, "kind=open").await.rooms.remove(0);
    assert_eq!((lobby.message_count, lobby.joined), (2, true));
}

#[tokio::test]
async fn at_most_ten_hosts_are_listed() {
    let fixture = Fixture::start().await;
    let den = private_room(&fixture.member, "Den").await;
    for nth in 0..11 {
        let person = fixture.server.register(&format!("host {nth}")).await;
        let path = paths::fill(paths::MEMBER, &[&den, &person.user.id]);
        fixture.member.put(&path, Value::Null).await.expect_status(200);
        fixture.member.patch(&path, json!({"role": "host"})).await.expect_status(200);
    }
    let room = list(&fixture, "kind=private").await.rooms.remove(0);
    assert_eq!(room.hosts.len(), 10);
    assert_eq!(room.hosts[0], fixture.member.user.short());
    assert!(room.hosts.is_sorted_by_key(|host| host.id));
}

#[tokio::test]
async fn an_admin_enters_a_private_room_before_the_eyes_of_its_members() {
    let fixture = Fixture::start().await;
    let (owner, member) = (&fixture.admin, &fixture.member);
    let den = private_room(member, "Den").await;
    let room_path = paths::fill(paths::ROOM, &[&den]);
    member.patch(&room_path, json!({"history": "joining"})).await.expect_status(200);
    member.post_message(den, "before").await;
    owner.get(&room_path).await.expect_problem(Code::NotFound);
    let mut live = LiveSocket::in_room(member, den).await;
    let enter = paths::fill(paths::ADMIN_ROOM_ENTER, &[&den]);
    let entered: Member = owner.post(&enter, Value::Null).await.expect_json(200);
    assert_eq!((entered.role, entered.visible_from.0), (Role::Member, 2));
    let change = live.next_change().await;
    let Row::Member(seen) = change.row else { panic!("{change:?}") };
    assert_eq!(seen, entered);
    let expected = json!({
        "action": "room_entered",
        "actor": {"id": 1, "username": "admin"},
        "room": {"id": den, "name": "Den"},
        "to": "member",
        "address": "127.0.0.1",
    });
    assert_eq!(last_entry(&fixture).await, expected);
    let messages = paths::fill(paths::MESSAGES, &[&den]);
    let page: MessagePage = owner.get(&messages).await.expect_json(200);
    assert!(page.messages.is_empty(), "{page:?}");
    // Entering again changes nothing.
    let before = audit(&fixture, "").await;
    let again: Member = owner.post(&enter, Value::Null).await.expect_json(200);
    assert_eq!(again, entered);
    assert_eq!(audit(&fixture, "").await, before);
}

#[tokio::test]
async fn an_open_room_is_joined_without_a_line() {
    let fixture = Fixture::start().await;
    set_rank(&fixture, &fixture.outsider, "admin").await;
    let before = audit(&fixture, "").await;
    let path = fixture.path(paths::ADMIN_ROOM_ENTER);
    let member: Member = fixture.outsider.post(&path, Value::Null).await.expect_json(200);
    assert_eq!(member.role, Role::Member);
    assert_eq!(audit(&fixture, "").await, before);
}

#[tokio::test]
async fn an_abandoned_room_gets_a_host_or_is_deleted() {
    let fixture = Fixture::start().await;
    let owner = &fixture.admin;
    let (den, attic) =
        (private_room(&fixture.member, "Den").await, private_room(&fixture.member, "Attic").await);
    let delete = |room| paths::fill(paths::ADMIN_ROOM, &[&room]);
    owner.delete(&delete(den)).await.expect_problem(Code::RoomHasMembers);
    for room in [den, attic] {
        let membership = paths::fill(paths::MEMBERSHIP, &[&room]);
        fixture.member.delete(&membership).await.expect_status(204);
    }
    let enter = paths::fill(paths::ADMIN_ROOM_ENTER, &[&attic]);
    let entered: Member = owner.post(&enter, Value::Null).await.expect_json(200);
    assert_eq!(entered.role, Role::Host);
    // The ordinary door does not know the room.
    owner.delete(&paths::fill(paths::ROOM, &[&den])).await.expect_problem(Code::NotFound);
    owner.delete(&delete(den)).await.expect_status(204);
    let expected = json!({
        "action": "room_deleted",
        "actor": {"id": 1, "username": "admin"},
        "room": {"id": den, "name": "Den"},
        "address": "127.0.0.1",
    });
    assert_eq!(last_entry(&fixture).await, expected);
    owner.delete(&delete(den)).await.expect_problem(Code::NotFound);
    assert_eq!(ids(&fixture, "kind=private").await, [attic]);
}

/// An admin gets the same response for a direct room as for no room, and its people see nothing.
#[tokio::test]
async fn a_direct_room_does_not_exist_for_admins() {
    let fixture = Fixture::start().await;
    let direct = direct_room(&fixture, [&fixture.member, &fixture.outsider]).await;
    let mut live = LiveSocket::in_room(&fixture.member, direct).await;
    for (method, template) in [("POST", paths::ADMIN_ROOM_ENTER), ("DELETE", paths::ADMIN_ROOM)] {
        let mut bodies = [direct, RoomId(9_999)].map(|room| paths::fill(template, &[&room]));
        for path in &mut bodies {
            let response = fixture.admin.call(method, path, Value::Null).await;
            let mut body = response.json();
            response.expect_problem(Code::NotFound);
            body.as_object_mut().unwrap().remove("request_id");
            *path = body.to_string();
        }
        assert_eq!(bodies[0], bodies[1]);
    }
    fixture.member.post_message(direct, "still here").await;
    let found = live.expect(|frame| match frame {
        ServerFrame::Removed { .. } => panic!("{frame:?}"),
        frame => frame.clone().into_change(),
    });
    let Row::Message(message) = found.await.1.row else { panic!("a member changed") };
    assert_eq!(message.content, "still here");
    assert!(
        audit(&fixture, "")
            .await
            .iter()
            .all(|entry| { entry.room.as_ref().is_none_or(|room| room.id != direct) })
    );
}
