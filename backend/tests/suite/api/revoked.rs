//! Promise 8: whoever is out hears nothing more, two seconds later at the latest.

use std::time::{Duration, Instant};

use hallway::tables::{Database, sessions, users};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use shared::{
    live::{CloseCode, RemovedReason, ServerFrame},
    paths,
    problem::Code,
};

use crate::actors::{AT_ONCE, Cast, LiveSocket, PASSWORD, Server};

#[tokio::test]
async fn a_ban_ends_session_and_socket() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    let basic = cast.anon.with(&basic("member", PASSWORD));
    basic.get(paths::ME).await.is(200);
    let path = paths::fill(paths::USER, &[&cast.member.user.id]);
    cast.admin.patch(&path, json!({"is_disabled": true})).await.is(200);
    let since = Instant::now();
    assert_eq!(live.socket.end().await, Some(CloseCode::SessionEnded as u16));
    assert!(since.elapsed() < AT_ONCE);
    cast.member.get(paths::ME).await.refused(Code::Unauthenticated);
    basic.get(paths::ME).await.refused(Code::Unauthenticated);
    let word = json!({"content": "still here?"});
    cast.member.post(&cast.at(paths::MESSAGES), word).await.refused(Code::Unauthenticated);
    let sign_in = json!({"username": "member", "password": PASSWORD});
    cast.anon.post(paths::SESSIONS, sign_in).await.refused(Code::InvalidCredentials);
    assert!(LiveSocket::try_open(&cast.member).await.is_none());
    // Opened again, the old session stays ended.
    cast.admin.patch(&path, json!({"is_disabled": false})).await.is(200);
    cast.member.get(paths::ME).await.refused(Code::Unauthenticated);
    cast.server.sign_in("member").await.get(paths::ME).await.is(200);
}

fn basic(name: &str, password: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

#[tokio::test]
async fn signing_out_ends_the_sessions_socket_and_no_other() {
    let cast = Cast::assemble().await;
    let phone = cast.server.sign_in("member").await;
    let mut on_phone = LiveSocket::in_room(&phone, cast.room).await;
    let mut on_laptop = LiveSocket::in_room(&cast.member, cast.room).await;
    let answer = phone.delete("/api/v1/sessions/current").await;
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{answer:?}");
    let since = Instant::now();
    assert_eq!(on_phone.socket.end().await, Some(CloseCode::SessionEnded as u16));
    assert!(since.elapsed() < AT_ONCE);
    phone.get(paths::ME).await.refused(Code::Unauthenticated);
    cast.admin.post(&cast.at(paths::MESSAGES), json!({"content": "third"})).await.is(201);
    assert_eq!(on_laptop.change().await.rev.0, 6);
    // The laptop ends the session of the phone by its name.
    let phone = cast.server.sign_in("member").await;
    let mut on_phone = LiveSocket::open(&phone).await;
    cast.member.delete(&format!("/api/v1/sessions/{}", phone.session)).await.is(204);
    assert_eq!(on_phone.socket.end().await, Some(CloseCode::SessionEnded as u16));
}

/// What is said after somebody was removed must not reach them.
#[tokio::test]
async fn a_removed_members_stream_stops() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    let path = paths::fill(paths::MEMBER, &[&cast.room, &cast.member.user.id]);
    cast.admin.delete(&path).await.is(204);
    let since = Instant::now();
    cast.admin
        .post(&cast.at(paths::MESSAGES), json!({"content": "behind your back"}))
        .await
        .is(201);
    assert_eq!(live.expect(removed).await, (cast.room, RemovedReason::Removed));
    assert!(since.elapsed() < AT_ONCE);
    cast.member.get(&cast.at(paths::MESSAGES)).await.refused(Code::NotAMember);
    cast.admin.delete(&path).await.refused(Code::NotFound);
    expect_only_welcome_words(&cast, &mut live).await;
}

fn removed(frame: &ServerFrame) -> Option<(shared::ids::RoomId, RemovedReason)> {
    match frame {
        ServerFrame::Removed { room, reason } => Some((*room, *reason)),
        _ => None,
    }
}

