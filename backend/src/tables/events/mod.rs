//! What happened in rooms. The ledger writes a row in the transaction of each change that the timeline shows
//! as a line; readers get the rows that [`visible_events`] lets them see.

use crate::tables::database::Connection;

pub mod entity;
mod rows;

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func},
};
use shared::{
    ids::{Rev, Seq},
    rooms::{RoomEvent, RoomEventKind, RoomEvents},
    users::UserRef,
};

use self::entity::{Column, Entity, Model};
pub use self::rows::{insert_room_events, room_event_rows};
use super::{entities::users, stored::Stored, timestamps::to_timestamp, visibility::RoomView};

/// The greatest number of events in a page of messages.
const PAGE_MAX: u64 = 200;

impl Model {
    /// The event as clients see it.
    pub fn into_event(self, by: UserRef, user: Option<UserRef>) -> RoomEvent {
        RoomEvent {
            rev: self.rev.into(),
            after_seq: self.after_seq.into(),
            kind: self.kind.0,
            by,
            user,
            from: self.old_value,
            to: self.new_value,
            at: to_timestamp(self.created_at),
        }
    }
}

/// The events of a room before a revision that the member may see, newest first.
pub async fn events_before(
    db: &impl Connection,
    room: &RoomView,
    before: Option<Rev>,
    limit: u64,
) -> Result<RoomEvents, DbErr> {
    let mut select = Entity::find()
        .filter(visible_events(room.id, Some(room)))
        // A room that the caller has read before: later events come with later pages.
        .filter(Column::Rev.lte(room.last_rev))
        .order_by_desc(Column::Rev)
        .limit(limit + 1);
    if let Some(before) = before {
        select = select.filter(Column::Rev.lt(before.0));
    }
    let mut rows = select.all(db).await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().map(|row| Rev(row.rev)).filter(|_| has_more);
    Ok(RoomEvents { events: with_names(db, rows).await?, next })
}

/// The newest events after the messages from one to another, both included, that the member may see, by
/// revision.
pub async fn events_after_messages(
    db: &impl Connection,
    room: &RoomView,
    (from, to): (i64, i64),
) -> Result<Vec<RoomEvent>, DbErr> {
    let mut rows = Entity::find()
        .filter(visible_events(room.id, Some(room)))
        .filter(Column::AfterSeq.between(from, to))
        .filter(Column::Rev.lte(room.last_rev))
        .order_by_desc(Column::Rev)
        .limit(PAGE_MAX)
        .all(db)
        .await?;
    rows.reverse();
    with_names(db, rows).await
}

/// The events of a room from one revision to another, both included, by revision, that the member may see;
/// without a view all of them.
pub(super) async fn events_between(
    db: &impl Connection,
    (room, view): (i64, Option<&RoomView>),
    (from, to): (i64, i64),
    limit: u64,
) -> Result<Vec<RoomEvent>, DbErr> {
    let rows = Entity::find()
        .filter(visible_events(room, view))
        .filter(Column::Rev.between(from, to))
        .order_by_asc(Column::Rev)
        .limit(limit)
        .all(db)
        .await?;
    with_names(db, rows).await
}

/// The condition of the events of a room that the member may see: those after a message that they may read,
/// and those since they joined. Before the first such message there may be others, such as the old name
/// of the room, that happened before they came. The revs tell which, because the clocks of nodes differ.
fn visible_events(room: i64, view: Option<&RoomView>) -> Condition {
    let of_room = Condition::all().add(Column::RoomId.eq(room));
    let Some(view) = view.filter(|view| view.first_seq() > Seq(1)) else { return of_room };
    let first = view.first_seq().0;
    let since_joining = Condition::all()
        .add(Column::AfterSeq.eq(first - 1))
        .add(Column::Rev.into_expr().gte(joined_rev(room, view.member().user_id, first)));
    of_room.add(Condition::any().add(Column::AfterSeq.gte(first)).add(since_joining))
}

/// The rev of the event of the last join of a member who reads from a message on. 0 if there is none:
/// then they joined before the server stored events, so all events are later.
fn joined_rev(room: i64, user: i64, first: i64) -> Expr {
    use RoomEventKind as K;
    let is_one_of = |kinds: [K; 2]| Column::Kind.is_in(kinds.map(Stored));
    let came =
        Condition::all().add(is_one_of([K::Joined, K::Entered])).add(Column::ActorId.eq(user));
    let was_added =
        Condition::all().add(is_one_of([K::Added, K::Invited])).add(Column::UserId.eq(user));
    let newest = Expr::from(Func::max(Expr::col((Entity, Column::Rev))));
    let select = Entity::find()
        .select_only()
        .expr(Func::coalesce([newest, Expr::val(0_i64)]))
        .filter(Column::RoomId.eq(room))
        // The message before the first one is at most the newest one when they joined.
        .filter(Column::AfterSeq.gte(first - 1))
        .filter(Condition::any().add(came).add(was_added))
        .into_query();
    Expr::SubQuery(None, Box::new(select.into()))
}

/// Reads the names of the people in events.
async fn with_names(db: &impl Connection, rows: Vec<Model>) -> Result<Vec<RoomEvent>, DbErr> {
    let ids = rows.iter().flat_map(|row| [Some(row.actor_id), row.user_id]).flatten();
    let ids: BTreeSet<i64> = ids.collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let people = users::Entity::find().filter(users::Column::Id.is_in(ids)).all(db).await?;
    let people: HashMap<i64, UserRef> =
        people.iter().map(|user| (user.id, user.to_ref())).collect();
    let event = |row: Model| {
        let by = people.get(&row.actor_id)?.clone();
        let user = row.user_id.and_then(|id| people.get(&id)).cloned();
        Some(row.into_event(by, user))
    };
    Ok(rows.into_iter().filter_map(event).collect())
}
