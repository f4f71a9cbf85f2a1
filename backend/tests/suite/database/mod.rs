//! Conflicts, time limits and faults of the database.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::fixture::{Client, TIMEOUT};

mod account_locks;
mod cancelled;
mod deadlines;
pub mod direct;
mod input;
mod jobs;
mod large_room;
pub mod names;
mod purge;
mod restore;
mod upgrade;

/// Runs a query of one number.
pub async fn query_number(db: &impl ConnectionTrait, sql: &str) -> i64 {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Waits until a query returns `expected`; returns how long it took. InnoDB refreshes its table of
/// transactions only if nobody has read it for 0.1 s.
pub async fn wait_for_number(db: &impl ConnectionTrait, sql: &str, expected: i64) -> Duration {
    let start = Instant::now();
    loop {
        let found = query_number(db, sql).await;
        if found == expected {
            return start.elapsed();
        }
        assert!(start.elapsed() < TIMEOUT, "{sql}: {found}");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// Waits until `/metrics` has a line that begins with a text.
pub async fn wait_for_metric(client: &Client, line: &str) {
    let start = Instant::now();
    loop {
        let metrics = client.get("/metrics").await.text;
        if metrics.lines().any(|found| found.starts_with(line)) {
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "{line} is not in {metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Makes every `operation` (`UPDATE`, `DELETE`) on a row of a table fail; returns the statement that ends
/// this.
pub async fn refuse(db: &impl ConnectionTrait, table: &str, operation: &str) -> String {
    let trigger = format!("CREATE TRIGGER refuse BEFORE {operation} ON {table}");
    let (statements, end) = match db.get_database_backend() {
        DbBackend::Sqlite => (
            vec![format!("{trigger} BEGIN SELECT RAISE(ABORT, 'refused'); END")],
            "DROP TRIGGER refuse".to_owned(),
        ),
        DbBackend::Postgres => (
            vec![
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
                    .to_owned(),
                format!("{trigger} FOR EACH ROW EXECUTE FUNCTION refuse()"),
            ],
            format!("DROP TRIGGER refuse ON {table}"),
        ),
        _ => (
            vec![format!(
                "{trigger} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'"
            )],
            "DROP TRIGGER refuse".to_owned(),
        ),
    };
    for sql in statements {
        db.execute_unprepared(&sql).await.unwrap();
    }
    end
}

/// Makes all jobs due that wait for a time.
pub async fn make_jobs_due(db: &impl ConnectionTrait) {
    db.execute_unprepared("UPDATE jobs SET run_after = 0").await.unwrap();
}

/// Counts the statements of this database's other connections that run now and contain a text. Not
/// for SQLite.
fn count_running(backend: DbBackend, text: &str) -> String {
    match backend {
        DbBackend::Postgres => format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%{text}%'"
        ),
        _ => format!(
            "SELECT count(*) FROM information_schema.processlist WHERE db = database() \
             AND id <> connection_id() AND info LIKE '%{text}%'"
        ),
    }
}
