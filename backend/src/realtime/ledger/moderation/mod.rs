//! Time-outs, bans, reports and slow mode.

use shared::{
    access::{Action, may},
    administration::AuditAction,
    ids::{RoomId, UserId},
    problem::Code,
};

use super::Batch;
use crate::{
    Result,
    tables::{AuditRecord, audit_all, members, users},
};

mod bans;
mod reports;
pub(super) mod slow_mode;
mod time_outs;

pub use bans::{Ban, Unban};
pub use reports::{CloseReport, ReportMessage};
pub use time_outs::TimeOut;

/// Checks that `by` may time out and ban a present or former member; returns their row and account. Those
/// who manage the room are protected, so that no host can take over a room.
async fn authorize_against(
    batch: &mut Batch<'_>,
    room: RoomId,
    by: UserId,
    user: UserId,
) -> Result<(members::Model, users::Model)> {
    batch.authorize(room, by, Action::TimeOut).await?;
    let (row, user) = batch.member_row(room, user).await?.ok_or(Code::NotFound)?;
    let access = batch.room(room)?.access();
    match may(user.rank.0, &access, row.current_role(), Action::TimeOut) {
        true => Err(Code::HostProtected.into()),
        false => Ok((row, user)),
    }
}

/// Writes an entry of the audit log about an account in a room.
async fn audit_about(
    batch: &Batch<'_>,
    action: AuditAction,
    (room, by, user): (RoomId, UserId, UserId),
    complete: impl FnOnce(AuditRecord) -> AuditRecord,
) -> Result<()> {
    let record = AuditRecord::in_room(action, by, batch.room(room)?);
    audit_all(batch.txn, record.map(|record| complete(record.user(user)))).await?;
    Ok(())
}
