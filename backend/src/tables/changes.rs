//! Reads the changes of a room since a revision, for clients that catch up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Asterisk, Expr, Func, Order, Query, SelectStatement},
};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Change, Changes, Row},
    rooms::{RoomEvent, RoomEventKind},
    rules,
};

use super::{
    database::Connection,
    entities::{members, messages, rooms, users},
    events::{entity as room_events, events_between},
    message_rows::{fetch_messages, text_lengths, with_author},
    visibility::RoomView,
};

/// The rows of a room that changed after a revision and that the member may read, in their latest state,
/// by revision; at most `limit`, and at most [`rules::PAGE_MAX_BYTES`] of texts.
///
/// The result ends at the `last_rev` of the room's row, which the caller has read before. Later
/// changes come with the next call or as live events.
pub async fn changes_since(
    db: &impl Connection,
    room: &RoomView,
    after: Rev,
    limit: u64,
) -> Result<Changes, DbErr> {
    read_changes(db, room, Some(room), after, limit).await
}

/// As [`changes_since`], but without a reader: for the hub, whose sessions send each member only what they
/// may read.
pub async fn all_changes_since(
    db: &impl Connection,
    room: &rooms::Model,
    after: Rev,
    limit: u64,
) -> Result<Changes, DbErr> {
    read_changes(db, room, None, after, limit).await
}

async fn read_changes(
    db: &impl Connection,
    room: &rooms::Model,
    view: Option<&RoomView>,
    after: Rev,
    limit: u64,
) -> Result<Changes, DbErr> {
    let first_seq = view.map_or(Seq(1), RoomView::first_seq);
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
        .filter(visible_to_newcomer(first_seq))
        .order_by_asc(members::Column::Rev)
        .limit(limit + 1)
        .find_also_related(users::Entity)
        .all(db)
        .await?;
    let mut changes = Vec::with_capacity(messages.len() + members.len() + 1);
    for message in messages {
        changes.push(Change::new(message.rev, Row::Message(message)));
    }
    for (member, user) in members {
        let user = user.ok_or_else(|| DbErr::Custom("a member without an account".into()))?;
        let row = Row::Member(member.to_member(&user));
        changes.push(Change::new(member.rev.into(), row));
    }
    if room.rev > after.0 && room.rev <= end {
        changes.push(Change::new(room.rev.into(), Row::Room(room.clone().into())));
    }
    let events = events_between(db, (room.id, view), (after.0 + 1, end), limit + 1);
    add_events(db, room, &mut changes, events.await?).await?;
    Ok(page_of(changes, limit, (end, last_rev)))
}

/// The first changes by revision, of those up to `end`.
fn page_of(mut changes: Vec<Change>, limit: u64, (end, last_rev): (i64, i64)) -> Changes {
    changes.sort_by_key(|change| change.rev);
    let more = changes.len() as u64 > limit || end < last_rev;
    changes.truncate(limit as usize);
    let last_returned = changes.last().map(|change| change.rev).filter(|_| more);
    Changes { changes, rev: last_returned.unwrap_or(Rev(end)), more }
}

/// Adds events to the changes that they are about. If the row has changed again since, the event comes with
/// the latest state of the row.
async fn add_events(
    db: &impl Connection,
    room: &rooms::Model,
    changes: &mut Vec<Change>,
    events: Vec<RoomEvent>,
) -> Result<(), DbErr> {
    let mut events: BTreeMap<Rev, RoomEvent> =
        events.into_iter().map(|event| (event.rev, event)).collect();
    for change in changes.iter_mut() {
        change.event = events.remove(&change.rev).map(Box::new);
    }
    let people: BTreeSet<i64> = events.values().filter_map(changed_member).map(|id| id.0).collect();
    let mut rows = HashMap::new();
    if !people.is_empty() {
        let members = members::Entity::find()
            .filter(members::Column::RoomId.eq(room.id))
            .filter(members::Column::UserId.is_in(people))
            .find_also_related(users::Entity);
        for (member, user) in members.all(db).await? {
            let Some(user) = user else { continue };
            rows.insert(UserId(user.id), member.to_member(&user));
        }
    }
    for (rev, event) in events {
        let row = match changed_member(&event) {
            Some(user) => rows.get(&user).cloned().map(Row::Member),
            None => Some(Row::Room(room.clone().into())),
        };
        changes.extend(row.map(|row| Change { rev, row, event: Some(Box::new(event)) }));
    }
    Ok(())
}

