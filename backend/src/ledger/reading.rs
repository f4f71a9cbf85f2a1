//! How far somebody has read: all the marks of a batch at once.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, sea_query::all};
use shared::{
    ids::{RoomId, Seq, UserId},
    problem::Code,
    rooms::ReadState,
};

use super::{Asked, Batch, Job, Write};
use crate::{Result, tables::mentions};

/// I have read up to here.
pub struct MarkRead {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// Up to where; at most the newest message.
    pub seq: Seq,
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

/// Writes all of them; fails only as a whole.
pub(super) async fn read_all<'m>(
    batch: &mut Batch<'_>,
    marks: impl Iterator<Item = &'m MarkRead>,
) -> Result<Vec<Result<ReadState>>> {
    let marks: Vec<&MarkRead> = marks.collect();
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    batch.load_members(marks.iter().map(|mark| (mark.room, mark.user))).await?;
    let mut places = Vec::with_capacity(marks.len());
    for mark in &marks {
        places.push(place(batch, mark).await);
    }
    let mentioned = mentioned(batch, &marks, &places).await?;
    let mut read = Vec::with_capacity(marks.len());
    for (mark, place) in marks.iter().zip(places) {
        read.push(place.map(|(before, last, read_seq)| {
            let seqs = mentioned.get(&(mark.room.0, mark.user.0)).map_or(&[][..], Vec::as_slice);
            let mentions = seqs.iter().filter(|seq| **seq > read_seq.0).count() as i64;
            let read = ReadState { read_seq, unread: last.0 - read_seq.0, mentions };
            if read_seq > before {
                batch.has_read(mark.room, mark.user, read);
            }
            read
        }));
    }
    Ok(read)
}

/// How far was read before, what is the newest message, and how far is read now.
async fn place(batch: &mut Batch<'_>, mark: &MarkRead) -> Result<(Seq, Seq, Seq)> {
    let last = Seq(batch.room(mark.room)?.last_seq);
    let (member, _) = batch.member(mark.room, mark.user).await?;
    let before = Seq(member.read_seq);
    Ok((before, last, mark.seq.min(last).max(before)))
}

/// Where these people are named after what they have read.
async fn mentioned(
    batch: &Batch<'_>,
    marks: &[&MarkRead],
    places: &[Result<(Seq, Seq, Seq)>],
) -> Result<HashMap<(i64, i64), Vec<i64>>> {
    use mentions::Column::{RoomId, Seq, UserId};
    let mut any = Condition::any();
    for (mark, place) in marks.iter().zip(places) {
        if let Ok((_, _, read_seq)) = place {
            any = any.add(all![UserId.eq(mark.user.0), RoomId.eq(mark.room.0), Seq.gt(read_seq.0)]);
        }
    }
    let mut found: HashMap<_, Vec<i64>> = HashMap::new();
    if any.is_empty() {
        return Ok(found);
    }
    for row in mentions::Entity::find().filter(any).all(batch.txn).await? {
        found.entry((row.room_id, row.user_id)).or_default().push(row.seq);
    }
    Ok(found)
}
