//! Counts the messages of the last days by day, hour of the week and author.
//!
//! Counting reads every message, so it is limited to the newest ones. The database groups them by
//! hour or quarter of an hour, which keeps the result small, and this module groups those by day and
//! hour of the week.

use chrono::{Datelike, Days, Timelike};
use sea_orm::{
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use shared::{
    Timestamp,
    ids::UserId,
    messages::{DayCount, Insights},
    rules::INSIGHTS_MAX_MESSAGES,
    search::AuthorCount,
    users::UserRef,
};

use super::queries;
use crate::{
    Result,
    http::time_zone::Zone,
    tables::{Connection, RoomView, messages, to_timestamp, users},
};

const HOUR_MICROS: i64 = 3_600_000_000;
/// The maximum number of authors in the result.
const AUTHORS_MAX: u64 = 10;

/// The insights of the last days of a room, including today.
pub async fn room_insights(
    db: &impl Connection,
    room: &RoomView,
    days: u64,
    zone: Zone,
) -> Result<Insights> {
    let local = |time: Timestamp| zone.local(time).naive_local();
    let today = zone.today();
    let first_day = today - Days::new(days.saturating_sub(1));
    let (first_seq, since) = first_counted(db, room, zone.start_of_day(first_day)).await?;
    let first_day = local(since).date();
    let days = first_day.iter_days().take_while(|day| *day <= today);
    let mut days: Vec<_> = days.map(|day| DayCount { day, count: 0 }).collect();
    let mut hours = vec![vec![0; 24]; 7];
    let mut total = 0;
    for (part, count) in by_part_of_hour(db, counted_messages(room, first_seq), zone).await? {
        let (time, count) = (local(to_timestamp(part)), count.max(0) as u64);
        hours[time.weekday().num_days_from_monday() as usize][time.hour() as usize] += count;
        total += count;
        // If the server's clock was set back, a message may be of an earlier day.
        let nth = usize::try_from((time.date() - first_day).num_days());
        if let Some(day) = nth.ok().and_then(|nth| days.get_mut(nth)) {
            day.count += count;
        }
    }
    let authors = by_author(db, counted_messages(room, first_seq)).await?;
    Ok(Insights { since, total, days, hours, authors })
}

/// The `seq` of the first message to count, and the time from which messages are counted: `since`
/// (microseconds since 1970), or later if there are more than [`INSIGHTS_MAX_MESSAGES`] since then.
async fn first_counted(
    db: &impl Connection,
    room: &RoomView,
    since: i64,
) -> Result<(i64, Timestamp)> {
    let first = queries::first_since(db, room, since).await?;
    let first = first.map_or(room.last_seq + 1, |(seq, _)| seq.0);
    let oldest = (room.last_seq - INSIGHTS_MAX_MESSAGES + 1).max(room.first_seq().0);
    if first >= oldest {
        return Ok((first, to_timestamp(since)));
    }
    let message = queries::by_seq(db, room, oldest.into()).await?;
    // If the server's clock was set back, the message may be from before the first day.
    Ok((oldest, message.created_at.max(to_timestamp(since))))
}

fn counted_messages(room: &RoomView, first_seq: i64) -> Select<messages::Entity> {
    use messages::Column as C;
    messages::Entity::find()
        .select_only()
        .filter(C::RoomId.eq(room.id))
        .filter(C::Seq.between(first_seq, room.last_seq))
        .filter(C::DeletedAt.is_null())
}

/// The start of each part of an hour, in microseconds since 1970, and its number of messages. A part
/// never spans two hours of the time zone.
async fn by_part_of_hour(
    db: &impl Connection,
    counted: Select<messages::Entity>,
    zone: Zone,
) -> Result<Vec<(i64, i64)>> {
    // The numbers are literals, because with parameters PostgreSQL would not recognise the selected
    // and the grouped expression as the same.
    let (offset_micros, part_micros) = match zone {
        Zone::Fixed(offset) => (i64::from(offset.0.local_minus_utc()) * 1_000_000, HOUR_MICROS),
        // Today's offsets of all named zones are multiples of a quarter of an hour.
        Zone::Named(_) => (0, HOUR_MICROS / 4),
    };
    let part =
        || Expr::cust(format!("created_at - (created_at + {offset_micros}) % {part_micros}"));
    let counted = counted.column_as(part(), "part");
    let counted = counted.column_as(messages::Column::Id.count(), "count").group_by(part());
    Ok(counted.into_tuple().all(db).await?)
}

/// The authors with the most messages; of two with equally many the older account.
async fn by_author(
    db: &impl Connection,
    counted: Select<messages::Entity>,
) -> Result<Vec<AuthorCount>> {
    let count = messages::Column::Id.count();
    let counted = counted
        .inner_join(users::Entity)
        .columns([users::Column::Id, users::Column::Username, users::Column::DisplayName])
        .column_as(count.clone(), "count")
        .group_by(users::Column::Id)
        .group_by(users::Column::Username)
        .group_by(users::Column::DisplayName)
        .order_by(count, Order::Desc)
        .order_by_asc(users::Column::Id)
        .limit(AUTHORS_MAX);
    let counted = counted.into_tuple::<(i64, String, Option<String>, i64)>().all(db).await?;
    let author = |(id, username, display_name, count)| AuthorCount {
        user: UserRef { id: UserId(id), username, display_name },
        count: i64::max(count, 0) as u64,
    };
    Ok(counted.into_iter().map(author).collect())
}
