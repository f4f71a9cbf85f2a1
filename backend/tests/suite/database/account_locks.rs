//! Transactions that lock several accounts lock them in one order, so none of them ends another. On SQLite,
//! which has one writer, the requests only wait.

use std::time::Duration;

use hallway::tables::{Transaction, row_lock, users};
use sea_orm::{EntityTrait, QuerySelect, sea_query::LockType};
use serde_json::json;
use shared::{ids::UserId, paths};

use crate::fixture::Fixture;

/// How long a request has to reach the row that is locked.
const HEAD_START: Duration = Duration::from_millis(700);

async fn lock_account(txn: &Transaction, id: UserId) {
    let lock = row_lock(txn, LockType::NoKeyUpdate);
    let row = users::Entity::find_by_id(id.0).lock(lock).one(txn).await.unwrap();
    assert!(row.is_some(), "there is no account {id}");
}

/// As a person who blocks an owner whose id is greater.
#[tokio::test]
async fn a_deletion_locks_no_owner_before_accounts_with_smaller_ids() {
    let fixture = Fixture::start().await;
    let (admin, member, owner) = (&fixture.admin, fixture.member.user.id, fixture.outsider.user.id);
    assert!(member < owner);
    let rank = json!({"rank": "owner"});
    admin.patch(&paths::fill(paths::USER, &[&owner]), rank).await.expect_status(200);
    let path = paths::fill(paths::USER, &[&member]);
    for request in [("PATCH", json!({"rank": "guest"})), ("DELETE", json!({"messages": "keep"}))] {
        let (method, body) = request;
        let txn = fixture.server.database().begin().await.unwrap();
        lock_account(&txn, member).await;
        let block = async {
            tokio::time::sleep(HEAD_START).await;
            lock_account(&txn, owner).await;
            txn.commit().await.unwrap();
        };
        let (response, ()) = tokio::join!(admin.call(method, &path, body), block);
        assert!([200, 204].contains(&response.status), "{method}: {response:?}");
    }
}
