//! Invitations that cannot be used get one answer, whatever the reason.

use hallway::tables::invitations;
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};
use shared::{
    access::Rank,
    admission::{CreatedInvitation, InvitationPreview},
    paths,
    problem::Code,
    rooms::RoomListing,
    users::User,
};

use super::{accept, account, change_server, invite, preview, register_with};
use crate::fixture::{Client, Fixture, sign_in};

/// Checks that nobody can use an invitation, and that the answers do not tell why.
async fn expect_refused(fixture: &Fixture, token: &str, why: &str) {
    println!("{why}");
    let refused = register_with(&fixture.anon, "stranger", token).await;
    let problem = refused.expect_problem(Code::InvitationInvalid);
    assert_eq!(problem.detail, Code::InvitationInvalid.detail());
    accept(&fixture.outsider, token).await.expect_problem(Code::InvitationInvalid);
    let seen = preview(&fixture.anon, token).await.expect_status(200);
    assert_eq!(seen, json!({"server": "Hallway", "is_valid": false}));
    let nobody = fixture.anon.post(paths::SESSIONS, account("stranger")).await;
    nobody.expect_problem(Code::InvalidCredentials);
}

async fn expect_usable(client: &Client, created: &CreatedInvitation) {
    let seen: InvitationPreview = preview(client, &created.token.0).await.expect_json(200);
    assert!(seen.is_valid);
}

#[tokio::test]
async fn an_invitation_is_refused_with_one_code_whatever_the_reason() {
    let fixture = Fixture::start().await;
    let rooms = json!({"rooms": [fixture.room]});
    let new = async || {
        let created = invite(&fixture.member, rooms.clone()).await;
        expect_usable(&fixture.anon, &created).await;
        created
    };
    expect_refused(&fixture, "", "empty").await;
    expect_refused(&fixture, "AAAAAAAAAAAAAAAAAAAAAA", "never existed").await;
    expect_refused(&fixture, &"x".repeat(1_000), "long").await;
    let used = new().await;
    register_with(&fixture.anon, "first", &used.token.0).await.expect_status(201);
    expect_refused(&fixture, &used.token.0, "used").await;
    let revoked = new().await;
    let path = paths::fill(paths::INVITATION, &[&revoked.invitation.id]);
    fixture.member.delete(&path).await.expect_status(204);
    expect_refused(&fixture, &revoked.token.0, "revoked").await;
    let expired = new().await;
    let row = invitations::ActiveModel {
        id: Set(expired.invitation.id.0),
        expires_at: Set(hallway::tables::now()),
        ..Default::default()
    };
    row.update(&fixture.server.database().writer).await.unwrap();
    expect_refused(&fixture, &expired.token.0, "expired").await;
}

#[tokio::test]
async fn an_invitation_ends_with_the_rights_of_the_inviter() {
    let fixture = Fixture::start().await;
    let member = paths::fill(paths::USER, &[&fixture.member.user.id]);
    let created = invite(&fixture.member, json!({"rooms": [fixture.room]})).await;
    let set = async |change: Value| {
        fixture.admin.patch(&member, change).await.expect_status(200);
    };
    set(json!({"rank": "guest"})).await;
    expect_refused(&fixture, &created.token.0, "the inviter is a guest").await;
    set(json!({"rank": "member", "is_disabled": true})).await;
    expect_refused(&fixture, &created.token.0, "the inviter is disabled").await;
    set(json!({"is_disabled": false})).await;
    for mode in ["approval", "closed"] {
        change_server(&fixture.admin, json!({"sign_up": mode})).await;
        expect_refused(&fixture, &created.token.0, mode).await;
    }
    let by_admin = invite(&fixture.admin, json!({})).await;
    register_with(&fixture.anon, "guest of admin", &by_admin.token.0).await.expect_status(201);
    change_server(&fixture.admin, json!({"sign_up": "invited"})).await;
    register_with(&fixture.anon, "newcomer", &created.token.0).await.expect_status(201);
}

/// The account is created, but joins no room to which the inviter may not add people any more.
#[tokio::test]
async fn an_inviter_who_left_a_room_lets_nobody_in() {
    let fixture = Fixture::start().await;
    let den = json!({"name": "Den", "kind": "private"});
    let den = fixture.outsider.post(paths::ROOMS, den).await.expect_status(201)["id"].clone();
    let add = paths::fill(paths::MEMBER, &[&den, &fixture.member.user.id]);
    fixture.outsider.put(&add, Value::Null).await.expect_status(200);
    let created = invite(&fixture.member, json!({"rooms": [den, fixture.room], "uses": 2})).await;
    fixture.outsider.delete(&add).await.expect_status(204);
    register_with(&fixture.anon, "newcomer", &created.token.0).await.expect_status(201);
    let newcomer = sign_in(&fixture.anon, "newcomer").await;
    newcomer.get(&paths::fill(paths::ROOM, &[&den])).await.expect_problem(Code::NotFound);
    let lobby: RoomListing = newcomer.get(&fixture.path(paths::ROOM)).await.expect_json(200);
    assert!(lobby.joined);
    let joined = accept(&fixture.admin, &created.token.0).await.expect_status(200);
    assert_eq!(joined, json!({"rooms": [fixture.room]}));
}

#[tokio::test]
async fn an_invitation_gives_the_rank_and_the_rooms_that_it_says_and_no_others() {
    let fixture = Fixture::start().await;
    let other = fixture.admin.post(paths::ROOMS, json!({"name": "Attic"})).await;
    let other = other.expect_status(201)["id"].clone();
    let created = invite(&fixture.member, json!({"rank": "guest", "rooms": [fixture.room]})).await;
    let request = |name: &str, more: Value| {
        let mut request = account(name);
        request["invitation"] = json!(created.token);
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    let as_admin = request("mallory", json!({"is_admin": true}));
    for client in [&fixture.anon, &*fixture.admin as &Client] {
        let refused = client.post(paths::USERS, as_admin.clone()).await;
        refused.expect_problem(Code::InvitationInvalid);
    }
    // Other fields have no effect.
    let more = json!({"rank": "owner", "rooms": [other]});
    let user: User =
        fixture.anon.post(paths::USERS, request("mallory", more)).await.expect_json(201);
    assert_eq!(user.rank, Rank::Guest);
    let mallory = sign_in(&fixture.anon, "mallory").await;
    let attic = paths::fill(paths::ROOM, &[&other.as_i64().unwrap()]);
    mallory.get(&attic).await.expect_problem(Code::NotFound);
    let admins = invite(&fixture.admin, json!({"rank": "admin"})).await;
    let user: User = register_with(&fixture.anon, "deputy", &admins.token.0).await.expect_json(201);
    assert_eq!((user.rank, user.is_admin), (Rank::Admin, true));
}
