//! The server refuses a database that may lose acknowledged commits.

use sea_orm::{ConnectionTrait, Database};

use crate::fixture::{DatabaseKind, Process, Storage, run};

/// Statements, each with the error of a server that starts after it.
fn non_durable_settings() -> Vec<(&'static str, &'static str)> {
    match DatabaseKind::selected() {
        DatabaseKind::MariaDb => vec![
            (
                "SET GLOBAL innodb_flush_log_at_trx_commit = 2",
                "innodb_flush_log_at_trx_commit=2 (needs 1)",
            ),
            (
                "SET GLOBAL innodb_flush_log_at_trx_commit = 0",
                "innodb_flush_log_at_trx_commit=0 (needs 1)",
            ),
        ],
        _ => vec![
            ("ALTER DATABASE hallway SET synchronous_commit = off", "synchronous_commit=off"),
            ("ALTER SYSTEM SET fsync = off", "fsync=off"),
            ("ALTER SYSTEM SET full_page_writes = off", "full_page_writes=off"),
        ],
    }
}

fn durable_settings() -> &'static [&'static str] {
    match DatabaseKind::selected() {
        DatabaseKind::MariaDb => &["SET GLOBAL innodb_flush_log_at_trx_commit = 1"],
        _ => &[
            "ALTER DATABASE hallway RESET synchronous_commit",
            "ALTER SYSTEM RESET fsync",
            "ALTER SYSTEM RESET full_page_writes",
            "SELECT pg_reload_conf()",
        ],
    }
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_database_with_non_durable_commits_is_refused() {
    let server = DatabaseKind::selected().start().await;
    server.create_database("hallway").await.unwrap();
    let (storage, url) = (Storage::with(None), server.url("hallway"));
    let db = Database::connect(&url).await.unwrap();
    let folder = storage.folder().to_str().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", folder, "--database-url", &url];
    for (statement, error_text) in non_durable_settings() {
        db.execute_unprepared(statement).await.unwrap();
        if DatabaseKind::selected() == DatabaseKind::Postgres {
            db.execute_unprepared("SELECT pg_reload_conf()").await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        let (code, stdout, stderr) = run(&serve).await;
        assert_eq!((code, &*stdout), (Some(1), ""), "{statement}");
        assert!(stderr.contains("commits would not be durable"), "{stderr}");
        assert!(stderr.contains(error_text), "{stderr}");
        for statement in durable_settings() {
            db.execute_unprepared(statement).await.unwrap();
        }
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    Process::start_at(storage.folder(), &url).await;
}
