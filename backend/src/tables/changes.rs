//! Reads the changes of a room since a revision, for clients that catch up.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
    sea_query::{Asterisk, Expr, Func, Order, Query},
};
use shared::{
    ids::{Rev, RoomId, Seq},
    messages::{Change, Changes, Row},
    rules,
};

use super::{
    entities::{members, messages, rooms, users},
    message_rows::{fetch_messages, text_lengths, with_author},
    visibility::RoomView,
};

/// The rows of a room that changed after a revision and that the member may read, in their latest state,
/// by revision; at most `limit`, and at most [`rules::PAGE_MAX_BYTES`] of texts.
///
/// The result ends at the `last_rev` of the room's row, which the caller has read before. Later
/// changes come with the next call or as live events.
pub async fn changes_since(
    db: &impl ConnectionTrait,
    room: &RoomView,
    after: Rev,
    limit: u64,
) -> Result<Changes, DbErr> {
    read_changes(db, room, room.first_seq(), after, limit).await
}

/// As [`changes_since`], but without a reader: for the hub, whose sessions send each member only what they
/// may read.
pub async fn all_changes_since(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    after: Rev,
    limit: u64,
) -> Result<Changes, DbErr> {
    read_changes(db, room, Seq(1), after, limit).await
}

async fn read_changes(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    first_seq: Seq,
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
    let end = end_of_page(db, room, after, limit).await?;
    let mut select = with_author();
    select
        .and_where(messages::Column::RoomId.eq(room.id))
        .and_where(messages::Column::Seq.gte(first_seq.0))
        .and_where(messages::Column::Rev.gt(after.0))
        .and_where(messages::Column::Rev.lte(end))
        .order_by((messages::Entity, messages::Column::Rev), Order::Asc)
        .limit(limit + 1);
    let messages = fetch_messages(db, &select).await?;
    let members = members::Entity::find()
        .filter(members::Column::RoomId.eq(room.id))
        .filter(members::Column::Rev.gt(after.0))
        .filter(members::Column::Rev.lte(end))
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
    if room.rev > after.0 && room.rev <= end {
        changes.push(Change { rev: room.rev.into(), row: Row::Room(room.clone().into()) });
    }
    changes.sort_by_key(|change| change.rev);
    let more = changes.len() as u64 > limit || end < last_rev;
    changes.truncate(limit as usize);
    let last_returned = changes.last().map(|change| change.rev).filter(|_| more);
    Ok(Changes { changes, rev: last_returned.unwrap_or(Rev(end)), more })
}

/// Whether more than `max` rows of a room changed after a revision.
pub async fn has_more_changes(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    after: Rev,
    max: u64,
) -> Result<bool, DbErr> {
    // A change touches one row.
    if room.last_rev - after.0 <= max as i64 {
        return Ok(false);
    }
    let mut count = u64::from(room.rev > after.0);
    let range = (after.0 + 1, room.last_rev);
    let messages = messages::Entity::find()
        .select_only()
        .column(messages::Column::Rev)
        .filter(messages::Column::RoomId.eq(room.id))
        .filter(messages::Column::Rev.between(range.0, range.1));
    let members = members::Entity::find()
        .select_only()
        .column(members::Column::Rev)
        .filter(members::Column::RoomId.eq(room.id))
        .filter(members::Column::Rev.between(range.0, range.1));
    for rows in [messages.limit(max + 1).into_query(), members.limit(max + 1).into_query()] {
        let counted = Query::select()
            .expr(Func::count(Expr::col(Asterisk)))
            .from_subquery(rows, "changed")
            .to_owned();
        let row = db.query_one(&counted).await?;
        count += row.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))? as u64;
    }
    Ok(count > max)
}

/// The `rev` up to which the texts of at most `limit` changed messages fit into a page.
async fn end_of_page(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    after: Rev,
    limit: u64,
) -> Result<i64, DbErr> {
    let last_rev = room.last_rev;
    let count_max = limit.min(last_rev.abs_diff(after.0));
    if count_max <= rules::PAGE_ALWAYS_FITS {
        return Ok(last_rev);
    }
    let (range, by_rev) = ((after.0 + 1, last_rev), messages::Column::Rev);
    let lengths = text_lengths(db, RoomId(room.id), by_rev, range, limit).await?;
    let mut bytes = 0;
    let mut end = None;
    for (rev, length) in lengths {
        bytes += length;
        if bytes > rules::PAGE_MAX_BYTES as i64 {
            // The first message always fits.
            return Ok(end.unwrap_or(rev));
        }
        end = Some(rev);
    }
    Ok(last_rev)
}
