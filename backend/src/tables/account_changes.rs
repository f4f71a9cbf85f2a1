//! The log of account changes, by which a change reaches every running server, also one made with
//! `hallway admin`.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use shared::ids::UserId;

use super::{
    database::Connection,
    database::Transaction,
    entities::account_changes::{ActiveModel, Column, Entity},
    timestamps::now,
};

/// How long the reader waits for smaller ids to appear. It misses a transaction that commits later than
/// this after it took its id; every write ends within 5 s.
const READ_OVERLAP: Duration = Duration::from_secs(30);
/// How long rows are stored, in microseconds: much longer than a node may need to read them.
const RETENTION_US: i64 = 3_600_000_000;

/// A row of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountChange {
    pub id: i64,
    pub user: UserId,
}

/// Logs that the password, the role, the state or a session of an account changed. Takes the transaction
/// of the change, so that neither commits without the other.
pub async fn log_account_change(txn: &Transaction, user: UserId) -> Result<AccountChange, DbErr> {
    let row = ActiveModel { id: NotSet, user_id: Set(user.0), created_at: Set(now()) };
    let id = Entity::insert(row).exec(txn).await?.last_insert_id;
    Ok(AccountChange { id, user })
}

/// Reads each row of the log once. Ids become visible out of order, because transactions commit out of
/// order; therefore each read begins at the greatest id that was visible 30 s ago. The reader
/// uses only this process's clock, because the clocks of the machines may differ.
#[derive(Default)]
pub struct AccountChangeReader {
    /// No row up to this id can appear any more.
    settled: i64,
    /// The ids after `settled` that were read, and when.
    seen: BTreeMap<i64, Instant>,
}

impl AccountChangeReader {
    /// Makes the next [`Self::read`] leave these rows out, because this process made the changes and has
    /// handled them.
    pub fn skip(&mut self, ids: impl IntoIterator<Item = i64>) {
        let now = Instant::now();
        for id in ids.into_iter().filter(|id| *id > self.settled) {
            self.seen.entry(id).or_insert(now);
        }
    }

    /// The accounts of the rows that have appeared since the last call; the first call returns those of
    /// the whole log.
    pub async fn read(&mut self, db: &impl Connection) -> Result<Vec<UserId>, DbErr> {
        let rows = Entity::find().filter(Column::Id.gt(self.settled)).order_by_asc(Column::Id);
        let now = Instant::now();
        let mut users = Vec::new();
        for row in rows.all(db).await? {
            self.seen.entry(row.id).or_insert_with(|| {
                users.push(UserId(row.user_id));
                now
            });
        }
        let settled = self.seen.iter().rev().find(|(_, seen)| now - **seen > READ_OVERLAP);
        if let Some((&id, _)) = settled {
            self.settled = id;
            self.seen = self.seen.split_off(&(id + 1));
        }
        Ok(users)
    }
}

/// Deletes the rows that are older than `RETENTION_US`.
pub async fn prune_account_changes(db: &impl Connection) -> Result<(), DbErr> {
    let old = Column::CreatedAt.lt(now() - RETENTION_US);
    Entity::delete_many().filter(old).exec(db).await.map(drop)
}
