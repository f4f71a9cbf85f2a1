//! Sessions: their last use and address, their number, and the deletion of expired ones.

use std::time::Instant;

use hallway::tables::{Database, now, sessions};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};
use serde_json::json;
use shared::{
    ids::{SessionId, UserId},
    paths,
    problem::Code,
    users::{Session, SessionList, SignedIn},
};
use uuid::Uuid;

use crate::{
    database::make_jobs_due,
    fixture::{Fixture, LiveSocket, PASSWORD, Person, Process, Response, TIMEOUT, template},
};

const HOUR: i64 = 3_600_000_000;

/// The session of a person, as its list shows it.
async fn own_session(person: &Person) -> Session {
    let list: SessionList = person.get(paths::SESSIONS).await.expect_json(200);
    list.sessions.into_iter().find(|session| session.is_current).unwrap()
}

async fn set_used_at(db: &Database, session: SessionId, used_at: i64) {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::UsedAt, used_at.into())
        .filter(sessions::Column::Id.eq(session.0))
        .exec(&db.writer)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_session_shows_its_last_use_and_address() {
    let fixture = Fixture::start().await;
    let phone = fixture.server.sign_in("member").await;
    let session = own_session(&phone).await;
    assert_eq!(session.address, "127.0.0.1");
    assert_eq!(session.used_at, session.created_at);
    let long_ago = now() - HOUR;
    set_used_at(fixture.server.database(), phone.session, long_ago).await;
    let start = Instant::now();
    while own_session(&phone).await.used_at.timestamp_micros() < long_ago + HOUR {
        assert!(start.elapsed() < TIMEOUT, "the use is not written");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Limits count an IPv6 network as one address. The owner of a session sees the whole one.
#[tokio::test]
async fn a_login_with_a_session_stores_its_whole_address() {
    const HEADER: &str = "x-forwarded-for";
    const ADDRESS: &str = "2001:db8::1:2:3";
    let fixture = Fixture::with(|settings| settings.client_ip_header = Some(HEADER.into())).await;
    let (db, session) = (fixture.server.database(), fixture.member.session);
    set_used_at(db, session, now() - HOUR).await;
    let credentials = json!({"username": "member", "password": PASSWORD});
    let request = fixture.anon.request("POST", paths::SESSIONS).header(HEADER, ADDRESS);
    let request = request.header("cookie", format!("hallway_session={}", fixture.member.token));
    let signed_in: SignedIn = Response::fetch(request.json(&credentials)).await.expect_json(201);
    assert_eq!(signed_in.session.address, ADDRESS);
    let start = Instant::now();
    loop {
        let row = sessions::Entity::find_by_id(session.0).one(&db.reader).await.unwrap().unwrap();
        if row.used_at > now() - HOUR / 2 {
            assert_eq!(row.address, ADDRESS);
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "the use is not written");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

fn row(user: UserId, created_at: i64, expires_at: i64) -> sessions::ActiveModel {
    let row = sessions::Model {
        id: Uuid::now_v7(),
        user_id: user.0,
        user_agent: String::new(),
        created_at,
        expires_at,
        generation: 0,
        used_at: created_at,
        address: String::new(),
    };
    sessions::ActiveModel::from(row).reset_all()
}

#[tokio::test]
async fn all_expired_sessions_are_deleted() {
    let storage = template().copy().await;
    let db = Database::open(&storage.url(), 2).await.unwrap();
    let member = template().seed.person(([127, 0, 0, 1], 1).into(), 1).user.id;
    let expired: Vec<_> = (1..=20_500).map(|nth| row(member, nth, now() - HOUR - nth)).collect();
    for chunk in expired.chunks(1_000) {
        let insert = sessions::Entity::insert_many(chunk.to_vec());
        insert.exec_without_returning(&db.writer).await.unwrap();
    }
    let server = Process::start(&storage).await;
    let start = Instant::now();
    make_jobs_due(&db.writer).await;
    let expired = || sessions::Entity::find().filter(sessions::Column::ExpiresAt.lt(now()));
    while expired().count(&db.reader).await.unwrap() > 0 {
        assert!(start.elapsed() < TIMEOUT, "expired sessions remain");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    template().seed.person(server.address, 1).get(paths::ME).await.expect_status(200);
    db.close().await.unwrap();
}

/// The session and the end of the oldest one are one transaction.
#[tokio::test]
async fn a_failed_sign_in_leaves_no_session() {
    let fixture = Fixture::start().await;
    let (db, member) = (fixture.server.database(), fixture.member.user.id);
    let more = (1..=99).map(|nth| row(member, nth, now() + HOUR));
    sessions::Entity::insert_many(more).exec_without_returning(&db.writer).await.unwrap();
    let count = || async {
        let of_member = sessions::Column::UserId.eq(member.0);
        sessions::Entity::find().filter(of_member).count(&db.reader).await.unwrap()
    };
    fixture.server.sign_in("member").await;
    assert_eq!(count().await, 100, "the oldest ended");
    let rename = "ALTER TABLE account_changes RENAME TO account_changes_away";
    db.writer.execute_unprepared(rename).await.unwrap();
    let newest = || async {
        let list: SessionList = fixture.member.get(paths::SESSIONS).await.expect_json(200);
        list.sessions[0].id
    };
    let before = newest().await;
    let credentials = json!({"username": "member", "password": PASSWORD});
    fixture.anon.post(paths::SESSIONS, credentials).await.expect_problem(Code::Internal);
    assert_eq!((count().await, newest().await), (100, before));
}

/// The cache of sessions does not decide about a socket, which stays for long.
#[tokio::test]
async fn a_socket_is_checked_against_the_database() {
    let fixture = Fixture::start().await;
    fixture.member.get(paths::ME).await.expect_status(200);
    let delete = sessions::Entity::delete_by_id(fixture.member.session.0);
    delete.exec(&fixture.server.database().writer).await.unwrap();
    assert!(LiveSocket::try_open(&fixture.member).await.is_none());
}

/// A database that cannot be read is not an answer about the caller.
#[tokio::test]
async fn a_database_error_is_not_taken_for_no() {
    let fixture = Fixture::start().await;
    let rename = "ALTER TABLE members RENAME TO members_away";
    fixture.server.database().writer.execute_unprepared(rename).await.unwrap();
    fixture.member.get(&fixture.path(paths::ROOM)).await.expect_problem(Code::Internal);
}
