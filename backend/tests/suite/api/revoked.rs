//! A revoked user gets nothing more, at the latest 2 s after the revocation.

use std::time::{Duration, Instant};

use hallway::tables::{Database, sessions, users};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use shared::{
    live::{CloseCode, RemovedReason, ServerFrame},
    paths,
    problem::Code,
};

use crate::fixture::{Fixture, LiveSocket, PASSWORD, REVOCATION_MAX_DELAY, Server};

#[tokio::test]
async fn disabling_an_account_ends_its_sessions_and_sockets() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let basic = fixture.anon.with_authorization(&basic("member", PASSWORD));
    basic.get(paths::ME).await.expect_status(200);
    let path = paths::fill(paths::USER, &[&fixture.member.user.id]);
    fixture.admin.patch(&path, json!({"is_disabled": true})).await.expect_status(200);
    let start = Instant::now();
    assert_eq!(live.socket.wait_close().await, Some(CloseCode::SessionEnded as u16));
    assert!(start.elapsed() < REVOCATION_MAX_DELAY);
    fixture.member.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    basic.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    let message = json!({"content": "still here?"});
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), message)
        .await
        .expect_problem(Code::Unauthenticated);
    let sign_in = json!({"username": "member", "password": PASSWORD});
    fixture.anon.post(paths::SESSIONS, sign_in).await.expect_problem(Code::InvalidCredentials);
    assert!(LiveSocket::try_open(&fixture.member).await.is_none());
    // Enabling the account does not restore its sessions.
    fixture.admin.patch(&path, json!({"is_disabled": false})).await.expect_status(200);
    fixture.member.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    fixture.server.sign_in("member").await.get(paths::ME).await.expect_status(200);
}

pub fn basic(name: &str, password: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

#[tokio::test]
async fn signing_out_closes_the_sockets_of_that_session_only() {
    let fixture = Fixture::start().await;
    let phone = fixture.server.sign_in("member").await;
    let mut on_phone = LiveSocket::in_room(&phone, fixture.room).await;
    let mut on_laptop = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let response = phone.delete("/api/v1/sessions/current").await;
    assert!(response.header("set-cookie").contains("Max-Age=0"), "{response:?}");
    let start = Instant::now();
    assert_eq!(on_phone.socket.wait_close().await, Some(CloseCode::SessionEnded as u16));
    assert!(start.elapsed() < REVOCATION_MAX_DELAY);
    phone.get(paths::ME).await.expect_problem(Code::Unauthenticated);
    fixture
        .admin
        .post(&fixture.path(paths::MESSAGES), json!({"content": "third"}))
        .await
        .expect_status(201);
    assert_eq!(on_laptop.next_change().await.rev.0, 6);
    // The laptop ends the session of the phone by its id.
    let phone = fixture.server.sign_in("member").await;
    let mut on_phone = LiveSocket::open(&phone).await;
    fixture.member.delete(&format!("/api/v1/sessions/{}", phone.session)).await.expect_status(204);
    assert_eq!(on_phone.socket.wait_close().await, Some(CloseCode::SessionEnded as u16));
}

/// Messages after the removal must not reach the removed member.
#[tokio::test]
async fn a_removed_member_gets_no_more_frames() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let path = paths::fill(paths::MEMBER, &[&fixture.room, &fixture.member.user.id]);
    fixture.admin.delete(&path).await.expect_status(204);
    let start = Instant::now();
    fixture
        .admin
        .post(&fixture.path(paths::MESSAGES), json!({"content": "behind your back"}))
        .await
        .expect_status(201);
    assert_eq!(live.expect(removed).await, (fixture.room, RemovedReason::Removed));
    assert!(start.elapsed() < REVOCATION_MAX_DELAY);
    fixture.member.get(&fixture.path(paths::MESSAGES)).await.expect_problem(Code::NotAMember);
    fixture.admin.delete(&path).await.expect_problem(Code::NotFound);
    expect_joined_as_next_frame(&fixture, &mut live).await;
}

fn removed(frame: &ServerFrame) -> Option<(shared::ids::RoomId, RemovedReason)> {
    match frame {
        ServerFrame::Removed { room, reason } => Some((*room, *reason)),
        _ => None,
    }
}

