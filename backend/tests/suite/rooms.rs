//! Private rooms, the roles of their members, and what newcomers may read.

use serde_json::{Value, json};
use shared::{
    access::{Rank, Role, RoomKind},
    ids::{RoomId, Seq, UserId},
    live::ServerFrame,
    messages::{Changes, MessagePage, Row},
    paths,
    problem::Code,
    rooms::{Member, MemberList, Room},
};

use crate::fixture::{Fixture, LiveSocket, Person};

/// Creates a private room; its creator is the only member.
async fn found(host: &Person, more: Value) -> RoomId {
    let mut new = json!({"name": "Cellar", "kind": "private"});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    host.post(paths::ROOMS, new).await.expect_json::<Room>(201).id
}

fn at(template: &str, room: RoomId) -> String {
    paths::fill(template, &[&room])
}

fn member_path(room: RoomId, user: UserId) -> String {
    paths::fill(paths::MEMBER, &[&room, &user])
}

async fn add(host: &Person, room: RoomId, person: &Person) -> Member {
    host.put(&member_path(room, person.user.id), json!(null)).await.expect_json(200)
}

async fn set_role(host: &Person, room: RoomId, person: &Person, role: &str) -> Member {
    let path = member_path(room, person.user.id);
    host.patch(&path, json!({"role": role})).await.expect_json(200)
}

async fn page(person: &Person, room: RoomId, query: &str) -> MessagePage {
    person.get(&format!("{}?{query}", at(paths::MESSAGES, room))).await.expect_json(200)
}

#[tokio::test]
async fn a_private_room_takes_no_name_and_is_joined_only_by_being_added() {
    let fixture = Fixture::start().await;
    let Fixture { member: host, outsider, admin, .. } = &fixture;
    let room = found(host, json!({})).await;
    // Its name is free for everybody: a conflict would tell that the room exists.
    found(outsider, json!({})).await;
    let open = admin.post(paths::ROOMS, json!({"name": "Cellar"})).await.expect_json::<Room>(201);
    assert_eq!(open.kind, RoomKind::Open);
    for person in [outsider, admin] {
        let none = at(paths::ROOM, RoomId(4_711));
        for (method, template) in [
            ("GET", paths::ROOM),
            ("PUT", paths::MEMBERSHIP),
            ("DELETE", paths::MEMBERSHIP),
            ("GET", paths::MEMBERS),
            ("GET", paths::MESSAGES),
            ("DELETE", paths::ROOM),
        ] {
            let found = person.call(method, &at(template, room), json!(null)).await;
            let missing = person.call(method, &at(template, RoomId(4_711)), json!(null)).await;
            let without_id = |mut body: Value| {
                body.as_object_mut().unwrap().remove("request_id");
                body
            };
            assert_eq!(found.status, 404, "{method} {template}: {}", found.text);
            assert_eq!(without_id(found.json()), without_id(missing.json()));
        }
        let path = member_path(room, person.user.id);
        person.put(&path, json!(null)).await.expect_problem(Code::NotFound);
        person.get(&none).await.expect_problem(Code::NotFound);
    }
    let mut live = LiveSocket::open(outsider).await;
    let added = add(host, room, outsider).await;
    assert_eq!((added.role, added.visible_from), (Role::Member, Seq(1)));
    let joined = live.expect(|frame| match frame {
        ServerFrame::Joined { room } => Some(room.clone()),
        _ => None,
    });
    let joined = joined.await;
    assert_eq!((joined.id, joined.kind, joined.role), (room, RoomKind::Private, Role::Member));
    outsider.post_message(room, "thank you").await;
    outsider
        .patch(&at(paths::ROOM, room), json!({"name": "Mine"}))
        .await
        .expect_problem(Code::HostsOnly);
    admin.get(&at(paths::ROOM, room)).await.expect_problem(Code::NotFound);
}

