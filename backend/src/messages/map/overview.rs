//! The overview of a room: where its months begin, and where a user is mentioned.
//!
//! Each month takes one index seek. Mentions are limited to the newest, because reading all of them,
//! or an even sample, would take time in proportion to the room.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Order};
use shared::{
    ids::{Seq, UserId},
    messages::{MapMonth, Month, RoomMap},
    rules::MAP_MENTIONS_MAX,
};

use crate::{
    Result,
    http::time_zone::Zone,
    messages::calendar::{first_seqs, month_of_message},
    tables::{Connection, RoomView, mentions},
};

/// The maximum number of months that one statement reads. Each is a column of its result, and
/// parsing a longer statement would take longer than running several.
const MONTHS_MAX: usize = 60;

/// The overview of a room for a member.
pub async fn overview(
    db: &impl Connection,
    room: &RoomView,
    user: UserId,
    zone: Zone,
) -> Result<RoomMap> {
    Ok(RoomMap {
        months: months(db, room, zone).await?,
        mentions: mentions(db, room, user).await?,
        room_last_seq: room.last_seq.into(),
        as_of_rev: room.last_rev.into(),
    })
}

/// The months with messages, and the first `seq` of each.
async fn months(db: &impl Connection, room: &RoomView, zone: Zone) -> Result<Vec<MapMonth>> {
    let first = month_of_message(db, room, room.first_seq().0, zone).await?;
    let Some((first, last)) = first.zip(month_of_message(db, room, room.last_seq, zone).await?)
    else {
        return Ok(Vec::new());
    };
    let days = std::iter::successors(Some(first.first()), |day| Some(Month::of(*day).next()));
    let days: Vec<_> = days.take_while(|day| *day <= last.first()).collect();
    let mut seqs = Vec::with_capacity(days.len() + 1);
    for days in days.chunks(MONTHS_MAX) {
        seqs.extend(first_seqs(db, room, days, zone).await?);
    }
    seqs.push(room.last_seq + 1);
    let mut months: Vec<MapMonth> = Vec::new();
    for (nth, day) in days.into_iter().enumerate() {
        let is_later = months.last().is_none_or(|month| month.first_seq.0 < seqs[nth]);
        if is_later && seqs[nth] < seqs[nth + 1] {
            months.push(MapMonth { month: Month::of(day), first_seq: Seq(seqs[nth]) });
        }
    }
    Ok(months)
}

/// The newest mentions of a user, oldest first.
async fn mentions(db: &impl Connection, room: &RoomView, user: UserId) -> Result<Vec<Seq>> {
    use mentions::Column as C;
    let newest = mentions::Entity::find()
        .select_only()
        .column(C::Seq)
        .filter(C::UserId.eq(user.0))
        .filter(C::RoomId.eq(room.id))
        .filter(C::Seq.between(room.first_seq().0, room.last_seq))
        .filter(C::IsCounted.eq(true))
        .order_by(C::Seq, Order::Desc)
        .limit(MAP_MENTIONS_MAX);
    let mut seqs: Vec<_> = newest.into_tuple().all(db).await?.into_iter().map(Seq).collect();
    seqs.reverse();
    Ok(seqs)
}
