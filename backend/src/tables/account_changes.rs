//! The log through which a change of an account, also one by the command line, reaches every running
//! server.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use shared::ids::UserId;

use super::{
    entities::account_changes::{ActiveModel, Column, Entity},
    timestamps::now,
};

/// A transaction that commits later than this after it took its id may be missed. Every write ends
/// within 5 s.
const VISIBLE_WITHIN: Duration = Duration::from_secs(30);
/// How long rows are kept, in microseconds: much longer than a node may need to read them.
const KEPT_FOR: i64 = 3_600_000_000;

/// A row of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountChange {
    pub id: i64,
    pub user: UserId,
}

/// Logs that the password, the role, the state or a session of an account changed. In the transaction
/// of the change, so that neither exists without the other.
pub async fn log_account_change(
    txn: &DatabaseTransaction,
    user: UserId,
) -> Result<AccountChange, DbErr> {
    let row = ActiveModel { id: NotSet, user_id: Set(user.0), created_at: Set(now()) };
    let id = Entity::insert(row).exec(txn).await?.last_insert_id;
    Ok(AccountChange { id, user })
}

/// Reads each row of the log once. Ids become visible out of order, because transactions commit out of
/// order; therefore each read begins at the greatest id that was visible 30 s ago. It compares no
/// times of other machines, whose clocks may differ.
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
    pub async fn read(&mut self, db: &impl ConnectionTrait) -> Result<Vec<UserId>, DbErr> {
        let rows = Entity::find().filter(Column::Id.gt(self.settled)).order_by_asc(Column::Id);
        let now = Instant::now();
        let mut users = Vec::new();
        for row in rows.all(db).await? {
            self.seen.entry(row.id).or_insert_with(|| {
                users.push(UserId(row.user_id));
                now
            });
        }
        let settled = self.seen.iter().rev().find(|(_, seen)| now - **seen > VISIBLE_WITHIN);
        if let Some((&id, _)) = settled {
            self.settled = id;
            self.seen = self.seen.split_off(&(id + 1));
        }
        Ok(users)
    }
}

/// Deletes the rows that are older than an hour.
pub async fn prune_account_changes(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let old = Column::CreatedAt.lt(now() - KEPT_FOR);
    Entity::delete_many().filter(old).exec(db).await.map(drop)
}
