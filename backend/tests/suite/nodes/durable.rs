//! Promise 1: a server whose database would lose what was acknowledged does not start.

use sea_orm::{ConnectionTrait, Database};

use crate::actors::{Home, Kind, Process, run};

/// Statement, and what the program says then.
fn careless() -> Vec<(&'static str, &'static str)> {
    match Kind::chosen() {
        Kind::MariaDb => vec![
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

fn careful() -> &'static [&'static str] {
    match Kind::chosen() {
        Kind::MariaDb => &["SET GLOBAL innodb_flush_log_at_trx_commit = 1"],
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
async fn a_database_that_forgets_is_refused() {
    let server = Kind::chosen().start().await;
    server.create_database("hallway").await.unwrap();
    let (home, url) = (Home::with(None), server.url("hallway"));
    let db = Database::connect(&url).await.unwrap();
    let folder = home.folder().to_str().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", folder, "--database-url", &url];
    for (statement, says) in careless() {
        db.execute_unprepared(statement).await.unwrap();
        if Kind::chosen() == Kind::Postgres {
            db.execute_unprepared("SELECT pg_reload_conf()").await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        let (code, said, complained) = run(&serve).await;
        assert_eq!((code, &*said), (Some(1), ""), "{statement}");
        assert!(complained.contains("commits would not be durable"), "{complained}");
        assert!(complained.contains(says), "{complained}");
        for statement in careful() {
            db.execute_unprepared(statement).await.unwrap();
        }
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    Process::serve_at(home.folder(), &url).await;
}
