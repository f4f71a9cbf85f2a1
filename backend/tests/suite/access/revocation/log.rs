//! The log of changed accounts.

use hallway::tables::{AccountChangeReader, Database, log_account_change};
use shared::ids::UserId;

use crate::fixture::Storage;

/// The transaction with the lower id commits last.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_change_that_becomes_visible_late_is_read() {
    let storage = Storage::empty().await;
    let db = Database::open(&storage.url(), 2).await.unwrap();
    let mut log = AccountChangeReader::default();
    assert_eq!(log.read(&db.reader).await.unwrap(), []);
    let (slow, fast) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    log_account_change(&slow, UserId(1)).await.unwrap();
    log_account_change(&fast, UserId(2)).await.unwrap();
    fast.commit().await.unwrap();
    assert_eq!(log.read(&db.reader).await.unwrap(), [UserId(2)]);
    slow.commit().await.unwrap();
    assert_eq!(log.read(&db.reader).await.unwrap(), [UserId(1)]);
    assert_eq!(log.read(&db.reader).await.unwrap(), [], "each once");
    db.close().await.unwrap();
}

/// Otherwise each sign-out would be handled twice on the node that made it.
#[tokio::test]
async fn a_change_that_this_process_announced_is_not_read() {
    let storage = Storage::empty().await;
    let db = Database::open(&storage.url(), 2).await.unwrap();
    let mut log = AccountChangeReader::default();
    let transaction = db.begin().await.unwrap();
    let own = log_account_change(&transaction, UserId(1)).await.unwrap();
    let other = log_account_change(&transaction, UserId(1)).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(own.id < other.id && other.user == UserId(1));
    log.skip([own.id]);
    assert_eq!(log.read(&db.reader).await.unwrap(), [UserId(1)]);
    assert_eq!(log.read(&db.reader).await.unwrap(), [], "each once");
    db.close().await.unwrap();
}