#[tokio::test]
async fn newcomers_read_from_joining_if_the_room_says_so() {
    let fixture = Fixture::start().await;
    let Fixture { member: host, outsider: late, .. } = &fixture;
    let room = found(host, json!({"history": "joining"})).await;
    let early = host.post_message(room, "an early word, @outsider").await;
    host.post_message(room, "another").await;
    add(host, room, late).await;
    let mut live = LiveSocket::in_room(late, room).await;
    let listed = live.rooms.iter().find(|listed| listed.id == room).unwrap();
    assert_eq!(listed.visible_from, Seq(3));
    let empty = page(late, room, "anchor=oldest").await;
    assert!(empty.messages.is_empty() && !empty.has_older, "{empty:?}");
    late.get(&paths::fill(paths::MESSAGE, &[&room, &1])).await.expect_problem(Code::NotFound);
    // A change of an early message is a number and nothing else.
    let path = paths::fill(paths::MESSAGE, &[&room, &early.seq]);
    host.patch(&path, json!({"content": "an earlier word, @outsider"})).await.expect_status(200);
    let skipped = live.next().await;
    let ServerFrame::Skip { room: of, rev } = skipped else { panic!("{skipped:?}") };
    assert_eq!(of, room);
    let later = host.post_message(room, "a later word").await;
    assert_eq!((later.rev, live.next_change().await.rev), (rev.next(), rev.next()));
    let changes: Changes =
        late.get(&format!("{}?after_rev=0", at(paths::CHANGES, room))).await.expect_json(200);
    let rows = changes.changes.iter().filter(|change| matches!(change.row, Row::Message(_)));
    assert_eq!(rows.count(), 1, "{changes:?}");
    let all = page(late, room, "anchor=seq:1&before=50&after=50").await;
    let texts: Vec<_> = all.messages.iter().map(|message| &*message.content).collect();
    assert_eq!((texts, all.has_older), (vec!["a later word"], false));
    let reply = json!({"content": "what was that?", "reply_to": 1});
    late.post(&at(paths::MESSAGES, room), reply).await.expect_field_error("reply_to", "3 to 3");
    let mark = json!({"seq": 0, "exact": true});
    late.put(&at(paths::READ, room), mark).await.expect_field_error("seq", "must be 2 to 3");
    // Whoever comes back reads from then on.
    late.delete(&at(paths::MEMBERSHIP, room)).await.expect_status(204);
    late.get(&at(paths::ROOM, room)).await.expect_problem(Code::NotFound);
    host.post_message(room, "while you were away").await;
    assert_eq!(add(host, room, late).await.visible_from, Seq(5));
}

#[tokio::test]
async fn a_role_allows_what_the_policies_say() {
    let fixture = Fixture::start().await;
    let Fixture { member: host, outsider: other, admin, .. } = &fixture;
    let room = found(host, json!({"policies": {"invite": "host"}})).await;
    add(host, room, other).await;
    let path = member_path(room, admin.user.id);
    other.put(&path, json!(null)).await.expect_problem(Code::HostsOnly);
    let mut live = LiveSocket::in_room(host, room).await;
    assert_eq!(set_role(host, room, other, "reader").await.role, Role::Reader);
    let Row::Member(changed) = live.next_change().await.row else { panic!("a member") };
    assert_eq!((changed.role, changed.rank), (Role::Reader, Rank::Member));
    let refused = other.post(&at(paths::MESSAGES, room), json!({"content": "hm"})).await;
    refused.expect_problem(Code::HostsOnly);
    let policies = json!({"policies": {"post": "reader", "topic": "reader"}});
    host.patch(&at(paths::ROOM, room), policies).await.expect_status(200);
    other.post_message(room, "hm").await;
    other.patch(&at(paths::ROOM, room), json!({"topic": "Mine"})).await.expect_status(200);
    let path = member_path(room, other.user.id);
    host.patch(&path, json!({"role": "king"})).await.expect_field_error("role", "king");
}

#[tokio::test]
async fn a_private_room_always_has_a_host() {
    let fixture = Fixture::start().await;
    let Fixture { member: host, outsider, admin, .. } = &fixture;
    let room = found(host, json!({})).await;
    let own = member_path(room, host.user.id);
    host.patch(&own, json!({"role": "member"})).await.expect_problem(Code::LastHost);
    add(host, room, outsider).await;
    add(host, room, admin).await;
    host.delete(&at(paths::MEMBERSHIP, room)).await.expect_status(204);
    let list: MemberList = admin.get(&at(paths::MEMBERS, room)).await.expect_json(200);
    let hosts = list.members.iter().filter(|listed| listed.member.role == Role::Host);
    let hosts: Vec<_> = hosts.map(|listed| listed.member.user.id).collect();
    assert_eq!(hosts, [outsider.user.id], "the one who was there longest");
    set_role(outsider, room, admin, "host").await;
    outsider.delete(&member_path(room, admin.user.id)).await.expect_status(204);
    admin.get(&at(paths::ROOM, room)).await.expect_problem(Code::NotFound);
}

