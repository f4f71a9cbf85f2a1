//! Lists of accounts, signing others out, random passwords, and who may do that.

use std::time::Instant;

use serde_json::{Value, json};
use shared::{
    administration::{AccountList, NewPassword},
    live::CloseCode,
    paths,
    problem::Code,
};

use super::{direct_room, last_entry, private_room, set_rank, user_path};
use crate::{
    api::revoked::basic,
    fixture::{Client, Fixture, LiveSocket, PASSWORD, Person, REVOCATION_MAX_DELAY},
};

async fn names(person: &Person, query: &str) -> Vec<String> {
    let path = format!("{}?{query}", paths::USERS);
    let list: AccountList = person.get(&path).await.expect_json(200);
    list.users.into_iter().map(|row| row.user.username).collect()
}

#[tokio::test]
async fn accounts_are_found_by_name_rank_and_state() {
    let fixture = Fixture::start().await;
    let owner = &fixture.admin;
    let guest = fixture.server.register("50% Guest").await;
    set_rank(&fixture, &guest, "guest").await;
    let disabled = json!({"is_disabled": true});
    owner.patch(&user_path(paths::USER, &fixture.outsider), disabled).await.expect_status(200);
    assert_eq!(names(owner, "").await, ["admin", "member", "outsider", "50% Guest"]);
    assert_eq!(names(owner, "q=M").await, ["admin", "member"]);
    assert_eq!(names(owner, "q=0%25+g").await, ["50% Guest"]);
    assert_eq!(names(owner, "q=_").await, [""; 0]);
    assert_eq!(names(owner, "rank=guest").await, ["50% Guest"]);
    assert_eq!(names(owner, "rank=owner").await, ["admin"]);
    assert_eq!(names(owner, "disabled=true").await, ["outsider"]);
    assert_eq!(names(owner, "disabled=false&rank=member").await, ["member"]);
    for (query, field, text) in [
        ("limit=0", "limit", "must be 1 to 200"),
        ("rank=king", "rank", "unknown variant"),
        ("who=me", "who", "unknown"),
    ] {
        let path = format!("{}?{query}", paths::USERS);
        owner.get(&path).await.expect_field_error(field, text);
    }
    let path = format!("{}?q={}", paths::USERS, "x".repeat(256));
    owner.get(&path).await.expect_field_error("q", "at most 255 characters, but is 256");
}

#[tokio::test]
async fn accounts_are_paged_and_counted_without_direct_rooms() {
    let fixture = Fixture::start().await;
    let owner = &fixture.admin;
    private_room(&fixture.member, "Den").await;
    direct_room(&fixture, [&fixture.member, &fixture.outsider]).await;
    let first: AccountList = owner.get(&format!("{}?limit=2", paths::USERS)).await.expect_json(200);
    let counts: Vec<_> = first.users.iter().map(|row| row.room_count).collect();
    assert_eq!(counts, [1, 2]);
    assert!(first.users.iter().all(|row| row.last_seen_at >= Some(row.user.created_at)));
    let next = first.next.unwrap();
    let rest: AccountList =
        owner.get(&format!("{}?limit=2&after={next}", paths::USERS)).await.expect_json(200);
    assert_eq!((rest.users.len(), rest.users[0].room_count, rest.next), (1, 0, None));
    // Without a session nothing says when an account was last used.
    let path = user_path(paths::USER_SIGN_OUT, &fixture.outsider);
    owner.post(&path, Value::Null).await.expect_status(204);
    let list: AccountList =
        owner.get(&format!("{}?q=outsider", paths::USERS)).await.expect_json(200);
    assert_eq!(list.users[0].last_seen_at, None);
}

#[tokio::test]
async fn signing_somebody_out_ends_sessions_and_sockets_but_not_basic() {
    let fixture = Fixture::start().await;
    let phone = fixture.server.sign_in("member").await;
    let with_basic = fixture.anon.with_authorization(&basic("member", PASSWORD));
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let path = user_path(paths::USER_SIGN_OUT, &fixture.member);
    fixture.admin.post(&path, Value::Null).await.expect_status(204);
    let start = Instant::now();
    assert_eq!(live.socket.wait_close().await, Some(CloseCode::SessionEnded as u16));
    assert!(start.elapsed() < REVOCATION_MAX_DELAY);
    for device in [&fixture.member, &phone] {
        device.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    }
    with_basic.get(paths::ME).await.expect_status(200);
    fixture.server.sign_in("member").await.get(paths::ME).await.expect_status(200);
    fixture.outsider.get(paths::ME).await.expect_status(200);
    let expected = json!({
        "action": "signed_out",
        "actor": {"id": 1, "username": "admin"},
        "user": {"id": 2, "username": "member"},
        "address": "127.0.0.1",
    });
    assert_eq!(last_entry(&fixture).await, expected);
}

