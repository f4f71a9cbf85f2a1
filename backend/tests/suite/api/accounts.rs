//! Accounts and sessions.

use serde_json::{Value, json};
use shared::{
    access::Rank,
    live::ServerFrame,
    paths,
    problem::Code,
    rooms::People,
    users::{SessionList, User},
};

use crate::{
    fixture::{Client, Fixture, LiveSocket, PASSWORD, Server},
    search::address,
};

fn account(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD})
}

#[tokio::test]
async fn the_first_account_is_an_admin() {
    let server = Server::start().await;
    let first: User = server.anon().post(paths::USERS, account("Ada")).await.expect_json(201);
    let second: User = server.anon().post(paths::USERS, account("Bob")).await.expect_json(201);
    assert_eq!((first.id.0, first.is_admin, first.is_disabled), (1, true, false));
    assert_eq!((second.id.0, second.is_admin), (2, false));
    let me: User = server.sign_in("ADA").await.get(paths::ME).await.expect_json(200);
    assert_eq!(me, first);
}

#[tokio::test]
async fn one_of_several_concurrent_first_accounts_becomes_admin() {
    let server = Server::start().await;
    let anon = server.anon();
    let register =
        async |name: &str| anon.post(paths::USERS, account(name)).await.expect_json::<User>(201);
    let users = tokio::join!(register("a"), register("b"), register("c"), register("d"));
    let admins = [users.0, users.1, users.2, users.3].iter().filter(|user| user.is_admin).count();
    assert_eq!(admins, 1);
}

#[tokio::test]
async fn only_an_admin_creates_admins() {
    let fixture = Fixture::start().await;
    let new = json!({"username": "mallory", "password": PASSWORD, "is_admin": true});
    fixture.anon.post(paths::USERS, new.clone()).await.expect_problem(Code::AdminOnly);
    fixture.member.post(paths::USERS, new.clone()).await.expect_problem(Code::AdminOnly);
    let credentials = account("mallory");
    fixture.anon.post(paths::SESSIONS, credentials).await.expect_problem(Code::InvalidCredentials);
    let created: User = fixture.admin.post(paths::USERS, new).await.expect_json(201);
    assert!(created.is_admin);
    let promotion = json!({"is_admin": true});
    let own = paths::fill(paths::USER, &[&fixture.member.user.id]);
    fixture.member.patch(&own, promotion).await.expect_problem(Code::AdminOnly);
}

