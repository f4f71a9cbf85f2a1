//! Requests that clients give up leave no transaction open.

use std::time::Duration;

use sea_orm::DbBackend;
use serde_json::json;
use shared::{ids::UserId, messages::MessagePage, paths};

use super::{query_number, wait_for_number};
use crate::fixture::{Fixture, PASSWORD, Response};

/// Counts the transactions of this database's other connections. Not for SQLite.
fn count_transactions(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        }
        _ => {
            "SELECT count(*) FROM information_schema.innodb_trx t \
             JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
             WHERE p.db = database() AND p.id <> connection_id()"
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_requests_leave_no_transaction_open() {
    let fixture = Fixture::start().await;
    let (admin, member) = (&fixture.admin, &fixture.member);
    let credentials = json!({"username": "member", "password": PASSWORD});
    let outsider = paths::fill(paths::USER, &[&UserId(3)]);
    for nth in 0_u64..60 {
        let requests = [
            admin.request("POST", paths::ROOMS).json(&json!({"name": format!("Room {nth}")})),
            admin.request("PATCH", &outsider).json(&json!({"is_admin": nth % 2 == 0})),
            member.request("PUT", &fixture.path(paths::READ)).json(&json!({"seq": nth % 3})),
            member.request("GET", &format!("{}?q=first", fixture.path(paths::MESSAGES))),
            member.request("GET", &format!("{}?q=~irs", paths::SEARCH)),
            fixture.anon.request("POST", paths::SESSIONS).json(&credentials),
        ];
        let requests = requests.map(|request| tokio::spawn(Response::fetch(request)));
        // Spread over the time that such a request takes.
        tokio::time::sleep(Duration::from_micros(nth * 400)).await;
        requests.iter().for_each(tokio::task::JoinHandle::abort);
    }
    let db = fixture.server.database();
    match db.backend() {
        // SQLite has one writer: if its transaction were open, this commit would be part of it, and
        // other connections would not see it.
        DbBackend::Sqlite => {
            let posted = member.post_message(fixture.room, "after all").await;
            let sql = format!("SELECT count(*) FROM messages WHERE id = {}", posted.id);
            assert_eq!(query_number(&db.reader, &sql).await, 1);
        }
        backend => {
            let elapsed = wait_for_number(&db.reader, count_transactions(backend), 0).await;
            assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
        }
    }
    let page: MessagePage = member.get(&fixture.path(paths::MESSAGES)).await.expect_json(200);
    assert!(page.room_last_seq.0 >= 2);
}
