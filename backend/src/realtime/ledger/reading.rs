//! How far somebody has read: all the marks of a batch at once.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::all};
use shared::{
    ids::{RoomId, Seq, UserId},
    problem::{Code, FieldError},
    rooms::{self, ReadState},
};

use super::{Asked, Batch, Job, Write};
use crate::{Result, tables::mentions};

/// I have read up to here.
pub struct MarkRead {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// Up to where, and whether exactly.
    pub mark: rooms::MarkRead,
}

impl Write for MarkRead {
    type Out = ReadState;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<ReadState> {
        let one = read_all(batch, std::iter::once(self)).await?.pop();
        one.unwrap_or_else(|| Err(Code::Internal.into()))
    }

    fn line_up(asked: Asked<Self>) -> Job {
        Job::Read(asked)
    }
}

/// Where a mark leads.
struct Place {
    /// The newest message.
    last: Seq,
    /// How far is read after it.
    here: Seq,
    /// Whether devices have to be told, and whether exactly so.
    told: Option<bool>,
}

/// How far each of them has read in each room, after all marks of a batch.
type ReadHere = HashMap<(RoomId, UserId), Seq>;

/// Writes all of them, each on top of those that were asked for before it; fails only as a whole.
/// The answer to each is how it is after all of them.
pub(super) async fn read_all<'m>(
    batch: &mut Batch<'_>,
    marks: impl Iterator<Item = &'m MarkRead>,
) -> Result<Vec<Result<ReadState>>> {
    let marks: Vec<&MarkRead> = marks.collect();
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    batch.load_members(marks.iter().map(|mark| (mark.room, mark.user))).await?;
    let (mut places, mut read_here) = (Vec::with_capacity(marks.len()), ReadHere::new());
    for mark in &marks {
        let before = read_here.get(&(mark.room, mark.user)).copied();
        let place = place(batch, mark, before).await;
        if let Ok(place) = &place {
            read_here.insert((mark.room, mark.user), place.here);
        }
        places.push(place);
    }
    let mentions = mentioned(batch, &read_here).await?;
    let mut read = Vec::with_capacity(marks.len());
    for (mark, place) in marks.iter().zip(places) {
        let who = (mark.room, mark.user);
        read.push(place.map(|place| {
            let read_seq = read_here.get(&who).copied().unwrap_or(place.here);
            let mentions = mentions.get(&who).copied().unwrap_or(0);
            let read = ReadState { read_seq, unread: place.last.0 - read_seq.0, mentions };
            if let Some(exact) = place.told {
                batch.has_read(mark.room, mark.user, read, exact);
            }
            read
        }));
    }
    Ok(read)
}

/// Where a mark leads, after one of the same batch that led to `before`.
async fn place(batch: &mut Batch<'_>, mark: &MarkRead, before: Option<Seq>) -> Result<Place> {
    let last = Seq(batch.room(mark.room)?.last_seq);
    let (member, _) = batch.member(mark.room, mark.user).await?;
    let before = before.unwrap_or(Seq(member.read_seq));
    let rooms::MarkRead { seq, exact, known } = mark.mark;
    if exact && !(Seq(0)..=last).contains(&seq) {
        let message = format!("must be 0 to {last}, and is {seq}");
        return Err(FieldError::new("seq", message).into());
    }
    // One who marks exactly what was so already has still said it, to all their devices.
    let (here, told) = match known.filter(|known| *known != before) {
        _ if exact => (seq, Some(true)),
        // It knows of less or more than there is, and would go on not to be heard.
        Some(known) => (before, Some(known > before)),
        None => {
            let here = seq.min(last).max(before);
            (here, (here > before).then_some(false))
        }
    };
    Ok(Place { last, here, told })
}

/// How often these people are named after what they have read. Counted by the database: whoever
/// goes far back may have been named any number of times since.
async fn mentioned(
    batch: &Batch<'_>,
    read_here: &ReadHere,
) -> Result<HashMap<(RoomId, UserId), i64>> {
    use mentions::Column as M;
    let mut any = Condition::any();
    for ((room, user), read_seq) in read_here {
        any = any.add(all![M::UserId.eq(user.0), M::RoomId.eq(room.0), M::Seq.gt(read_seq.0)]);
    }
    if any.is_empty() {
        return Ok(HashMap::new());
    }
    let counted = mentions::Entity::find()
        .select_only()
        .columns([M::RoomId, M::UserId])
        .column_as(M::Seq.count(), "count")
        .filter(any)
        .group_by(M::RoomId)
        .group_by(M::UserId)
        .into_tuple::<(i64, i64, i64)>()
        .all(batch.txn)
        .await?;
    let counted = counted.into_iter().map(|(room, user, n)| ((RoomId(room), UserId(user)), n));
    Ok(counted.collect())
}
