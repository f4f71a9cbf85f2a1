//! Accounts and sign-ins.

use serde_json::{Value, json};
use shared::{
    live::ServerFrame,
    paths,
    problem::Code,
    rooms::People,
    users::{SessionList, User},
};

use crate::{
    actors::{Cast, Client, LiveSocket, PASSWORD, Server},
    search::address,
};

fn account(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD})
}

#[tokio::test]
async fn the_first_to_register_is_the_admin() {
    let server = Server::start().await;
    let first: User = server.anon().post(paths::USERS, account("Ada")).await.read(201);
    let second: User = server.anon().post(paths::USERS, account("Bob")).await.read(201);
    assert_eq!((first.id.0, first.is_admin, first.is_disabled), (1, true, false));
    assert_eq!((second.id.0, second.is_admin), (2, false));
    let me: User = server.sign_in("ADA").await.get(paths::ME).await.read(200);
    assert_eq!(me, first);
}

/// A race for the first place has one winner.
#[tokio::test]
async fn there_is_one_first() {
    let server = Server::start().await;
    let anon = server.anon();
    let register =
        async |name: &str| anon.post(paths::USERS, account(name)).await.read::<User>(201);
    let users = tokio::join!(register("a"), register("b"), register("c"), register("d"));
    let admins = [users.0, users.1, users.2, users.3].iter().filter(|user| user.is_admin).count();
    assert_eq!(admins, 1);
}

#[tokio::test]
async fn only_an_admin_makes_admins() {
    let cast = Cast::assemble().await;
    let new = json!({"username": "mallory", "password": PASSWORD, "is_admin": true});
    cast.anon.post(paths::USERS, new.clone()).await.refused(Code::AdminOnly);
    cast.member.post(paths::USERS, new.clone()).await.refused(Code::AdminOnly);
    let who = account("mallory");
    cast.anon.post(paths::SESSIONS, who).await.refused(Code::InvalidCredentials);
    let made: User = cast.admin.post(paths::USERS, new).await.read(201);
    assert!(made.is_admin);
    let self_made = json!({"is_admin": true});
    let own = paths::fill(paths::USER, &[&cast.member.user.id]);
    cast.member.patch(&own, self_made).await.refused(Code::AdminOnly);
}

#[tokio::test]
async fn a_name_is_given_once_whatever_its_case() {
    let cast = Cast::assemble().await;
    cast.anon.post(paths::USERS, account("Zoë Müller")).await.is(201);
    // The second spells its marks with combining characters.
    for name in ["MEMBER", "zo\u{65}\u{308} mu\u{308}ller", " ZOË MÜLLER "] {
        let problem =
            cast.anon.post(paths::USERS, account(name)).await.refused(Code::UsernameTaken);
        assert_eq!(problem.errors[0].field, "username");
    }
    let attic = json!({"name": "Attic"});
    cast.admin.post(paths::ROOMS, attic).await.is(201);
    let problem = cast.admin.post(paths::ROOMS, json!({"name": "LOBBY"})).await;
    assert_eq!(problem.refused(Code::RoomNameTaken).errors[0].field, "name");
    let taken = json!({"name": " aTTIC"});
    let problem = cast.admin.patch(&cast.at(paths::ROOM), taken.clone()).await;
    assert_eq!(problem.refused(Code::RoomNameTaken).errors[0].field, "name");
    let problem = cast.admin.put(&cast.at(paths::ROOM), taken).await;
    assert_eq!(problem.refused(Code::RoomNameTaken).errors[0].field, "name");
    // Its own name in another case is no conflict.
    cast.admin.patch(&cast.at(paths::ROOM), json!({"name": "LOBBY"})).await.is(200);
}

#[tokio::test]
async fn a_deleted_rooms_name_is_free_and_its_number_is_not() {
    let cast = Cast::assemble().await;
    cast.admin.delete(&cast.at(paths::ROOM)).await.is(204);
    let room = cast.admin.post(paths::ROOMS, json!({"name": "Lobby"})).await.is(201);
    assert!(room["id"].as_i64().unwrap() > cast.room.0, "{room}");
    for path in [paths::ROOM, paths::MESSAGES, paths::CHANGES, paths::MEMBERS] {
        cast.member.get(&cast.at(path)).await.refused(Code::NotFound);
    }
}

/// Who is found is who could be met.
#[tokio::test]
async fn people_are_those_of_my_rooms() {
    let cast = Cast::assemble().await;
    let found = async |who: &Client, q: &str| {
        let path = address(paths::PEOPLE, &[("q", q)]);
        let list: People = who.get(&path).await.read(200);
        list.people.into_iter().map(|person| person.username).collect::<Vec<_>>()
    };
    assert_eq!(found(&cast.member, "").await, ["admin", "member"]);
    assert_eq!(found(&cast.member, " MEM ").await, ["member"]);
    // Those whose names begin so come first.
    assert_eq!(found(&cast.member, "m").await, ["member", "admin"]);
    for nothing in ["%", "_", "!", "outsider", "x"] {
        assert_eq!(found(&cast.member, nothing).await, [""; 0], "{nothing}");
    }
    assert_eq!(found(&cast.outsider, "").await, [""; 0]);
    let membership = cast.at(paths::MEMBERSHIP);
    cast.outsider.put(&membership, Value::Null).await.is(200);
    assert_eq!(found(&cast.outsider, "a").await, ["admin"]);
    // Left, shut out, the room gone: met no more.
    cast.admin.delete(&membership).await.is(204);
    assert_eq!(found(&cast.outsider, "").await, ["member", "outsider"]);
    let member = paths::fill(paths::USER, &[&cast.member.user.id]);
    cast.admin.patch(&member, json!({"is_disabled": true})).await.is(200);
    assert_eq!(found(&cast.outsider, "").await, ["outsider"]);
    cast.admin.delete(&cast.at(paths::ROOM)).await.is(204);
    assert_eq!(found(&cast.outsider, "").await, [""; 0]);
}

