//! The table of the mails to send.
//!
//! A node takes a mail by moving its `next_at` from the value that it read to the end of a lease. Of several
//! nodes, the statement of one changes the row, and that one sends the mail. If the node dies, the mail is due
//! again when the lease ends; so it is sent at least once, and at most once at a time.

use std::time::Duration;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::tables::{Database, Transaction, mails, now};

/// For how long a node may try to send a mail that it took. Longer than an attempt takes by far, because
/// the clocks of the machines may differ.
const LEASE: Duration = Duration::from_secs(180);
/// The waits after failed attempts double from the first to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);
/// When a mail that nobody took is given up: the link in it has expired then.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// A mail to send.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The address of the recipient.
    pub to: String,
    pub subject: String,
    pub body: String,
}

/// Adds a mail in the transaction of the change that causes it.
pub async fn enqueue(txn: &Transaction, mail: OutgoingMail) -> Result<(), DbErr> {
    let OutgoingMail { to, subject, body } = mail;
    let now = now();
    let row = mails::ActiveModel {
        id: NotSet,
        recipient: Set(to),
        subject: Set(subject),
        body: Set(body),
        attempts: Set(0),
        created_at: Set(now),
        next_at: Set(now),
    };
    mails::Entity::insert(row).exec_without_returning(txn).await.map(drop)
}

/// Takes the mails that are due, at most `limit`.
pub async fn take_due(db: &Database, limit: u64) -> Result<Vec<mails::Model>, DbErr> {
    use mails::Column as C;
    let due = mails::Entity::find().filter(C::NextAt.lte(now())).order_by_asc(C::NextAt);
    let mut taken = Vec::new();
    for row in due.limit(limit).all(&db.reader).await? {
        let lease_end = now() + micros(LEASE);
        let updated = mails::Entity::update_many()
            .col_expr(C::NextAt, Expr::value(lease_end))
            .col_expr(C::Attempts, Expr::col(C::Attempts).add(1))
            .filter(C::Id.eq(row.id))
            .filter(C::NextAt.eq(row.next_at))
            .exec(&db.writer)
            .await?;
        if updated.rows_affected == 1 {
            taken.push(mails::Model { next_at: lease_end, attempts: row.attempts + 1, ..row });
        }
    }
    Ok(taken)
}

/// Deletes a mail that was sent.
pub async fn remove(db: &Database, mail: &mails::Model) -> Result<(), DbErr> {
    mails::Entity::delete_by_id(mail.id).exec(&db.writer).await.map(drop)
}

/// Makes a mail due again after a wait that grows with its attempts. Returns `false` if it is too old: then
/// it is deleted.
pub async fn postpone(db: &Database, mail: &mails::Model, jitter: u8) -> Result<bool, DbErr> {
    use mails::Column as C;
    let now = now();
    if now - mail.created_at >= micros(GIVE_UP_AFTER) {
        remove(db, mail).await?;
        return Ok(false);
    }
    mails::Entity::update_many()
        .col_expr(C::NextAt, Expr::value(now + micros(wait_after(mail.attempts, jitter))))
        .filter(C::Id.eq(mail.id))
        // Not if the lease has ended and another node has the mail.
        .filter(C::NextAt.eq(mail.next_at))
        .exec(&db.writer)
        .await?;
    Ok(true)
}

/// The wait after a number of attempts. The jitter, 0 to 255, takes off up to a half, so that mails that
/// failed together are not tried together.
fn wait_after(attempts: i64, jitter: u8) -> Duration {
    let doublings = attempts.saturating_sub(1).clamp(0, 16).unsigned_abs();
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    wait - wait.mul_f64(f64::from(jitter) / 512.0)
}

fn micros(duration: Duration) -> i64 {
    duration.as_micros() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_to_half_an_hour() {
        let seconds: Vec<_> = (1..=12).map(|nth| wait_after(nth, 0).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_800, 1_800]);
        assert_eq!(wait_after(i64::MAX, 0), LONGEST_WAIT);
        let half = wait_after(1, u8::MAX).as_secs_f64();
        assert!((1.0..1.01).contains(&half), "{half}");
    }
}