#[tokio::test]
async fn a_random_password_replaces_the_old_one_and_is_shown_once() {
    let fixture = Fixture::start().await;
    let with_basic = fixture.anon.with_authorization(&basic("member", PASSWORD));
    with_basic.get(paths::ME).await.expect_status(200);
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let path = user_path(paths::USER_PASSWORD, &fixture.member);
    let response = fixture.admin.post(&path, Value::Null).await;
    assert_eq!(response.header("cache-control"), "no-store");
    let issued: NewPassword = response.expect_json(200);
    assert_eq!((issued.user.id, issued.password.0.len()), (fixture.member.user.id, 24));
    assert_eq!(live.socket.wait_close().await, Some(CloseCode::SessionEnded as u16));
    fixture.member.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    with_basic.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    let sign_in = |password: &str| json!({"username": "member", "password": password});
    let refused = fixture.anon.post(paths::SESSIONS, sign_in(PASSWORD)).await;
    refused.expect_problem(Code::InvalidCredentials);
    let accepted = fixture.anon.post(paths::SESSIONS, sign_in(&issued.password.0)).await;
    accepted.expect_status(201);
    let expected = json!({
        "action": "password_reset",
        "actor": {"id": 1, "username": "admin"},
        "user": {"id": 2, "username": "member"},
        "address": "127.0.0.1",
    });
    assert_eq!(last_entry(&fixture).await, expected);
    let again: NewPassword = fixture.admin.post(&path, Value::Null).await.expect_json(200);
    assert_ne!(again.password, issued.password);
}

/// The owner may everything, an admin everything to members and guests, others nothing.
#[tokio::test]
async fn the_rank_decides_who_ends_the_access_of_whom() {
    let fixture = Fixture::start().await;
    let (owner, member) = (&fixture.admin, &fixture.member);
    let admin = fixture.server.register("second admin").await;
    let guest = fixture.server.register("guest").await;
    set_rank(&fixture, &admin, "admin").await;
    set_rank(&fixture, &guest, "guest").await;
    let clerk = fixture.outsider.clone();
    set_rank(&fixture, &clerk, "admin").await;
    let everybody = [owner, &admin, member, &guest];
    for template in [paths::USER_SIGN_OUT, paths::USER_PASSWORD] {
        for other in everybody {
            let path = user_path(template, other);
            fixture.anon.post(&path, Value::Null).await.expect_problem(Code::Unauthenticated);
            for refused in [member, &guest] {
                refused.post(&path, Value::Null).await.expect_problem(Code::AdminOnly);
            }
            if other.user.id == owner.user.id || other.user.id == admin.user.id {
                clerk.post(&path, Value::Null).await.expect_problem(Code::OwnerOnly);
            }
        }
        let nobody = paths::fill(template, &[&999]);
        clerk.post(&nobody, Value::Null).await.expect_problem(Code::NotFound);
    }
    let own = user_path(paths::USER_PASSWORD, owner);
    owner.post(&own, Value::Null).await.expect_problem(Code::RankTooLow);
    // Nothing of all this ended any access.
    for person in everybody {
        person.get(paths::ME).await.expect_status(200);
    }
    let status = |template| if template == paths::USER_PASSWORD { 200 } else { 204 };
    for template in [paths::USER_SIGN_OUT, paths::USER_PASSWORD] {
        for other in [member, &guest] {
            let path = user_path(template, other);
            clerk.post(&path, Value::Null).await.expect_status(status(template));
        }
        let path = user_path(template, &admin);
        owner.post(&path, Value::Null).await.expect_status(status(template));
    }
    // One may sign oneself out everywhere.
    let own = user_path(paths::USER_SIGN_OUT, &clerk);
    clerk.post(&own, Value::Null).await.expect_status(204);
    clerk.get(paths::ME).await.expect_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn the_other_doors_are_closed_to_all_but_admins() {
    let fixture = Fixture::start().await;
    let admin = fixture.server.register("second admin").await;
    let guest = fixture.server.register("guest").await;
    set_rank(&fixture, &admin, "admin").await;
    set_rank(&fixture, &guest, "guest").await;
    let room = private_room(&fixture.member, "Den").await;
    let enter = paths::fill(paths::ADMIN_ROOM_ENTER, &[&room]);
    let delete = paths::fill(paths::ADMIN_ROOM, &[&room]);
    let doors = [
        ("GET", paths::USERS, Ok(200)),
        ("GET", paths::ADMIN_ROOMS, Ok(200)),
        ("GET", paths::AUDIT, Ok(200)),
        ("GET", paths::AUDIT_EXPORT, Ok(200)),
        ("POST", &*enter, Ok(200)),
        ("DELETE", &*delete, Err(Code::RoomHasMembers)),
    ];
    for (method, path, expected) in doors {
        let call = async |client: &Client| client.call(method, path, Value::Null).await;
        call(&fixture.anon).await.expect_problem(Code::Unauthenticated);
        for refused in [&fixture.member, &fixture.outsider, &guest] {
            call(refused).await.expect_problem(Code::AdminOnly);
        }
        for allowed in [&admin, &fixture.admin] {
            match expected {
                Ok(status) => assert_eq!(call(allowed).await.status, status, "{path}"),
                Err(code) => drop(call(allowed).await.expect_problem(code)),
            }
        }
    }
}

#[tokio::test]
async fn too_many_requests_of_one_admin_are_refused() {
    let fixture = Fixture::start().await;
    let mut responses = Vec::new();
    for _ in 0..200 {
        responses.push(fixture.admin.get(paths::ADMIN_ROOMS).await.status);
    }
    assert_eq!(responses[..50], [200; 50]);
    assert_eq!(responses.last(), Some(&429));
    let refused = fixture.admin.get(paths::AUDIT).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.expect_problem(Code::TooManyRequests);
}