/// The next change that the member hears is their own coming back.
async fn expect_only_welcome_words(cast: &Cast, live: &mut LiveSocket) {
    cast.member.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    let joined = live.expect(|frame| match frame {
        ServerFrame::Joined { room } => Some(room.id),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    assert_eq!(joined.await, cast.room);
}

#[tokio::test]
async fn whoever_leaves_hears_no_more() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    cast.member.delete(&cast.at(paths::MEMBERSHIP)).await.is(204);
    cast.admin.post(&cast.at(paths::MESSAGES), json!({"content": "gone?"})).await.is(201);
    assert_eq!(live.expect(removed).await, (cast.room, RemovedReason::Left));
    expect_only_welcome_words(&cast, &mut live).await;
}

#[tokio::test]
async fn a_deleted_room_falls_silent() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    cast.admin.delete(&cast.at(paths::ROOM)).await.is(204);
    assert_eq!(live.expect(removed).await, (cast.room, RemovedReason::RoomDeleted));
    let word = json!({"content": "echo"});
    cast.member.post(&cast.at(paths::MESSAGES), word).await.refused(Code::NotFound);
    assert!(LiveSocket::open(&cast.member).await.rooms.is_empty());
}

/// Somebody may be put out while their socket is being refilled, or ask for a room that is not
/// theirs.
#[tokio::test]
async fn a_room_of_others_cannot_be_subscribed_to() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::open(&cast.outsider).await;
    for (room, code) in [(cast.room, Code::NotAMember), (77.into(), Code::NotFound)] {
        let after_rev = Some(0.into());
        live.send(&shared::live::ClientFrame::Subscribe { room, after_rev }).await;
        let refused = live.expect(|frame| match frame {
            ServerFrame::Error { problem } => Some(problem.code),
            frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
        });
        assert_eq!(refused.await, code);
    }
    live.send(&shared::live::ClientFrame::Typing { room: cast.room }).await;
    cast.admin.post(&cast.at(paths::MESSAGES), json!({"content": "private"})).await.is(201);
    cast.outsider.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    let joined = live.expect(|frame| match frame {
        ServerFrame::Joined { room } => Some(room.id),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    assert_eq!(joined.await, cast.room);
}

/// Without rights in the document of rights: a lost admin is a member from the next request on.
#[tokio::test]
async fn a_lost_admin_is_one_no_more() {
    let server = Server::start().await;
    let (first, second) = (server.register("first").await, server.register("second").await);
    let path = paths::fill(paths::USER, &[&second.user.id]);
    first.patch(&path, json!({"is_admin": true})).await.is(200);
    second.post(paths::ROOMS, json!({"name": "Mine"})).await.is(201);
    first.patch(&path, json!({"is_admin": false})).await.is(200);
    second.post(paths::ROOMS, json!({"name": "More"})).await.refused(Code::AdminOnly);
}

/// Its password is right when it is looked at, and another one when there could be a session.
#[tokio::test]
async fn a_sign_in_does_not_outlive_its_password() {
    let cast = Cast::assemble().await;
    let of_member = sessions::Column::UserId.eq(cast.member.user.id.0);
    let db = Database::open(&cast.server.home().url(), 2).await.unwrap();
    let txn = db.begin().await.unwrap();
    let changed = users::Entity::update_many()
        .col_expr(users::Column::PasswordHash, "another".into())
        .filter(users::Column::Id.eq(cast.member.user.id.0));
    changed.exec(&txn).await.unwrap();
    let who = json!({"username": "member", "password": PASSWORD});
    let anon = cast.server.anon();
    let signing_in = tokio::spawn(async move { anon.post(paths::SESSIONS, who).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!signing_in.is_finished());
    txn.commit().await.unwrap();
    signing_in.await.unwrap().refused(Code::InvalidCredentials);
    let left = sessions::Entity::find().filter(of_member).count(&db.reader).await.unwrap();
    assert_eq!(left, 1, "but for the one that was there");
    db.close().await.unwrap();
}
