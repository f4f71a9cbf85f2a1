//! Using invitations: by new accounts and by accounts that exist.

use std::time::Instant;

use hallway::{
    realtime::jobs::{NewJob, enqueue},
    tables::pending_joins,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use shared::{
    access::{Rank, Role},
    admission::{AcceptedInvitation, InvitationList},
    ids::RoomId,
    messages::MessagePage,
    paths,
    problem::Code,
    rooms::{Member, MemberList, RoomEventKind, RoomEvents},
    users::User,
};

use super::{accept, change_server, invite, register_with};
use crate::fixture::{Client, Fixture, Person, TIMEOUT, sign_in};

async fn create_private(by: &Person, name: &str, history: &str) -> RoomId {
    let room = json!({"name": name, "kind": "private", "history": history});
    let room = by.post(paths::ROOMS, room).await.expect_status(201);
    serde_json::from_value(room["id"].clone()).unwrap()
}

async fn members(client: &Client, room: RoomId) -> Vec<Member> {
    let list: MemberList =
        client.get(&paths::fill(paths::MEMBERS, &[&room])).await.expect_json(200);
    list.members.into_iter().map(|listing| listing.member).collect()
}

async fn names(client: &Client, room: RoomId) -> Vec<String> {
    members(client, room).await.into_iter().map(|member| member.user.username).collect()
}

#[tokio::test]
async fn a_guest_lands_in_the_rooms_with_their_history() {
    let fixture = Fixture::start().await;
    let from_joining = create_private(&fixture.member, "Den", "joining").await;
    let whole = create_private(&fixture.member, "Club", "all").await;
    for room in [from_joining, whole] {
        fixture.member.post_message(room, "before").await;
    }
    let request = json!({"rank": "guest", "rooms": [from_joining, whole, fixture.room]});
    let created = invite(&fixture.member, request).await;
    change_server(&fixture.admin, json!({"sign_up": "invited"})).await;
    let user: User =
        register_with(&fixture.anon, "visitor", &created.token.0).await.expect_json(201);
    assert_eq!((user.rank, user.is_pending), (Rank::Guest, false));
    let visitor = sign_in(&fixture.anon, "visitor").await;
    let messages = async |room: RoomId| {
        let path = paths::fill(paths::MESSAGES, &[&room]);
        let page: MessagePage = visitor.get(&path).await.expect_json(200);
        page.messages.len()
    };
    assert_eq!(messages(from_joining).await, 0);
    assert_eq!(messages(whole).await, 1);
    let member = members(&visitor, from_joining).await.into_iter();
    let member = member.last().unwrap();
    assert_eq!((member.role, member.rank), (Role::Member, Rank::Guest));
    assert_eq!(names(&visitor, fixture.room).await, ["admin", "member", "visitor"]);
    let events: RoomEvents =
        visitor.get(&paths::fill(paths::EVENTS, &[&from_joining])).await.expect_json(200);
    let [invited] = &*events.events else { panic!("{events:?}") };
    let people = (&invited.by, invited.user.as_ref());
    assert_eq!(invited.kind, RoomEventKind::Invited);
    assert_eq!(people, (&fixture.member.user.short(), Some(&visitor.user.short())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_registrations_do_not_exceed_the_uses() {
    let fixture = Fixture::start().await;
    change_server(&fixture.admin, json!({"sign_up": "closed"})).await;
    for uses in [1, 3] {
        let created = invite(&fixture.admin, json!({"uses": uses, "rooms": [fixture.room]})).await;
        let register = |nth: usize| {
            let (anon, token) = (fixture.anon.clone(), created.token.0.clone());
            let name = format!("newcomer {uses} {nth}");
            tokio::spawn(async move { register_with(&anon, &name, &token).await })
        };
        let requests: Vec<_> = (0..8).map(register).collect();
        let mut accounts = Vec::new();
        for request in requests {
            let response = request.await.unwrap();
            match response.status {
                201 => accounts.push(response.expect_json::<User>(201).username),
                _ => drop(response.expect_problem(Code::InvitationInvalid)),
            }
        }
        assert_eq!(accounts.len(), uses);
        let members = names(&fixture.admin, fixture.room).await;
        assert!(accounts.iter().all(|name| members.contains(name)), "{accounts:?} {members:?}");
        let list: InvitationList = fixture.admin.get(paths::INVITATIONS).await.expect_json(200);
        assert_eq!(list.invitations[0].used_by.len(), uses);
    }
}

/// Two requests for one name use the invitation once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_name_does_not_use_the_invitation() {
    let fixture = Fixture::start().await;
    let created = invite(&fixture.member, json!({"uses": 2})).await;
    let token = &*created.token.0;
    register_with(&fixture.anon, "member", token).await.expect_problem(Code::UsernameTaken);
    let (first, second) = tokio::join!(
        register_with(&fixture.anon, "newcomer", token),
        register_with(&fixture.anon, "Newcomer", token),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    register_with(&fixture.anon, "another", token).await.expect_status(201);
    register_with(&fixture.anon, "third", token).await.expect_problem(Code::InvitationInvalid);
}

#[tokio::test]
async fn an_account_accepts_an_invitation_once() {
    let fixture = Fixture::start().await;
    let room = create_private(&fixture.member, "Den", "all").await;
    let created = invite(&fixture.member, json!({"rooms": [room], "uses": 2})).await;
    let token = &*created.token.0;
    // Who is in all of its rooms does not use it.
    let mine: AcceptedInvitation = accept(&fixture.member, token).await.expect_json(200);
    assert_eq!(mine.rooms, [room]);
    for _ in 0..2 {
        let joined: AcceptedInvitation = accept(&fixture.outsider, token).await.expect_json(200);
        assert_eq!(joined.rooms, [room]);
    }
    assert_eq!(names(&fixture.member, room).await, ["member", "outsider"]);
    // It does not undo a removal.
    let removed = paths::fill(paths::MEMBER, &[&room, &fixture.outsider.user.id]);
    fixture.member.delete(&removed).await.expect_status(204);
    let joined: AcceptedInvitation = accept(&fixture.outsider, token).await.expect_json(200);
    assert_eq!(joined.rooms, []);
    assert_eq!(names(&fixture.member, room).await, ["member"]);
    register_with(&fixture.anon, "newcomer", token).await.expect_status(201);
    accept(&fixture.admin, token).await.expect_problem(Code::InvitationInvalid);
    let list: InvitationList = fixture.member.get(paths::INVITATIONS).await.expect_json(200);
    let used_by: Vec<_> = list.invitations[0].used_by.iter().map(|user| &*user.username).collect();
    assert_eq!(used_by, ["outsider", "newcomer"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_accepts_of_one_account_use_the_invitation_once() {
    let fixture = Fixture::start().await;
    let created = invite(&fixture.member, json!({"rooms": [fixture.room], "uses": 5})).await;
    let send = || {
        let (outsider, token) = (fixture.outsider.clone(), created.token.0.clone());
        tokio::spawn(async move { accept(&outsider, &token).await })
    };
    for request in [send(), send(), send(), send()] {
        let joined: AcceptedInvitation = request.await.unwrap().expect_json(200);
        assert_eq!(joined.rooms, [fixture.room]);
    }
    for name in ["one", "two", "three", "four"] {
        register_with(&fixture.anon, name, &created.token.0).await.expect_status(201);
    }
    let full = register_with(&fixture.anon, "five", &created.token.0).await;
    full.expect_problem(Code::InvitationInvalid);
}

/// Accepting changes no rank: not that of a member who accepts an invitation of guests, nor the other way.
#[tokio::test]
async fn accepting_keeps_the_rank() {
    let fixture = Fixture::start().await;
    let request = json!({"rank": "admin", "rooms": [fixture.room]});
    let created = invite(&fixture.admin, request).await;
    accept(&fixture.outsider, &created.token.0).await.expect_status(200);
    let me: User = fixture.outsider.get(paths::ME).await.expect_json(200);
    assert_eq!(me.rank, Rank::Member);
}

/// A join that the request could not finish, for example because the server was killed after the commit,
/// is finished by any server.
#[tokio::test]
async fn an_unfinished_join_is_finished_later() {
    let fixture = Fixture::start().await;
    let room = create_private(&fixture.member, "Den", "all").await;
    let pending = |room: i64, invited_by: &Person| pending_joins::Model {
        user_id: fixture.outsider.user.id.0,
        room_id: room,
        invited_by: invited_by.user.id.0,
        created_at: 0,
    };
    // The second room does not exist any more, and into the third one the admin may add nobody.
    let other = create_private(&fixture.member, "Club", "all").await;
    let rows = [
        pending(room.0, &fixture.member),
        pending(999_999, &fixture.member),
        pending(other.0, &fixture.admin),
    ];
    let db = &fixture.server.database().writer;
    let rows = rows.map(|row| row.into_active_model().reset_all());
    pending_joins::Entity::insert_many(rows).exec_without_returning(db).await.unwrap();
    enqueue(db, NewJob::new("join_rooms", fixture.outsider.user.id.0)).await.unwrap();
    let start = Instant::now();
    while !pending_joins::Entity::find().all(db).await.unwrap().is_empty() {
        assert!(start.elapsed() < TIMEOUT, "the joins are still pending");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(names(&fixture.member, room).await, ["member", "outsider"]);
    assert_eq!(names(&fixture.member, other).await, ["member"]);
    let leave = paths::fill(paths::MEMBERSHIP, &[&room]);
    fixture.outsider.delete(&leave).await.expect_status(204);
    assert_eq!(fixture.outsider.get(&paths::fill(paths::ROOM, &[&room])).await.status, 404);
    let _: Value = fixture.member.get(paths::ME).await.expect_status(200);
}
