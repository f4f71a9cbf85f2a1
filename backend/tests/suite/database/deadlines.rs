//! The database stops statements that nobody waits for any more.

use std::time::{Duration, Instant};

use hallway::tables::{DbErrorKind, Pool, db_error_kind};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend};
use shared::paths;

use super::{count_running, query_number, wait_for_number};
use crate::{
    fixture::{Fixture, Response},
    search::address,
};

/// The limit of a search, with time for a busy machine.
const SEARCH_MAX_TIME: Duration = Duration::from_secs(10);

/// A statement that takes forever, and a text in it.
fn endless(backend: DbBackend) -> (&'static str, &'static str) {
    match backend {
        DbBackend::Sqlite => (
            "SELECT count(*) FROM (WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL \
             SELECT n + 1 FROM n) SELECT n FROM n)",
            "",
        ),
        DbBackend::Postgres => ("SELECT count(*) FROM pg_sleep(600)", "pg_sleep"),
        _ => (
            "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, \
             information_schema.columns c WHERE a.column_name < b.column_name",
            "information_schema.columns c",
        ),
    }
}

/// Starts an endless statement and gives it up once it runs.
async fn abandon(pool: &Pool, observer: &DatabaseConnection) {
    let (sql, text) = endless(pool.get_database_backend());
    let running = count_running(pool.get_database_backend(), text);
    let pool = pool.clone();
    let statement = tokio::spawn(async move { pool.execute_unprepared(sql).await.map(drop) });
    wait_for_number(observer, &running, 1).await;
    statement.abort();
    assert!(statement.await.unwrap_err().is_cancelled());
    assert_eq!(query_number(observer, &running).await, 1, "it ended at once, so it shows nothing");
}

/// A connection that is not the server's.
async fn observer(fixture: &Fixture) -> DatabaseConnection {
    let mut options = ConnectOptions::new(fixture.server.storage().url());
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

#[tokio::test]
async fn a_search_statement_is_stopped() {
    let fixture = Fixture::start().await;
    let pool = &fixture.server.database().searcher;
    let start = Instant::now();
    let (sql, _) = endless(pool.get_database_backend());
    let error = pool.execute_unprepared(sql).await.unwrap_err();
    let elapsed = start.elapsed();
    assert_eq!(db_error_kind(&error), DbErrorKind::StatementTimeout, "{error}");
    assert!(elapsed > Duration::from_secs(2) && elapsed < SEARCH_MAX_TIME, "{elapsed:?}");
    let error = hallway::Error::from(error);
    assert_eq!(error.code(), shared::problem::Code::Unavailable);
    assert!(error.problem.detail.contains("took too long"), "{}", error.problem.detail);
    // Each statement has the whole limit.
    for _ in 0..3 {
        query_number(pool, "SELECT count(*) FROM rooms").await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    assert_eq!(query_number(pool, "SELECT count(*) FROM rooms").await, 1);
}

/// SQLite shows no running statements; there the connections must become free again.
#[tokio::test]
async fn abandoned_statements_end() {
    let fixture = Fixture::start().await;
    let db = fixture.server.database();
    if db.backend() == DbBackend::Sqlite {
        let (sql, _) = endless(DbBackend::Sqlite);
        for _ in 0..8 {
            let pool = db.searcher.clone();
            let statement = tokio::spawn(async move { pool.execute_unprepared(sql).await });
            tokio::time::sleep(Duration::from_millis(50)).await;
            statement.abort();
        }
        let start = Instant::now();
        while db.searcher.execute_unprepared("SELECT 7").await.is_err() {
            assert!(start.elapsed() < SEARCH_MAX_TIME);
        }
        return;
    }
    let observer = observer(&fixture).await;
    let (_, text) = endless(db.backend());
    let running = count_running(db.backend(), text);
    for pool in [&db.searcher, &db.reader] {
        abandon(pool, &observer).await;
        let elapsed = wait_for_number(&observer, &running, 0).await;
        assert!(elapsed < SEARCH_MAX_TIME, "{elapsed:?}");
    }
}

/// The same through the endpoint: another session locks the index, so the search takes as long as the
/// database lets it.
#[tokio::test]
async fn an_abandoned_search_ends() {
    let fixture = Fixture::start().await;
    // Its follower would wait for the lock too.
    fixture.server.wait_until_indexed().await;
    let (locking, observer) = (observer(&fixture).await, observer(&fixture).await);
    let backend = locking.get_database_backend();
    let (lock, unlock) = match backend {
        DbBackend::Sqlite => return,
        DbBackend::Postgres => {
            ("BEGIN; LOCK TABLE message_words IN ACCESS EXCLUSIVE MODE", "ROLLBACK")
        }
        _ => ("LOCK TABLES message_words WRITE", "UNLOCK TABLES"),
    };
    locking.execute_unprepared(lock).await.unwrap();
    let running = count_running(backend, "FROM%message_words");
    let path = address(paths::SEARCH, &[("q", "first")]);
    let request = fixture.member.request("GET", &path);
    let search = tokio::spawn(Response::fetch(request));
    wait_for_number(&observer, &running, 1).await;
    search.abort();
    let elapsed = wait_for_number(&observer, &running, 0).await;
    assert!(elapsed < SEARCH_MAX_TIME, "{elapsed:?}");
    locking.execute_unprepared(unlock).await.unwrap();
    fixture.member.get(&path).await.expect_status(200);
}

/// An archive may read and an import may wait for longer than a request.
#[tokio::test]
async fn statements_of_archives_have_no_limit() {
    let fixture = Fixture::start().await;
    let db = fixture.server.database();
    let sql = match db.backend() {
        DbBackend::Sqlite => return,
        DbBackend::Postgres => "SELECT count(*) FROM pg_sleep(7)",
        _ => "SELECT SLEEP(7)",
    };
    let (reading, importing) =
        (db.snapshot().await.unwrap(), db.begin_without_idle_timeout().await.unwrap());
    let (read, write) =
        tokio::join!(reading.execute_unprepared(sql), importing.execute_unprepared(sql));
    read.unwrap();
    write.unwrap();
}
