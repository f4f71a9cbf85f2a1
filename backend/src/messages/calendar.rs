//! How much was said on each day of a month.
//!
//! Numbers are dense, so the messages of a day are the first number of the next day less its own:
//! one seek in an index for each day, whatever the reader's clock, and nothing to be kept up to
//! date with every message. Where the server's clock was turned back, a day may have some of its
//! neighbour's.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, Query},
};
use shared::{
    ids::Seq,
    messages::{Calendar, CalendarDay, Month, Offset},
};

use super::queries;
use crate::{
    Result,
    tables::{messages, rooms},
};

/// A month of a room, whose row was read before.
pub async fn calendar(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    month: Month,
    offset: Offset,
) -> Result<Calendar> {
    let mut days: Vec<NaiveDate> =
        month.first().iter_days().take_while(|day| *day <= month.next()).collect();
    let seqs = firsts(db, room, &days, offset).await?;
    days.pop();
    let day = |(nth, day): (usize, NaiveDate)| {
        let count = (seqs[nth + 1] - seqs[nth]).max(0);
        CalendarDay { day, count, first_seq: (count > 0).then(|| Seq(seqs[nth])) }
    };
    let days: Vec<_> = days.into_iter().enumerate().map(day).collect();
    let (first, next) = (seqs[0], seqs[days.len()]);
    Ok(Calendar {
        month,
        days,
        earlier: month_of(db, room, first - 1, offset).await?.filter(|earlier| *earlier < month),
        later: month_of(db, room, next, offset).await?.filter(|later| *later > month),
    })
}

/// The number of the first message since each of these days began, and of one that is yet to come
/// where nothing was said since: one statement, and one seek in the index for each.
pub async fn firsts(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    days: &[NaiveDate],
    offset: Offset,
) -> Result<Vec<i64>> {
    let mut firsts = Query::select();
    for day in days {
        let first = queries::since(room, midnight(*day, offset));
        firsts.expr(Expr::from(first.into_query()));
    }
    let row = db.query_one(&firsts).await?;
    let mut seqs = Vec::new();
    for nth in 0..days.len() {
        let seq = row.as_ref().map(|row| row.try_get_by_index::<Option<i64>>(nth)).transpose()?;
        seqs.push(seq.flatten().unwrap_or(room.last_seq + 1));
    }
    Ok(seqs)
}

/// The month that it is somewhere.
pub fn this_month(offset: Offset) -> Month {
    Month::of(Utc::now().with_timezone(&offset.0).date_naive())
}

/// When a day begins.
pub fn midnight(day: NaiveDate, offset: Offset) -> i64 {
    (day.and_time(NaiveTime::MIN) - offset.0).and_utc().timestamp_micros()
}

/// The month in which a message was said; none if there is no such message.
pub async fn month_of(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    seq: i64,
    offset: Offset,
) -> Result<Option<Month>> {
    use messages::Column as C;
    let said = messages::Entity::find()
        .select_only()
        .column(C::CreatedAt)
        .filter(C::RoomId.eq(room.id))
        .filter(C::Seq.eq(seq))
        .filter(C::Seq.lte(room.last_seq));
    let said = said.into_tuple::<i64>().one(db).await?.and_then(DateTime::from_timestamp_micros);
    Ok(said.map(|said| Month::of(said.with_timezone(&offset.0).date_naive())))
}