/// The member whose row an event is about; `None` if it is about the room.
fn changed_member(event: &RoomEvent) -> Option<UserId> {
    use RoomEventKind as K;
    match event.kind {
        K::Joined | K::Left | K::Entered => Some(event.by.id),
        K::Added | K::Invited | K::Removed | K::MadeHost => Some(event.user.as_ref()?.id),
        K::Renamed
        | K::TopicChanged
        | K::MadeOpen
        | K::MadePrivate
        | K::Archived
        | K::Unarchived
        | K::Restored => None,
    }
}

/// The least `left_seq` of the former members of whom somebody may know who reads from a message on;
/// `None` if they may know of all. A client that has a member in its list was there when they left, so it
/// misses no departure. Of somebody who left between the message before and the join, it cannot be told
/// who was first.
fn first_known_departure(first_seq: Seq) -> Option<i64> {
    (first_seq > Seq(1)).then_some(first_seq.0 - 1)
}

/// The condition of the members of whom somebody may know who reads from a message on: not those who
/// left before it was posted.
fn visible_to_newcomer(first_seq: Seq) -> Condition {
    use members::Column as M;
    let Some(least) = first_known_departure(first_seq) else { return Condition::all() };
    Condition::any().add(M::LeftSeq.is_null()).add(M::LeftSeq.gte(least))
}

/// As the condition of [`changes_since`], for one former member: whether somebody may know of them who
/// reads from a message on.
pub fn is_departure_known(first_seq: Seq, left_seq: Option<Seq>) -> bool {
    let is_known = |least: i64| left_seq.is_none_or(|left| left.0 >= least);
    first_known_departure(first_seq).is_none_or(is_known)
}

/// When the former members among the changes of a room left, for those of whom it is stored.
pub async fn departures(
    db: &impl Connection,
    room: RoomId,
    changes: &[Change],
) -> Result<HashMap<UserId, Seq>, DbErr> {
    use members::Column as M;
    let former = |change: &Change| match &change.row {
        Row::Member(member) if member.left => Some(member.user.id.0),
        _ => None,
    };
    let people: BTreeSet<i64> = changes.iter().filter_map(former).collect();
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = members::Entity::find()
        .select_only()
        .columns([M::UserId, M::LeftSeq])
        .filter(M::RoomId.eq(room.0))
        .filter(M::UserId.is_in(people))
        .filter(M::LeftSeq.is_not_null());
    let rows = rows.into_tuple::<(i64, i64)>().all(db).await?;
    Ok(rows.into_iter().map(|(user, left)| (UserId(user), Seq(left))).collect())
}

/// Whether more than `max` rows of a room changed after a revision, or more than `max` events happened.
pub async fn has_more_changes(
    db: &impl Connection,
    room: &rooms::Model,
    after: Rev,
    max: u64,
) -> Result<bool, DbErr> {
    // A change touches one row and has at most one event.
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
        count += count_rows(db, rows).await?;
    }
    let events = room_events::Entity::find()
        .select_only()
        .column(room_events::Column::Rev)
        .filter(room_events::Column::RoomId.eq(room.id))
        .filter(room_events::Column::Rev.between(range.0, range.1));
    Ok(count > max || count_rows(db, events.limit(max + 1).into_query()).await? > max)
}

async fn count_rows(db: &impl Connection, rows: SelectStatement) -> Result<u64, DbErr> {
    let counted = Query::select()
        .expr(Func::count(Expr::col(Asterisk)))
        .from_subquery(rows, "changed")
        .to_owned();
    let row = db.query_one(&counted).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))? as u64)
}

/// The `rev` up to which the texts of at most `limit` changed messages fit into a page.
async fn end_of_page(
    db: &impl Connection,
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