#[tokio::test]
async fn people_come_in_a_bounded_number() {
    let cast = Cast::assemble().await;
    for nth in 1..=21 {
        let guest = cast.server.register(&format!("guest {nth}")).await;
        guest.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    }
    let guests: People =
        cast.member.get(&address(paths::PEOPLE, &[("q", "guest")])).await.read(200);
    assert_eq!(guests.people.len(), 20);
    let long = address(paths::PEOPLE, &[("q", &"x".repeat(151))]);
    cast.member.get(&long).await.refused_field("q", "at most 150 characters, and is 151");
    cast.member
        .get(&address(paths::PEOPLE, &[("name", "x")]))
        .await
        .refused_field("name", "not known");
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let cast = Cast::assemble().await;
    let path = |id| paths::fill(paths::USER, &[&id]);
    let own = path(cast.admin.user.id);
    cast.admin.patch(&own, json!({"is_admin": false})).await.refused(Code::LastAdmin);
    cast.admin.patch(&own, json!({"is_disabled": true})).await.refused(Code::LastAdmin);
    let mut live = LiveSocket::open(&cast.member).await;
    let other = path(cast.member.user.id);
    cast.admin.patch(&other, json!({"is_admin": true})).await.is(200);
    let told = live.expect(|frame| match frame {
        ServerFrame::User { user } => Some(user.is_admin),
        _ => None,
    });
    assert!(told.await, "the new admin is told");
    cast.admin.patch(&own, json!({"is_admin": false})).await.is(200);
    cast.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.refused(Code::AdminOnly);
    cast.member.post(paths::ROOMS, json!({"name": "Attic"})).await.is(201);
    // A shut admin is none.
    cast.member.patch(&own, json!({"is_admin": true, "is_disabled": true})).await.is(200);
    cast.member.patch(&other, json!({"is_admin": false})).await.refused(Code::LastAdmin);
}

#[tokio::test]
async fn a_wrong_password_is_a_wrong_name() {
    let cast = Cast::assemble().await;
    let wrong = json!({"username": "member", "password": "wrong horse"});
    let nobody = json!({"username": "nobody", "password": "wrong horse"});
    let said = [wrong, nobody].map(async |body| {
        cast.anon.post(paths::SESSIONS, body).await.refused(Code::InvalidCredentials)
    });
    let [wrong, nobody] = said;
    let (mut wrong, mut nobody) = (wrong.await, nobody.await);
    (wrong.request_id, nobody.request_id) = (None, None);
    assert_eq!(wrong, nobody);
}

#[tokio::test]
async fn too_many_tries_have_to_wait() {
    let server = Server::with(|settings| settings.login_attempts = 3).await;
    server.register("ada").await;
    let wrong = json!({"username": "ADA", "password": "wrong horse"});
    for _ in 0..3 {
        server.anon().post(paths::SESSIONS, wrong.clone()).await.refused(Code::InvalidCredentials);
    }
    for body in [wrong, account("ada")] {
        let answer = server.anon().post(paths::SESSIONS, body).await;
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        answer.refused(Code::TooManyRequests);
    }
}

#[tokio::test]
async fn another_password_ends_the_other_sign_ins() {
    let cast = Cast::assemble().await;
    let phone = cast.server.sign_in("member").await;
    let list: SessionList = cast.member.get(paths::SESSIONS).await.read(200);
    let current: Vec<_> = list.sessions.iter().filter(|session| session.is_current).collect();
    assert_eq!((list.sessions.len(), current.len(), current[0].id), (2, 1, cast.member.session));
    let wrong = json!({"current_password": "wrong horse", "password": "battery staple"});
    cast.member.patch(paths::ME, wrong).await.refused_field("current_password", "wrong");
    let short = json!({"current_password": PASSWORD, "password": "short"});
    cast.member.patch(paths::ME, short).await.refused_field("password", "8 to 1024");
    let right = json!({"current_password": PASSWORD, "password": "battery staple"});
    cast.member.patch(paths::ME, right).await.is(200);
    phone.get(paths::ME).await.refused(Code::Unauthenticated);
    cast.member.get(paths::ME).await.is(200);
    let old = account("member");
    cast.anon.post(paths::SESSIONS, old).await.refused(Code::InvalidCredentials);
}

#[tokio::test]
async fn secrets_are_in_no_answer() {
    let cast = Cast::assemble().await;
    for path in [paths::ME, paths::SESSIONS, "/api/v1/users/2"] {
        let text = cast.member.get(path).await.text;
        assert!(!text.contains("argon2") && !text.contains("password"), "{text}");
        assert!(!text.contains(&cast.member.token), "{text}");
    }
}
