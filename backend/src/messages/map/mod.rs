//! A room at a glance: where its months begin, who in it has spoken of the one who asks, and where
//! there is what a search finds.
//!
//! Each month is one seek, as each day of the calendar is. Mentions are the newest so many: the way
//! to all of them, or to some of them evenly, would be as long as the room.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Order,
};
use shared::{
    ids::{Seq, UserId},
    messages::{MapMonth, Month, Offset, RoomMap},
    rules::MAP_MENTIONS_MAX,
};

use super::calendar::{firsts, month_of};
use crate::{
    Result,
    tables::{mentions, rooms},
};

mod handlers;
mod hits;

pub use handlers::{hits, map};

/// Months that one statement asks for. A column of its answer each: the databases take a thousand
/// and more, but a statement is read before it is run.
const MONTHS: usize = 60;

/// A room, whose row was read before, to somebody who is in it.
async fn glance(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    me: UserId,
    offset: Offset,
) -> Result<RoomMap> {
    Ok(RoomMap {
        months: months(db, room, offset).await?,
        mentions: mentions(db, room, me).await?,
        room_last_seq: room.last_seq.into(),
        as_of_rev: room.last_rev.into(),
    })
}

async fn months(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    offset: Offset,
) -> Result<Vec<MapMonth>> {
    let first = month_of(db, room, 1, offset).await?;
    let Some((first, last)) = first.zip(month_of(db, room, room.last_seq, offset).await?) else {
        return Ok(Vec::new());
    };
    let days = std::iter::successors(Some(first.first()), |day| Some(Month::of(*day).next()));
    let days: Vec<_> = days.take_while(|day| *day <= last.first()).collect();
    let mut seqs = Vec::with_capacity(days.len() + 1);
    for days in days.chunks(MONTHS) {
        seqs.extend(firsts(db, room, days, offset).await?);
    }
    seqs.push(room.last_seq + 1);
    let mut months: Vec<MapMonth> = Vec::new();
    for (nth, day) in days.into_iter().enumerate() {
        let is_next = months.last().is_none_or(|month| month.first_seq.0 < seqs[nth]);
        if is_next && seqs[nth] < seqs[nth + 1] {
            months.push(MapMonth { month: Month::of(day), first_seq: Seq(seqs[nth]) });
        }
    }
    Ok(months)
}

async fn mentions(db: &impl ConnectionTrait, room: &rooms::Model, me: UserId) -> Result<Vec<Seq>> {
    use mentions::Column as C;
    let newest = mentions::Entity::find()
        .select_only()
        .column(C::Seq)
        .filter(C::UserId.eq(me.0))
        .filter(C::RoomId.eq(room.id))
        .filter(C::Seq.lte(room.last_seq))
        .order_by(C::Seq, Order::Desc)
        .limit(MAP_MENTIONS_MAX);
    let mut seqs: Vec<_> = newest.into_tuple().all(db).await?.into_iter().map(Seq).collect();
    seqs.reverse();
    Ok(seqs)
}