#[tokio::test]
async fn a_guest_has_the_rooms_that_they_were_added_to() {
    let fixture = Fixture::start().await;
    let Fixture { member: host, outsider: guest, admin: owner, .. } = &fixture;
    let account = paths::fill(paths::USER, &[&guest.user.id]);
    owner.patch(&account, json!({"rank": "guest"})).await.expect_status(200);
    let list = guest.get(paths::ROOMS).await.expect_status(200);
    assert_eq!(list["rooms"], json!([]));
    guest.get(&fixture.path(paths::ROOM)).await.expect_problem(Code::NotFound);
    guest.put(&fixture.path(paths::MEMBERSHIP), json!(null)).await.expect_problem(Code::NotFound);
    guest.get("/rooms/").await.expect_status(200).as_array().unwrap().is_empty();
    let stranger = paths::fill(paths::USER, &[&host.user.id]);
    guest.get(&stranger).await.expect_problem(Code::NotFound);
    let new = json!({"name": "Mine", "kind": "private"});
    guest.post(paths::ROOMS, new).await.expect_problem(Code::RankTooLow);
    let room = found(host, json!({})).await;
    add(host, room, guest).await;
    guest.get(&stranger).await.expect_status(200);
    guest.post_message(room, "hello").await;
    let path = member_path(room, owner.user.id);
    guest.put(&path, json!(null)).await.expect_problem(Code::RankTooLow);
    let path = member_path(room, guest.user.id);
    host.patch(&path, json!({"role": "host"})).await.expect_field_error("role", "guest");
}

#[tokio::test]
async fn a_private_room_that_is_opened_shows_newcomers_nothing_of_before() {
    let fixture = Fixture::start().await;
    let Fixture { member: host, outsider, admin, .. } = &fixture;
    let room = found(host, json!({})).await;
    host.post_message(room, "between us").await;
    let path = at(paths::ROOM, room);
    host.patch(&path, json!({"kind": "open", "name": "Lobby"}))
        .await
        .expect_problem(Code::RoomNameTaken);
    host.patch(&path, json!({"kind": "direct"}))
        .await
        .expect_field_error("kind", "open or private");
    host.patch(&path, json!({"open_from": 1})).await.expect_field_error("open_from", "kind: open");
    host.patch(&path, json!({"kind": "open", "open_from": 3}))
        .await
        .expect_field_error("open_from", "1 to 2");
    host.patch(&path, json!({"kind": "open"})).await.expect_status(200);
    outsider.put(&at(paths::MEMBERSHIP, room), json!(null)).await.expect_status(200);
    assert!(page(outsider, room, "anchor=oldest").await.messages.is_empty());
    host.post_message(room, "for all").await;
    assert_eq!(page(outsider, room, "anchor=oldest").await.messages.len(), 1);
    assert_eq!(page(host, room, "anchor=oldest").await.messages.len(), 2);
    // Private again: those who are in stay, the others see nothing.
    host.patch(&path, json!({"kind": "private"})).await.expect_status(200);
    admin.get(&path).await.expect_problem(Code::NotFound);
    assert_eq!(page(outsider, room, "anchor=oldest").await.messages.len(), 1);
    host.patch(&path, json!({"kind": "open", "open_from": 1})).await.expect_status(200);
    admin.put(&at(paths::MEMBERSHIP, room), json!(null)).await.expect_status(200);
    assert_eq!(page(admin, room, "anchor=oldest").await.messages.len(), 2);
    // A refused request has changed nothing, although the room has no host.
    let open = admin.post(paths::ROOMS, json!({"name": "Yard"})).await.expect_json::<Room>(201).id;
    set_role(admin, open, admin, "member").await;
    let refused = json!({"kind": "private", "open_from": 1});
    admin
        .patch(&at(paths::ROOM, open), refused)
        .await
        .expect_field_error("open_from", "kind: open");
    let list: MemberList = admin.get(&at(paths::MEMBERS, open)).await.expect_json(200);
    assert_eq!(list.members[0].member.role, Role::Member);
    // An admin outside of an open room would lose sight of it.
    let lobby = fixture.path(paths::ROOM);
    admin.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    admin.patch(&lobby, json!({"kind": "private"})).await.expect_problem(Code::NotAMember);
}

#[tokio::test]
async fn an_archived_room_is_read_only_until_it_is_restored() {
    let fixture = Fixture::start().await;
    let Fixture { member, outsider, admin, room, .. } = &fixture;
    let (path, messages) = (fixture.path(paths::ROOM), fixture.path(paths::MESSAGES));
    let archived: Room = admin.patch(&path, json!({"archived": true})).await.expect_json(200);
    assert!(archived.archived_at.is_some());
    member.post(&messages, json!({"content": "more"})).await.expect_problem(Code::RoomArchived);
    let first = paths::fill(paths::MESSAGE, &[room, &1]);
    member.patch(&first, json!({"content": "else"})).await.expect_problem(Code::RoomArchived);
    outsider
        .put(&fixture.path(paths::MEMBERSHIP), json!(null))
        .await
        .expect_problem(Code::RoomArchived);
    admin.patch(&path, json!({"topic": "Else"})).await.expect_problem(Code::RoomArchived);
    assert_eq!(page(member, *room, "anchor=oldest").await.messages.len(), 2);
    member.delete(&first).await.expect_status(204);
    admin.patch(&path, json!({"archived": false})).await.expect_status(200);
    member.post_message(*room, "more").await;
}
