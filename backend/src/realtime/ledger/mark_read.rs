//! Moves read marks. One query counts the unread mentions for all marks of a batch.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::all};
use shared::{
    ids::{RoomId, Seq, UserId},
    problem::FieldError,
    rooms::{self, ReadState},
};

use super::Batch;
use crate::{Result, tables::mentions};

/// Moves a member's read mark.
pub struct MarkRead {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// The new mark, and on which condition it replaces the current one.
    pub mark: rooms::MarkRead,
}

/// The effect of one mark.
struct ResolvedMark {
    /// The `seq` of the room's newest message.
    last_seq: Seq,
    /// The read mark afterwards.
    read_seq: Seq,
    /// The `exact` of the `read` frame to the user's devices; `None` if no frame is needed.
    notify_exact: Option<bool>,
}

/// The read mark of each member after all marks of the batch.
type ReadSeqs = HashMap<(RoomId, UserId), Seq>;

/// Applies the marks in their order. The outer error fails the batch, an inner one only its mark.
/// Each result is the state after all marks of the batch.
pub(super) async fn mark_all_read(
    batch: &mut Batch<'_>,
    marks: &[&MarkRead],
) -> Result<Vec<Result<ReadState>>> {
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    batch.load_members(marks.iter().map(|mark| (mark.room, mark.user))).await?;
    let (mut results, mut read_seqs) = (Vec::with_capacity(marks.len()), ReadSeqs::new());
    for mark in marks {
        let previous = read_seqs.get(&(mark.room, mark.user)).copied();
        let result = resolve_mark(batch, mark, previous).await;
        if let Ok(resolved) = &result {
            read_seqs.insert((mark.room, mark.user), resolved.read_seq);
        }
        results.push(result);
    }
    let mention_counts = count_mentions(batch, &read_seqs).await?;
    let mut states = Vec::with_capacity(marks.len());
    for (mark, result) in marks.iter().zip(results) {
        let key = (mark.room, mark.user);
        states.push(result.map(|resolved| {
            let read_seq = read_seqs.get(&key).copied().unwrap_or(resolved.read_seq);
            let mentions = mention_counts.get(&key).copied().unwrap_or(0);
            let unread = resolved.last_seq.0 - read_seq.0;
            let state = ReadState { read_seq, unread, mentions };
            if let Some(exact) = resolved.notify_exact {
                batch.set_read_mark(mark.room, mark.user, state, exact);
            }
            state
        }));
    }
    Ok(states)
}

/// Computes the effect of a mark on top of `previous`, the result of an earlier mark of the batch.
async fn resolve_mark(
    batch: &mut Batch<'_>,
    mark: &MarkRead,
    previous: Option<Seq>,
) -> Result<ResolvedMark> {
    let last_seq = Seq(batch.room(mark.room)?.last_seq);
    let (member, _) = batch.active_member(mark.room, mark.user).await?;
    let current = previous.unwrap_or(Seq(member.read_seq));
    let rooms::MarkRead { seq, exact, if_read_seq } = mark.mark;
    if exact && !(Seq(0)..=last_seq).contains(&seq) {
        let message = format!("must be 0 to {last_seq}, but is {seq}");
        return Err(FieldError::new("seq", message).into());
    }
    let (read_seq, notify_exact) = match if_read_seq.filter(|expected| *expected != current) {
        // Sent even if the mark does not change, because another device may show another one.
        _ if exact => (seq, Some(true)),
        // The device has another mark than the server. Without a correction the server would ignore
        // its next marks too. A correction that lowers the mark is `exact`, because devices ignore
        // a lower mark otherwise.
        Some(expected) => (current, Some(expected > current)),
        None => {
            let read_seq = seq.min(last_seq).max(current);
            (read_seq, (read_seq > current).then_some(false))
        }
    };
    Ok(ResolvedMark { last_seq, read_seq, notify_exact })
}

/// Counts the mentions of each member after their read mark. The database counts them, because a
/// mark that moves far back may have any number of mentions after it.
async fn count_mentions(
    batch: &Batch<'_>,
    read_seqs: &ReadSeqs,
) -> Result<HashMap<(RoomId, UserId), i64>> {
    use mentions::Column as M;
    let mut any = Condition::any();
    for ((room, user), read_seq) in read_seqs {
        any = any.add(all![M::UserId.eq(user.0), M::RoomId.eq(room.0), M::Seq.gt(read_seq.0)]);
    }
    if any.is_empty() {
        return Ok(HashMap::new());
    }
    let counts = mentions::Entity::find()
        .select_only()
        .columns([M::RoomId, M::UserId])
        .column_as(M::Seq.count(), "count")
        .filter(any)
        .group_by(M::RoomId)
        .group_by(M::UserId)
        .into_tuple::<(i64, i64, i64)>()
        .all(batch.txn)
        .await?;
    let counts = counts.into_iter().map(|(room, user, n)| ((RoomId(room), UserId(user)), n));
    Ok(counts.collect())
}
