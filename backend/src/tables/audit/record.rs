//! Writes entries.

use std::net::IpAddr;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::Expr,
};
use serde::Serialize;
use shared::{
    access::RoomKind,
    administration::AuditAction,
    ids::{RoomId, UserId},
};

use super::entity::{ActiveModel, Column, Entity};
use crate::tables::{database::Transaction, entities::rooms, stored::Stored, timestamps::now};

/// An entry to write.
#[derive(Clone, Debug)]
pub struct AuditRecord {
    action: AuditAction,
    actor: Option<UserId>,
    user: Option<UserId>,
    room: Option<(RoomId, String)>,
    from: Option<String>,
    to: Option<String>,
    address: Option<IpAddr>,
}

impl AuditRecord {
    /// An action of `actor`; `None` is the command line.
    pub fn new(action: AuditAction, actor: Option<UserId>) -> Self {
        Self { action, actor, user: None, room: None, from: None, to: None, address: None }
    }

    /// An action in a room; `None` for a direct room, of which admins learn nothing.
    pub fn in_room(action: AuditAction, actor: UserId, room: &rooms::Model) -> Option<Self> {
        let is_direct = room.kind.0 == RoomKind::Direct;
        let room = Some((RoomId(room.id), room.name.clone()));
        (!is_direct).then(|| Self { room, ..Self::new(action, Some(actor)) })
    }

    /// The account that it is done to.
    pub fn user(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// The old value.
    pub fn old_value(self, value: impl Serialize) -> Self {
        Self { from: Some(Stored(value).to_text()), ..self }
    }

    /// The new value.
    pub fn new_value(self, value: impl Serialize) -> Self {
        Self { to: Some(Stored(value).to_text()), ..self }
    }

    /// The client's address.
    pub fn address(self, address: impl Into<Option<IpAddr>>) -> Self {
        Self { address: address.into(), ..self }
    }

    fn into_row(self, now: i64) -> ActiveModel {
        let (room_id, room_name) = self.room.map(|(id, name)| (id.0, name)).unzip();
        ActiveModel {
            id: NotSet,
            created_at: Set(now),
            action: Set(Stored(self.action)),
            actor_id: Set(self.actor.map(|id| id.0)),
            user_id: Set(self.user.map(|id| id.0)),
            room_id: Set(room_id),
            room_name: Set(room_name),
            old_value: Set(self.from),
            new_value: Set(self.to),
            address: Set(self.address.map(|address| address.to_string())),
        }
    }
}

/// Writes an entry in the transaction of the change.
pub async fn audit(txn: &Transaction, record: AuditRecord) -> Result<(), DbErr> {
    audit_all(txn, [record]).await
}

/// Writes the entries of one change with one statement.
pub async fn audit_all(
    txn: &Transaction,
    records: impl IntoIterator<Item = AuditRecord>,
) -> Result<(), DbErr> {
    let now = now();
    let rows: Vec<_> = records.into_iter().map(|record| record.into_row(now)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    Entity::insert_many(rows).exec_without_returning(txn).await.map(drop)
}

/// Erases the display names of a deleted account from the entries about their changes.
pub async fn erase_audited_names(txn: &Transaction, user: UserId) -> Result<(), DbErr> {
    let changes = Entity::update_many()
        .col_expr(Column::OldValue, Expr::value(None::<String>))
        .col_expr(Column::NewValue, Expr::value(None::<String>))
        .filter(Column::UserId.eq(user.0))
        .filter(Column::Action.eq(Stored(AuditAction::DisplayNameChanged)));
    changes.exec(txn).await.map(drop)
}
