//! Reads entries.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use shared::{
    administration::{AuditAction, AuditEntry, AuditRoom},
    ids::{AuditId, UserId},
    rules,
    users::UserRef,
};

use super::entity::{Column, Entity, Model};
use crate::tables::{
    database::Connection, database::contains_ignoring_case, entities::users, stored::Stored,
    timestamps::to_timestamp,
};

/// Selects entries; `None` selects all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<UserId>,
    /// What was done.
    pub action: Option<AuditAction>,
    /// A part of the name of the actor, of the other account or of the room, ignoring case.
    pub q: Option<String>,
}

impl AuditFilter {
    fn to_condition(&self) -> Condition {
        let mut all = Condition::all();
        if let Some(actor) = self.actor {
            all = all.add(Column::ActorId.eq(actor.0));
        }
        if let Some(action) = self.action {
            all = all.add(Column::Action.eq(Stored(action)));
        }
        if let Some(q) = self.q.as_deref().map(rules::name_key).filter(|q| !q.is_empty()) {
            let accounts = || {
                let ids = users::Entity::find().select_only().column(users::Column::Id);
                ids.filter(users::name_contains(&q))
            };
            let any = Condition::any()
                .add(Column::ActorId.in_subquery(accounts().into_query()))
                .add(Column::UserId.in_subquery(accounts().into_query()))
                .add(contains_ignoring_case(Column::RoomName, &q));
            all = all.add(any);
        }
        all
    }
}

/// The entries with a greater id than `after`, oldest first, or with a smaller one than `before`, newest
/// first; at most `limit`.
pub async fn audit_page(
    db: &impl Connection,
    filter: &AuditFilter,
    after: Option<AuditId>,
    before: Option<AuditId>,
    limit: u64,
) -> Result<Vec<AuditEntry>, DbErr> {
    let mut select = Entity::find().filter(filter.to_condition()).limit(limit);
    if let Some(before) = before {
        select = select.filter(Column::Id.lt(before.0));
    }
    select = match after {
        Some(after) => select.filter(Column::Id.gt(after.0)).order_by_asc(Column::Id),
        None => select.order_by_desc(Column::Id),
    };
    let rows = select.all(db).await?;
    let people = find_people(db, &rows).await?;
    Ok(rows.into_iter().map(|row| to_entry(row, &people)).collect())
}

/// The greatest id; 0 if there are no entries.
pub async fn newest_audit_id(db: &impl Connection) -> Result<AuditId, DbErr> {
    let newest = Entity::find().order_by_desc(Column::Id).one(db).await?;
    Ok(AuditId(newest.map_or(0, |row| row.id)))
}

async fn find_people(db: &impl Connection, rows: &[Model]) -> Result<HashMap<i64, UserRef>, DbErr> {
    let ids: BTreeSet<i64> =
        rows.iter().flat_map(|row| [row.actor_id, row.user_id]).flatten().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = users::Entity::find().filter(users::Column::Id.is_in(ids)).all(db).await?;
    Ok(found.into_iter().map(|row| (row.id, row.to_ref())).collect())
}

fn to_entry(row: Model, people: &HashMap<i64, UserRef>) -> AuditEntry {
    let person = |id: i64| {
        let unnamed = || UserRef { id: id.into(), username: String::new(), display_name: None };
        people.get(&id).cloned().unwrap_or_else(unnamed)
    };
    let room = row.room_id.zip(row.room_name);
    AuditEntry {
        id: row.id.into(),
        created_at: to_timestamp(row.created_at),
        action: row.action.0,
        actor: row.actor_id.map(person),
        user: row.user_id.map(person),
        room: room.map(|(id, name)| AuditRoom { id: id.into(), name }),
        from: row.old_value,
        to: row.new_value,
        address: row.address,
    }
}