#[tokio::test]
async fn names_are_unique_without_regard_to_case() {
    let fixture = Fixture::start().await;
    fixture.anon.post(paths::USERS, account("Zoë Müller")).await.expect_status(201);
    // The second name uses combining characters.
    for name in ["MEMBER", "zo\u{65}\u{308} mu\u{308}ller", " ZOË MÜLLER "] {
        let problem = fixture
            .anon
            .post(paths::USERS, account(name))
            .await
            .expect_problem(Code::UsernameTaken);
        assert_eq!(problem.errors[0].field, "username");
    }
    let attic = json!({"name": "Attic"});
    fixture.admin.post(paths::ROOMS, attic).await.expect_status(201);
    let problem = fixture.admin.post(paths::ROOMS, json!({"name": "LOBBY"})).await;
    assert_eq!(problem.expect_problem(Code::RoomNameTaken).errors[0].field, "name");
    let taken = json!({"name": " aTTIC"});
    let problem = fixture.admin.patch(&fixture.path(paths::ROOM), taken.clone()).await;
    assert_eq!(problem.expect_problem(Code::RoomNameTaken).errors[0].field, "name");
    let problem = fixture.admin.put(&fixture.path(paths::ROOM), taken).await;
    assert_eq!(problem.expect_problem(Code::RoomNameTaken).errors[0].field, "name");
    // A room may change the case of its own name.
    fixture
        .admin
        .patch(&fixture.path(paths::ROOM), json!({"name": "LOBBY"}))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn a_deleted_room_frees_its_name_but_not_its_id() {
    let fixture = Fixture::start().await;
    fixture.admin.delete(&fixture.path(paths::ROOM)).await.expect_status(204);
    let room = fixture.admin.post(paths::ROOMS, json!({"name": "Lobby"})).await.expect_status(201);
    assert!(room["id"].as_i64().unwrap() > fixture.room.0, "{room}");
    for path in [paths::ROOM, paths::MESSAGES, paths::CHANGES, paths::MEMBERS] {
        fixture.member.get(&fixture.path(path)).await.expect_problem(Code::NotFound);
    }
}

/// Only users who share a room with the caller are listed.
#[tokio::test]
async fn people_lists_the_members_of_shared_rooms() {
    let fixture = Fixture::start().await;
    let find_usernames = async |client: &Client, q: &str| {
        let path = address(paths::PEOPLE, &[("q", q)]);
        let list: People = client.get(&path).await.expect_json(200);
        list.people.into_iter().map(|person| person.username).collect::<Vec<_>>()
    };
    assert_eq!(find_usernames(&fixture.member, "").await, ["admin", "member"]);
    assert_eq!(find_usernames(&fixture.member, " MEM ").await, ["member"]);
    // Names that begin with the query come first.
    assert_eq!(find_usernames(&fixture.member, "m").await, ["member", "admin"]);
    for query in ["%", "_", "!", "outsider", "x"] {
        assert_eq!(find_usernames(&fixture.member, query).await, [""; 0], "{query}");
    }
    assert_eq!(find_usernames(&fixture.outsider, "").await, [""; 0]);
    let membership = fixture.path(paths::MEMBERSHIP);
    fixture.outsider.put(&membership, Value::Null).await.expect_status(200);
    assert_eq!(find_usernames(&fixture.outsider, "a").await, ["admin"]);
    // Former members, disabled accounts and members of deleted rooms are not listed.
    fixture.admin.delete(&membership).await.expect_status(204);
    assert_eq!(find_usernames(&fixture.outsider, "").await, ["member", "outsider"]);
    let member = paths::fill(paths::USER, &[&fixture.member.user.id]);
    fixture.admin.patch(&member, json!({"is_disabled": true})).await.expect_status(200);
    assert_eq!(find_usernames(&fixture.outsider, "").await, ["outsider"]);
    fixture.admin.delete(&fixture.path(paths::ROOM)).await.expect_status(204);
    assert_eq!(find_usernames(&fixture.outsider, "").await, [""; 0]);
}

#[tokio::test]
async fn the_list_of_people_is_limited() {
    let fixture = Fixture::start().await;
    for nth in 1..=21 {
        let guest = fixture.server.register(&format!("guest {nth}")).await;
        guest.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    }
    let guests: People =
        fixture.member.get(&address(paths::PEOPLE, &[("q", "guest")])).await.expect_json(200);
    assert_eq!(guests.people.len(), 20);
    let long = address(paths::PEOPLE, &[("q", &"x".repeat(151))]);
    fixture.member.get(&long).await.expect_field_error("q", "at most 150 characters, but is 151");
    fixture
        .member
        .get(&address(paths::PEOPLE, &[("name", "x")]))
        .await
        .expect_field_error("name", "unknown");
}

#[tokio::test]
async fn the_last_owner_stays_and_only_owners_name_admins() {
    let fixture = Fixture::start().await;
    let path = |id| paths::fill(paths::USER, &[&id]);
    let (own, other) = (path(fixture.admin.user.id), path(fixture.member.user.id));
    let third = path(fixture.outsider.user.id);
    let Fixture { admin: owner, member, .. } = &fixture;
    for patch in
        [json!({"is_admin": false}), json!({"rank": "admin"}), json!({"is_disabled": true})]
    {
        owner.patch(&own, patch).await.expect_problem(Code::LastOwner);
    }
    let both = json!({"rank": "member", "is_admin": true});
    owner.patch(&other, both).await.expect_field_error("is_admin", "together with rank");
    let mut live = LiveSocket::open(member).await;
    owner.patch(&other, json!({"is_admin": true})).await.expect_status(200);
    let promoted = live.expect(|frame| match frame {
        ServerFrame::User { user } => Some(user.rank),
        _ => None,
    });
    assert_eq!(promoted.await, Rank::Admin, "the new admin gets a frame");
    // An admin manages members and guests, and may step down, but touches no admin and no owner.
    let member_patches =
        [json!({"rank": "guest"}), json!({"is_disabled": true}), json!({"rank": "member"})];
    for patch in member_patches {
        member.patch(&third, patch).await.expect_status(200);
    }
    for (path, patch) in [
        (&own, json!({"rank": "member"})),
        (&own, json!({"is_disabled": true})),
        (&third, json!({"rank": "admin"})),
        (&third, json!({"is_admin": true})),
        (&other, json!({"rank": "owner"})),
    ] {
        member.patch(path, patch).await.expect_problem(Code::OwnerOnly);
    }
    owner.patch(&other, json!({"rank": "owner"})).await.expect_status(200);
    owner.patch(&own, json!({"is_admin": false})).await.expect_status(200);
    owner.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_problem(Code::AdminOnly);
    member.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_status(201);
    // A disabled owner does not count.
    member.patch(&own, json!({"rank": "owner", "is_disabled": true})).await.expect_status(200);
    member.patch(&other, json!({"rank": "admin"})).await.expect_problem(Code::LastOwner);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_response() {
    let fixture = Fixture::start().await;
    let wrong = json!({"username": "member", "password": "wrong horse"});
    let nobody = json!({"username": "nobody", "password": "wrong horse"});
    let problems = [wrong, nobody].map(async |body| {
        fixture.anon.post(paths::SESSIONS, body).await.expect_problem(Code::InvalidCredentials)
    });
    let [wrong, nobody] = problems;
    let (mut wrong, mut nobody) = (wrong.await, nobody.await);
    (wrong.request_id, nobody.request_id) = (None, None);
    assert_eq!(wrong, nobody);
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let fixture = Fixture::start().await;
    let phone = fixture.server.sign_in("member").await;
    let list: SessionList = fixture.member.get(paths::SESSIONS).await.expect_json(200);
    let current: Vec<_> = list.sessions.iter().filter(|session| session.is_current).collect();
    assert_eq!((list.sessions.len(), current.len(), current[0].id), (2, 1, fixture.member.session));
    let wrong = json!({"current_password": "wrong horse", "password": "battery staple"});
    fixture.member.patch(paths::ME, wrong).await.expect_field_error("current_password", "wrong");
    let short = json!({"current_password": PASSWORD, "password": "short"});
    fixture.member.patch(paths::ME, short).await.expect_field_error("password", "8 to 1024");
    let right = json!({"current_password": PASSWORD, "password": "battery staple"});
    fixture.member.patch(paths::ME, right).await.expect_status(200);
    phone.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    fixture.member.get(paths::ME).await.expect_status(200);
    let old = account("member");
    fixture.anon.post(paths::SESSIONS, old).await.expect_problem(Code::InvalidCredentials);
}

#[tokio::test]
async fn no_response_contains_a_secret() {
    let fixture = Fixture::start().await;
    for path in [paths::ME, paths::SESSIONS, "/api/v1/users/2"] {
        let text = fixture.member.get(path).await.text;
        assert!(!text.contains("argon2") && !text.contains("password"), "{text}");
        assert!(!text.contains(&fixture.member.token), "{text}");
    }
}