/// Lets the member join again. No change of the room may come before the `joined` frame.
async fn expect_joined_as_next_frame(fixture: &Fixture, live: &mut LiveSocket) {
    fixture.member.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    let joined = live.expect(|frame| match frame {
        ServerFrame::Joined { room } => Some(room.id),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    assert_eq!(joined.await, fixture.room);
}

#[tokio::test]
async fn a_member_who_leaves_gets_no_more_frames() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    fixture.member.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    fixture
        .admin
        .post(&fixture.path(paths::MESSAGES), json!({"content": "gone?"}))
        .await
        .expect_status(201);
    assert_eq!(live.expect(removed).await, (fixture.room, RemovedReason::Left));
    expect_joined_as_next_frame(&fixture, &mut live).await;
}

#[tokio::test]
async fn a_deleted_room_sends_no_more_frames() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    fixture.admin.delete(&fixture.path(paths::ROOM)).await.expect_status(204);
    assert_eq!(live.expect(removed).await, (fixture.room, RemovedReason::RoomDeleted));
    let message = json!({"content": "echo"});
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), message)
        .await
        .expect_problem(Code::NotFound);
    assert!(LiveSocket::open(&fixture.member).await.rooms.is_empty());
}

/// A subscription to a room of which the user is no member gets an error and no changes.
#[tokio::test]
async fn only_members_subscribe_to_a_room() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::open(&fixture.outsider).await;
    for (room, code) in [(fixture.room, Code::NotAMember), (77.into(), Code::NotFound)] {
        let after_rev = Some(0.into());
        live.send(&shared::live::ClientFrame::Subscribe { room, after_rev }).await;
        let refused = live.expect(|frame| match frame {
            ServerFrame::Error { problem } => Some(problem.code),
            frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
        });
        assert_eq!(refused.await, code);
    }
    live.send(&shared::live::ClientFrame::Typing { room: fixture.room }).await;
    fixture
        .admin
        .post(&fixture.path(paths::MESSAGES), json!({"content": "private"}))
        .await
        .expect_status(201);
    fixture.outsider.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    let joined = live.expect(|frame| match frame {
        ServerFrame::Joined { room } => Some(room.id),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    assert_eq!(joined.await, fixture.room);
}

/// The token holds no rights, so a demoted admin is a member from the next request on.
#[tokio::test]
async fn a_demoted_admin_loses_the_rights_at_once() {
    let server = Server::start().await;
    let (first, second) = (server.register("first").await, server.register("second").await);
    let path = paths::fill(paths::USER, &[&second.user.id]);
    first.patch(&path, json!({"is_admin": true})).await.expect_status(200);
    second.post(paths::ROOMS, json!({"name": "Mine"})).await.expect_status(201);
    first.patch(&path, json!({"is_admin": false})).await.expect_status(200);
    second.post(paths::ROOMS, json!({"name": "More"})).await.expect_problem(Code::AdminOnly);
}

/// The password is right at the check, but changed before the session is created.
#[tokio::test]
async fn a_sign_in_that_races_a_password_change_gets_no_session() {
    let fixture = Fixture::start().await;
    let of_member = sessions::Column::UserId.eq(fixture.member.user.id.0);
    let db = Database::open(&fixture.server.storage().url(), 2).await.unwrap();
    let txn = db.begin().await.unwrap();
    let update = users::Entity::update_many()
        .col_expr(users::Column::PasswordHash, "another".into())
        .col_expr(users::Column::Generation, 1.into())
        .filter(users::Column::Id.eq(fixture.member.user.id.0));
    update.exec(&txn).await.unwrap();
    let credentials = json!({"username": "member", "password": PASSWORD});
    let anon = fixture.server.anon();
    let signing_in = tokio::spawn(async move { anon.post(paths::SESSIONS, credentials).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!signing_in.is_finished());
    txn.commit().await.unwrap();
    signing_in.await.unwrap().expect_problem(Code::InvalidCredentials);
    let remaining = sessions::Entity::find().filter(of_member).count(&db.reader).await.unwrap();
    assert_eq!(remaining, 1, "only the old session remains");
    db.close().await.unwrap();
}
