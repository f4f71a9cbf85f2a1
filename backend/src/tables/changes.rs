//! Reads the changes of a room since a revision, for clients that catch up.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Order,
};
use shared::{
    ids::Rev,
    messages::{Change, Changes, Row},
};

use super::{
    entities::{members, messages, rooms, users},
    message_rows::{fetch_messages, with_author},
};

/// The rows of a room that changed after a revision, in their latest state, by revision; at most
/// `limit`.
///
/// The result ends at the `last_rev` of the room's row, which the caller has read before. Later
/// changes come with the next call or as live events.
pub async fn changes_since(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    after: Rev,
    limit: u64,
) -> Result<Changes, DbErr> {
    let last_rev = room.last_rev;
    if last_rev <= after.0 {
        // A client ahead of the room saw changes that a restored backup does not have. It has to
        // load the room again, because the room assigns the same revisions to other changes.
        let is_ahead = last_rev < after.0;
        return Ok(Changes { changes: Vec::new(), rev: Rev(last_rev), more: is_ahead });
    }
    let mut select = with_author();
    select
        .and_where(messages::Column::RoomId.eq(room.id))
        .and_where(messages::Column::Rev.gt(after.0))
        .and_where(messages::Column::Rev.lte(last_rev))
        .order_by((messages::Entity, messages::Column::Rev), Order::Asc)
        .limit(limit + 1);
    let messages = fetch_messages(db, &select).await?;
    let members = members::Entity::find()
        .filter(members::Column::RoomId.eq(room.id))
        .filter(members::Column::Rev.gt(after.0))
        .filter(members::Column::Rev.lte(last_rev))
        .order_by_asc(members::Column::Rev)
        .limit(limit + 1)
        .find_also_related(users::Entity)
        .all(db)
        .await?;
    let mut changes = Vec::with_capacity(messages.len() + members.len() + 1);
    for message in messages {
        changes.push(Change { rev: message.rev, row: Row::Message(message) });
    }
    for (member, user) in members {
        let user = user.ok_or_else(|| DbErr::Custom("a member without an account".into()))?;
        let row = Row::Member(member.to_member(&user));
        changes.push(Change { rev: member.rev.into(), row });
    }
    if room.rev > after.0 {
        changes.push(Change { rev: room.rev.into(), row: Row::Room(room.clone().into()) });
    }
    changes.sort_by_key(|change| change.rev);
    let more = changes.len() as u64 > limit;
    changes.truncate(limit as usize);
    let last_returned = changes.last().map(|change| change.rev).filter(|_| more);
    Ok(Changes { changes, rev: last_returned.unwrap_or(Rev(last_rev)), more })
}
