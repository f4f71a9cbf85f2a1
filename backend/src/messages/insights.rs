//! How much was said in the last days: when, and by whom.
//!
//! Counting takes a look at every message that counts, so there is an end to how many: the room's
//! newest ones. The database puts them together by hour, which is little to send whatever the
//! reader's clock, and hours become days and hours of the week here.

use chrono::{Datelike, Days, NaiveDate, Timelike, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::Expr,
};
use shared::{
    Timestamp,
    ids::UserId,
    messages::{DayCount, Insights, Offset},
    rules::INSIGHTS_MAX_MESSAGES,
    search::AuthorCount,
    users::UserRef,
};

use super::{calendar::midnight, queries};
use crate::{
    Result,
    tables::{messages, rooms, to_timestamp, users},
};

const HOUR: i64 = 3_600_000_000;
/// People that are named.
const AUTHORS: u64 = 10;

/// The last so many days of a room, whose row was read before, today included.
pub async fn insights(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    days: u64,
    offset: Offset,
) -> Result<Insights> {
    let local = |moment: Timestamp| moment.with_timezone(&offset.0).naive_local();
    let first_day = today(offset) - Days::new(days.saturating_sub(1));
    let (from, since) = begin(db, room, midnight(first_day, offset)).await?;
    let first_day = local(since).date();
    let days = first_day.iter_days().take_while(|day| *day <= today(offset));
    let mut days: Vec<_> = days.map(|day| DayCount { day, count: 0 }).collect();
    let mut hours = vec![vec![0; 24]; 7];
    let mut total = 0;
    for (hour, count) in by_hour(db, counted(room, from), offset).await? {
        let (at, count) = (local(to_timestamp(hour)), count.max(0) as u64);
        hours[at.weekday().num_days_from_monday() as usize][at.hour() as usize] += count;
        total += count;
        // Where a clock was turned back, a message may be of a day before.
        let nth = usize::try_from((at.date() - first_day).num_days());
        if let Some(day) = nth.ok().and_then(|nth| days.get_mut(nth)) {
            day.count += count;
        }
    }
    let authors = by_author(db, counted(room, from)).await?;
    Ok(Insights { since, total, days, hours, authors })
}

/// Which day it is.
pub fn today(offset: Offset) -> NaiveDate {
    Utc::now().with_timezone(&offset.0).date_naive()
}

/// The first message that counts, and since when it is counted.
async fn begin(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    day: i64,
) -> Result<(i64, Timestamp)> {
    let first = queries::first_since(db, room, day).await?;
    let first = first.map_or(room.last_seq + 1, |(seq, _)| seq.0);
    let oldest = room.last_seq - INSIGHTS_MAX_MESSAGES + 1;
    if first >= oldest {
        return Ok((first, to_timestamp(day)));
    }
    let message = queries::one(db, room.id.into(), oldest.into()).await?;
    // Where a clock was turned back, that may be before the first day.
    Ok((oldest, message.created_at.max(to_timestamp(day))))
}

fn counted(room: &rooms::Model, from: i64) -> Select<messages::Entity> {
    use messages::Column as C;
    messages::Entity::find()
        .select_only()
        .filter(C::RoomId.eq(room.id))
        .filter(C::Seq.between(from, room.last_seq))
        .filter(C::DeletedAt.is_null())
}

/// The moments in which the hours of the reader's clock begin, and how many messages of each.
async fn by_hour(
    db: &impl ConnectionTrait,
    counted: Select<messages::Entity>,
    offset: Offset,
) -> Result<Vec<(i64, i64)>> {
    // No values are bound: PostgreSQL would not know the two for the same expression.
    let ahead = i64::from(offset.0.local_minus_utc()) * 1_000_000;
    let hour = || Expr::cust(format!("created_at - (created_at + {ahead}) % {HOUR}"));
    let counted = counted.column_as(hour(), "hour");
    let counted = counted.column_as(messages::Column::Id.count(), "count").group_by(hour());
    Ok(counted.into_tuple().all(db).await?)
}

/// Those who said most; of two who said as much, who has been here longer.
async fn by_author(
    db: &impl ConnectionTrait,
    counted: Select<messages::Entity>,
) -> Result<Vec<AuthorCount>> {
    let count = messages::Column::Id.count();
    let counted = counted
        .inner_join(users::Entity)
        .columns([users::Column::Id, users::Column::Username])
        .column_as(count.clone(), "count")
        .group_by(users::Column::Id)
        .group_by(users::Column::Username)
        .order_by(count, Order::Desc)
        .order_by_asc(users::Column::Id)
        .limit(AUTHORS);
    let counted = counted.into_tuple::<(i64, String, i64)>().all(db).await?;
    let author = |(id, username, count): (i64, String, i64)| AuthorCount {
        user: UserRef { id: UserId(id), username },
        count: count.max(0) as u64,
    };
    Ok(counted.into_iter().map(author).collect())
}
