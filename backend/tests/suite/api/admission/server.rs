//! The first account, the settings of the server, and who may create accounts and rooms.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shared::{
    access::Rank,
    admission::{CreateRooms, DirectRooms, Server as Settings, SignUp},
    paths,
    problem::Code,
    rooms::Member,
    users::User,
};

use super::{account, change_server};
use crate::fixture::{Client, Fixture, PASSWORD, Server, sign_in};

fn set_up_request(name: &str) -> Value {
    json!({"name": "  Harbour  ", "sign_up": "closed", "username": name, "password": PASSWORD})
}

#[tokio::test]
async fn setting_up_names_the_server_and_makes_the_owner() {
    let server = Server::start().await;
    let anon = server.anon();
    let before: Settings = anon.get(paths::SERVER).await.expect_json(200);
    assert_eq!((&*before.name, before.sign_up, before.is_set_up), ("Hallway", SignUp::Open, false));
    let mut bad = set_up_request("a:b");
    bad["name"] = "x".repeat(61).into();
    let refused = anon.post(paths::SERVER, bad).await.expect_problem(Code::InvalidFields);
    let fields: Vec<_> = refused.errors.iter().map(|error| &*error.field).collect();
    assert_eq!(fields, ["name", "username"]);
    assert!(refused.detail.contains("60"), "{refused:?}");
    let owner: User = anon.post(paths::SERVER, set_up_request("Ada")).await.expect_json(201);
    assert_eq!((owner.rank, owner.id.0), (Rank::Owner, 1));
    let after: Settings = anon.get(paths::SERVER).await.expect_json(200);
    assert_eq!((&*after.name, after.sign_up, after.is_set_up), ("Harbour", SignUp::Closed, true));
    anon.post(paths::SERVER, set_up_request("Bob")).await.expect_problem(Code::AlreadySetUp);
    anon.post(paths::USERS, account("Bob")).await.expect_problem(Code::SignUpClosed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_concurrent_set_ups_makes_the_owner() {
    let server = Server::start().await;
    let set_up = |nth: usize| {
        let (anon, name) = (server.anon(), format!("person {nth}"));
        tokio::spawn(async move { anon.post(paths::SERVER, set_up_request(&name)).await })
    };
    let requests: Vec<_> = (0..6).map(set_up).collect();
    let mut owners = 0;
    for request in requests {
        let response = request.await.unwrap();
        match response.status {
            201 => owners += 1,
            _ => drop(response.expect_problem(Code::AlreadySetUp)),
        }
    }
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn the_first_account_is_the_owner_whatever_the_mode() {
    let server = Server::start().await;
    let first: User = server.anon().post(paths::USERS, account("Ada")).await.expect_json(201);
    assert_eq!((first.rank, first.is_pending), (Rank::Owner, false));
}

#[tokio::test]
async fn admins_change_settings_and_strangers_see_only_what_they_need() {
    let fixture = Fixture::start().await;
    let all = json!({"name": "Harbour", "create_rooms": "members", "direct": "shared"});
    fixture.anon.patch(paths::SERVER, all.clone()).await.expect_problem(Code::Unauthenticated);
    fixture.member.patch(paths::SERVER, all.clone()).await.expect_problem(Code::AdminOnly);
    let changed: Settings = fixture.admin.patch(paths::SERVER, all).await.expect_json(200);
    let seen: Settings = fixture.member.get(paths::SERVER).await.expect_json(200);
    assert_eq!(seen, changed);
    assert_eq!(seen.create_rooms, Some(CreateRooms::Members));
    assert_eq!(seen.direct, Some(DirectRooms::Shared));
    let anonymous = fixture.anon.get(paths::SERVER).await.expect_status(200);
    assert_eq!(anonymous, json!({"name": "Harbour", "sign_up": "open", "is_set_up": true}));
    for (change, field, text) in [
        (json!({"name": " "}), "name", "must not be empty"),
        (json!({"name": "x".repeat(61)}), "name", "60"),
        (json!({"sign_up": "maybe"}), "sign_up", "expected one of"),
        (json!({"create_rooms": "guests"}), "create_rooms", "expected"),
        (json!({"direct": "none"}), "direct", "expected"),
        (json!({"nmae": "x"}), "nmae", "is unknown"),
    ] {
        fixture.admin.patch(paths::SERVER, change).await.expect_field_error(field, text);
    }
    let unchanged: Settings = fixture.admin.get(paths::SERVER).await.expect_json(200);
    assert_eq!(unchanged, changed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_changes_of_different_settings_are_all_kept() {
    let fixture = Fixture::start().await;
    let change = |change: Value| change_server(&fixture.admin, change);
    for name in ["One", "Two", "Three"] {
        let reset = json!({"sign_up": "open", "create_rooms": "admins", "direct": "all"});
        change(reset).await;
        tokio::join!(
            change(json!({"name": name})),
            change(json!({"sign_up": "invited"})),
            change(json!({"create_rooms": "members"})),
            change(json!({"direct": "shared"})),
        );
        let settings = fixture.admin.get(paths::SERVER).await.expect_status(200);
        let expected = json!({"name": name, "sign_up": "invited", "is_set_up": true,
            "create_rooms": "members", "direct": "shared", "has_smtp": false});
        assert_eq!(settings, expected);
    }
}

/// The modes that refuse strangers hold at every door, and admins create accounts in all of them.
#[tokio::test]
async fn a_closed_server_takes_accounts_from_admins_only() {
    let fixture = Fixture::start().await;
    for (mode, text) in [("invited", "need an invitation"), ("closed", "are closed")] {
        change_server(&fixture.admin, json!({"sign_up": mode})).await;
        for client in [&fixture.anon, &*fixture.member as &Client] {
            // The answer does not tell which names exist.
            for name in ["stranger", "member"] {
                let refused = client.post(paths::USERS, account(name)).await;
                let problem = refused.expect_problem(Code::SignUpClosed);
                assert!(problem.detail.contains(text), "{mode}: {problem:?}");
            }
        }
        let classic = fixture.anon.post("/register/", account("stranger")).await;
        assert!(classic.text.contains(text), "{}", classic.text);
        classic.expect_status(403);
        let created = account(&format!("by admin, {mode}"));
        fixture.admin.post(paths::USERS, created).await.expect_status(201);
        let classic = account(&format!("by admin, classic, {mode}"));
        fixture.admin.post("/register/", classic).await.expect_status(201);
    }
}

#[tokio::test]
async fn a_pending_account_waits_for_an_admin() {
    let fixture = Fixture::start().await;
    change_server(&fixture.admin, json!({"sign_up": "approval"})).await;
    let pending: User = fixture.anon.post(paths::USERS, account("newcomer")).await.expect_json(201);
    assert!(pending.is_pending);
    fixture.anon.post("/register/", account("classic newcomer")).await.expect_status(201);
    for name in ["newcomer", "classic newcomer"] {
        let refused = fixture.anon.post(paths::SESSIONS, account(name)).await;
        let problem = refused.expect_problem(Code::AccountPending);
        assert!(problem.detail.contains("approve your account"), "{problem:?}");
        let classic = fixture.anon.post("/login/", account(name)).await;
        assert!(classic.text.contains("approve your account"), "{}", classic.text);
        assert_eq!(classic.status, 403);
        let basic = STANDARD.encode(format!("{name}:{PASSWORD}"));
        let basic = fixture.anon.with_authorization(&format!("Basic {basic}"));
        basic.get(paths::ME).await.expect_problem(Code::AccountPending);
    }
    // Only somebody with the password learns of it.
    let wrong = json!({"username": "newcomer", "password": "wrong horse"});
    fixture.anon.post(paths::SESSIONS, wrong).await.expect_problem(Code::InvalidCredentials);
    let member = paths::fill(paths::MEMBER, &[&fixture.room, &pending.id]);
    fixture.member.put(&member, Value::Null).await.expect_problem(Code::NotFound);
    let path = paths::fill(paths::USER, &[&pending.id]);
    let approval = json!({"approved": true});
    fixture.member.patch(&path, approval.clone()).await.expect_problem(Code::AdminOnly);
    let refusal = fixture.admin.patch(&path, json!({"approved": false})).await;
    refusal.expect_field_error("approved", "disable it");
    let approved: User = fixture.admin.patch(&path, approval.clone()).await.expect_json(200);
    assert!(!approved.is_pending);
    // Again, it changes nothing.
    fixture.admin.patch(&path, approval).await.expect_status(200);
    sign_in(&fixture.anon, "newcomer").await;
    let added: Member = fixture.member.put(&member, Value::Null).await.expect_json(200);
    assert_eq!(added.user.username, "newcomer");
    // An admin's account is approved with its creation.
    let created: User =
        fixture.admin.post(paths::USERS, account("by admin")).await.expect_json(201);
    assert!(!created.is_pending);
}

/// A pending owner could be the last one.
#[tokio::test]
async fn naming_a_pending_account_owner_approves_it() {
    let fixture = Fixture::start().await;
    change_server(&fixture.admin, json!({"sign_up": "approval"})).await;
    let pending: User = fixture.anon.post(paths::USERS, account("newcomer")).await.expect_json(201);
    let path = paths::fill(paths::USER, &[&pending.id]);
    let owner: User = fixture.admin.patch(&path, json!({"rank": "owner"})).await.expect_json(200);
    assert_eq!((owner.rank, owner.is_pending), (Rank::Owner, false));
    sign_in(&fixture.anon, "newcomer").await;
}

#[tokio::test]
async fn the_setting_lets_members_create_open_rooms() {
    let fixture = Fixture::start().await;
    let room = |name: &str| json!({"name": name});
    fixture.member.post(paths::ROOMS, room("Attic")).await.expect_problem(Code::AdminOnly);
    change_server(&fixture.admin, json!({"create_rooms": "members"})).await;
    fixture.member.post(paths::ROOMS, room("Attic")).await.expect_status(201);
    let outsider = paths::fill(paths::USER, &[&fixture.outsider.user.id]);
    fixture.admin.patch(&outsider, json!({"rank": "guest"})).await.expect_status(200);
    fixture.outsider.post(paths::ROOMS, room("Cellar")).await.expect_problem(Code::AdminOnly);
    fixture.member.post("/rooms/", room("Garden")).await.expect_status(403);
    change_server(&fixture.admin, json!({"create_rooms": "admins"})).await;
    fixture.member.post(paths::ROOMS, room("Garden")).await.expect_problem(Code::AdminOnly);
}
