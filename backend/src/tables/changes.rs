//! Catching up: what is different in a room since a change, read from its rows.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use shared::{
    ids::Rev,
    messages::{Change, Changes, Row},
};

use super::{members, messages, rooms, users};

/// What changed in a room after `after`, in latest states, by number. The room's row was read
/// before: what changes after that is left to the next answer, or to the live event.
pub async fn changes(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    after: Rev,
    limit: u64,
) -> Result<Changes, DbErr> {
    let head = room.last_rev;
    if head <= after.0 {
        // Beyond the room is who saw what a restored backup does not have: nothing that they hold
        // is to be relied on, and the numbers that they know come again.
        let is_beyond = head < after.0;
        return Ok(Changes { changes: Vec::new(), rev: Rev(head), more: is_beyond });
    }
    let written = messages::Entity::find()
        .filter(messages::Column::RoomId.eq(room.id))
        .filter(messages::Column::Rev.gt(after.0))
        .filter(messages::Column::Rev.lte(head))
        .order_by_asc(messages::Column::Rev)
        .limit(limit + 1)
        .find_also_related(users::Entity)
        .all(db)
        .await?;
    let moved = members::Entity::find()
        .filter(members::Column::RoomId.eq(room.id))
        .filter(members::Column::Rev.gt(after.0))
        .filter(members::Column::Rev.lte(head))
        .order_by_asc(members::Column::Rev)
        .limit(limit + 1)
        .find_also_related(users::Entity)
        .all(db)
        .await?;
    let mut changes = Vec::with_capacity(written.len() + moved.len() + 1);
    for (row, user) in written {
        let (rev, message) = (row.rev.into(), row.into_message(&author(user)?));
        changes.push(Change { rev, row: Row::Message(message) });
    }
    for (member, user) in moved {
        let row = Row::Member(member.to_member(&author(user)?));
        changes.push(Change { rev: member.rev.into(), row });
    }
    if room.rev > after.0 {
        changes.push(Change { rev: room.rev.into(), row: Row::Room(room.clone().into()) });
    }
    changes.sort_by_key(|change| change.rev);
    let more = changes.len() as u64 > limit;
    changes.truncate(limit as usize);
    let last = changes.last().map(|change| change.rev).filter(|_| more);
    Ok(Changes { changes, rev: last.unwrap_or(Rev(head)), more })
}

fn author(user: Option<users::Model>) -> Result<users::Model, DbErr> {
    user.ok_or_else(|| DbErr::Custom("a row without its account".into()))
}
