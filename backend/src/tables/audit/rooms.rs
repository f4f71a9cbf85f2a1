//! Writes what happens to rooms and members, except to direct rooms. The ledger, which makes these
//! changes, does not know the client's address.

use sea_orm::DbErr;
use shared::{access::Role, administration::AuditAction, ids::UserId};

use super::record::{AuditRecord, audit_all};
use crate::tables::{database::Transaction, entities::rooms};

/// The creation of a room.
pub async fn audit_creation(
    txn: &Transaction,
    room: &rooms::Model,
    by: UserId,
) -> Result<(), DbErr> {
    let record = AuditRecord::in_room(AuditAction::RoomCreated, by, room);
    audit_all(txn, record.map(|record| record.new_value(room.kind.0))).await
}

/// A new kind of a room, its archiving, and whether new accounts join it.
pub async fn audit_update(
    txn: &Transaction,
    before: &rooms::Model,
    after: &rooms::Model,
    by: UserId,
) -> Result<(), DbErr> {
    let record = |action| AuditRecord::in_room(action, by, after);
    let converted = record(AuditAction::RoomConverted).filter(|_| before.kind != after.kind);
    let converted = converted.map(|it| it.old_value(before.kind.0).new_value(after.kind.0));
    let moved = match (before.archived_at, after.archived_at) {
        (None, Some(_)) => record(AuditAction::RoomArchived),
        (Some(_), None) => record(AuditAction::RoomUnarchived),
        _ => None,
    };
    let chosen = match (before.is_default, after.is_default) {
        (false, true) => record(AuditAction::DefaultRoomAdded),
        (true, false) => record(AuditAction::DefaultRoomRemoved),
        _ => None,
    };
    audit_all(txn, converted.into_iter().chain(moved).chain(chosen)).await
}

/// The new role of a member.
pub async fn audit_role(
    txn: &Transaction,
    room: &rooms::Model,
    user: UserId,
    by: UserId,
    (old, new): (Role, Role),
) -> Result<(), DbErr> {
    let record = AuditRecord::in_room(AuditAction::RoleChanged, by, room);
    audit_all(txn, record.map(|it| it.user(user).old_value(old).new_value(new))).await
}

/// New members whom somebody else added, each with the role; those who joined are left out.
pub async fn audit_added(
    txn: &Transaction,
    room: &rooms::Model,
    by: UserId,
    members: impl IntoIterator<Item = (UserId, Role)>,
) -> Result<(), DbErr> {
    let others = members.into_iter().filter(|(user, _)| *user != by);
    let records = others.filter_map(|(user, role)| {
        let record = AuditRecord::in_room(AuditAction::MemberAdded, by, room)?;
        Some(record.user(user).new_value(role))
    });
    audit_all(txn, records.collect::<Vec<_>>()).await
}

/// Former members whom somebody else removed; those who left are left out.
pub async fn audit_removed(
    txn: &Transaction,
    room: &rooms::Model,
    by: UserId,
    members: impl IntoIterator<Item = UserId>,
) -> Result<(), DbErr> {
    let others = members.into_iter().filter(|user| *user != by);
    let records = others.filter_map(|user| {
        Some(AuditRecord::in_room(AuditAction::MemberRemoved, by, room)?.user(user))
    });
    audit_all(txn, records.collect::<Vec<_>>()).await
}
