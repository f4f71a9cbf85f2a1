//! Ends the access of another account: with a new password, or by ending its sessions.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType};
use shared::{
    access::Rank,
    administration::{AuditAction, NewPassword},
    ids::UserId,
    problem::Code,
    users::{Password, User},
};

use super::{
    accounts::{lock_by_name, rank_of, set_password},
    sessions,
};
use crate::{
    App, Error, Result,
    auth::{PasswordHasher, random_bytes, run_to_completion},
    tables::{AuditRecord, Database, Transaction, audit, log_account_change, row_lock, users},
};

/// Signs an account out everywhere: its sessions and their sockets end. HTTP Basic goes on, because it
/// proves the password with each request; a new password or disabling the account ends it. 403 if `by`
/// may not.
pub async fn end_sessions(app: &App, by: UserId, address: IpAddr, id: UserId) -> Result<()> {
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        lock_subordinate(&transaction, by, id).await?;
        sessions::delete_all(&transaction, id, None).await?;
        let record = AuditRecord::new(AuditAction::SignedOut, Some(by)).user(id).address(address);
        audit(&transaction, record).await?;
        let change = log_account_change(&transaction, id).await?;
        transaction.commit().await?;
        app.hub.announce_account_change(change);
        Ok(())
    })
    .await
}

/// Sets a random password, and ends all access of the account. 403 if `by` may not, or for the own
/// account, whose password one changes with the current one.
pub async fn set_random_password(
    app: &App,
    by: UserId,
    address: IpAddr,
    id: UserId,
) -> Result<NewPassword> {
    if by == id {
        let detail = "Change your own password in the account menu, with the current one.";
        return Err(Error::new(Code::RankTooLow, detail));
    }
    // Before the expensive hash; the transaction below checks again.
    check_subordinate(rank_of(&app.db.reader, Some(by)).await?, find(app, id).await?, by == id)?;
    let password = random_password()?;
    let hash = app.auth.hash_password(password.clone()).await?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let row = lock_subordinate(&transaction, by, id).await?;
        let (row, change) = set_password(&transaction, row, hash, None).await?;
        let record = AuditRecord::new(AuditAction::PasswordReset, Some(by));
        audit(&transaction, record.user(id).address(address)).await?;
        transaction.commit().await?;
        app.hub.announce_account_change(change);
        Ok(NewPassword { user: row.into(), password })
    })
    .await
}

/// Sets a random password and ends all access of the account, for the command line. A running server
/// notices within 2 s, because it reads the log of changed accounts.
pub async fn reset_password(db: &Database, username: &str) -> Result<(User, Password)> {
    let password = random_password()?;
    let hash = PasswordHasher::default().hash(password.clone()).await?;
    let transaction = db.begin().await?;
    let row = lock_by_name(&transaction, username).await?;
    let (row, _) = set_password(&transaction, row, hash, None).await?;
    let record = AuditRecord::new(AuditAction::PasswordReset, None).user(row.id.into());
    audit(&transaction, record).await?;
    transaction.commit().await?;
    Ok((row.into(), password))
}

/// 144 random bits in 24 characters.
fn random_password() -> Result<Password> {
    Ok(Password(URL_SAFE_NO_PAD.encode(&random_bytes()?[..18])))
}

async fn find(app: &App, id: UserId) -> Result<Rank> {
    let row = users::Entity::find_by_id(id.0).filter(users::Column::DeletedAt.is_null());
    let row = row.one(&app.db.reader).await?;
    Ok(row.ok_or(Code::NotFound)?.rank.0)
}

/// Locks an account, and checks that `by` may end its access.
async fn lock_subordinate(
    transaction: &Transaction,
    by: UserId,
    id: UserId,
) -> Result<users::Model> {
    let by_rank = rank_of(transaction, Some(by)).await?;
    let row = users::Entity::find_by_id(id.0)
        .filter(users::Column::DeletedAt.is_null())
        .lock(row_lock(transaction, LockType::NoKeyUpdate));
    let row = row.one(transaction).await?.ok_or(Code::NotFound)?;
    check_subordinate(by_rank, row.rank.0, by == id)?;
    Ok(row)
}

/// Admins end the access of members, guests and themselves; owners that of everybody.
pub(super) fn check_subordinate(by: Option<Rank>, of: Rank, is_own: bool) -> Result<()> {
    match by {
        Some(Rank::Owner) => Ok(()),
        Some(Rank::Admin) if of.is_admin() && !is_own => Err(Code::OwnerOnly.into()),
        Some(Rank::Admin) => Ok(()),
        _ => Err(Code::AdminOnly.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_decides_whose_access_somebody_ends() {
        let refused = |by, of, is_own| check_subordinate(by, of, is_own).err().map(|e| e.code());
        for of in [Rank::Guest, Rank::Member, Rank::Admin, Rank::Owner] {
            assert_eq!(refused(Some(Rank::Owner), of, false), None);
            let above = of.is_admin().then_some(Code::OwnerOnly);
            assert_eq!(refused(Some(Rank::Admin), of, false), above, "{of:?}");
            for by in [None, Some(Rank::Guest), Some(Rank::Member)] {
                assert_eq!(refused(by, of, of == Rank::Member), Some(Code::AdminOnly));
            }
        }
        assert_eq!(refused(Some(Rank::Admin), Rank::Admin, true), None);
    }
}
