//! Counts the messages of each day of a month.
//!
//! Every `seq` of a room exists, so the count of a day is the first `seq` of the next day minus its
//! own first `seq`. That takes one index seek for each day in any time zone, and posting need not
//! maintain counters. If the server's clock was set back, a day may include messages of its
//! neighbour.

use chrono::{DateTime, NaiveDate};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, Query},
};
use shared::{
    ids::Seq,
    messages::{Calendar, CalendarDay, Month},
};

use super::queries;
use crate::{
    Result,
    http::time_zone::Zone,
    tables::{Connection, RoomView, messages},
};

/// The calendar of a month.
pub async fn month_calendar(
    db: &impl Connection,
    room: &RoomView,
    month: Month,
    zone: Zone,
) -> Result<Calendar> {
    let mut days: Vec<NaiveDate> =
        month.first().iter_days().take_while(|day| *day <= month.next()).collect();
    let seqs = first_seqs(db, room, &days, zone).await?;
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
        earlier: month_of_message(db, room, first - 1, zone)
            .await?
            .filter(|earlier| *earlier < month),
        later: month_of_message(db, room, next, zone).await?.filter(|later| *later > month),
    })
}

/// The `seq` of the first message since each day began; where there is none, the next `seq` of the
/// room. One statement reads all of them, with one index seek for each.
pub async fn first_seqs(
    db: &impl Connection,
    room: &RoomView,
    days: &[NaiveDate],
    zone: Zone,
) -> Result<Vec<i64>> {
    let mut select = Query::select();
    for day in days {
        let first = queries::first_seq_since(room, zone.start_of_day(*day));
        select.expr(Expr::from(first.into_query()));
    }
    let row = db.query_one(&select).await?;
    let mut seqs = Vec::new();
    for nth in 0..days.len() {
        let seq = row.as_ref().map(|row| row.try_get_by_index::<Option<i64>>(nth)).transpose()?;
        seqs.push(seq.flatten().unwrap_or(room.last_seq + 1));
    }
    Ok(seqs)
}

/// The current month in a time zone.
pub fn current_month(zone: Zone) -> Month {
    Month::of(zone.today())
}

/// The month in which a message was posted; `None` if there is no such message.
pub async fn month_of_message(
    db: &impl Connection,
    room: &RoomView,
    seq: i64,
    zone: Zone,
) -> Result<Option<Month>> {
    use messages::Column as C;
    let created_at = messages::Entity::find()
        .select_only()
        .column(C::CreatedAt)
        .filter(C::RoomId.eq(room.id))
        .filter(C::Seq.eq(seq))
        .filter(C::Seq.between(room.first_seq().0, room.last_seq));
    let created_at = created_at.into_tuple::<i64>().one(db).await?;
    let created_at = created_at.and_then(DateTime::from_timestamp_micros);
    Ok(created_at.map(|time| Month::of(zone.day_of(time))))
}
