//! Moves read marks, and counts what is unread after them: one query for all marks of a batch.

use std::collections::HashMap;

use shared::{
    access::Action,
    ids::{RoomId, Seq, UserId},
    problem::{Code, FieldError},
    rooms::{self, ReadState},
};

use super::{Batch, batch::MemberKey};
use crate::{
    Result,
    tables::{UnreadCounts, count_unread},
};

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
    /// The read mark afterwards.
    read_seq: Seq,
    /// The `exact` of the `read` frame to the user's devices; `None` if no frame is needed.
    notify_exact: Option<bool>,
}

/// The read mark of each member after all marks of the batch.
type ReadSeqs = HashMap<MemberKey, Seq>;

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
        results.push(result.map(|resolved| {
            read_seqs.insert((mark.room, mark.user), resolved.read_seq);
            resolved.notify_exact
        }));
    }
    let states = read_states(batch, &read_seqs).await?;
    let mut resolved_states = Vec::with_capacity(marks.len());
    for (mark, result) in marks.iter().zip(results) {
        let key = (mark.room, mark.user);
        resolved_states.push(result.map(|notify_exact| {
            let state = states.get(&key).copied().unwrap_or_default();
            if let Some(exact) = notify_exact {
                batch.set_read_mark(mark.room, mark.user, state, exact);
            }
            state
        }));
    }
    Ok(resolved_states)
}

/// Computes the effect of a mark on top of `previous`, the result of an earlier mark of the batch.
async fn resolve_mark(
    batch: &mut Batch<'_>,
    mark: &MarkRead,
    previous: Option<Seq>,
) -> Result<ResolvedMark> {
    let (_, member) = batch.authorize(mark.room, mark.user, Action::Read).await?;
    let member = member.ok_or(Code::NotAMember)?;
    let last_seq = Seq(batch.room(mark.room)?.last_seq);
    let first_mark = Seq(member.visible_from - 1);
    let current = previous.unwrap_or(Seq(member.read_seq));
    let rooms::MarkRead { seq, exact, if_read_seq } = mark.mark;
    if exact && !(first_mark..=last_seq).contains(&seq) {
        let message = format!("must be {first_mark} to {last_seq}, but is {seq}");
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
    Ok(ResolvedMark { read_seq, notify_exact })
}

/// Counts the unread messages and mentions of members again, after an edit or a deletion changed them,
/// and sends the new counts to their devices. Members who have read the message keep theirs.
pub(super) async fn refresh_unread(
    batch: &mut Batch<'_>,
    (room, seq): (RoomId, Seq),
    users: impl IntoIterator<Item = UserId>,
) -> Result<()> {
    let mut read_seqs = ReadSeqs::new();
    for user in users {
        if let Some((member, _)) = batch.member_row(room, user).await?
            && !member.has_left
            && Seq(member.read_seq) < seq
        {
            read_seqs.insert((room, user), Seq(member.read_seq));
        }
    }
    for ((room, user), state) in read_states(batch, &read_seqs).await? {
        batch.set_read_mark(room, user, state, false);
    }
    Ok(())
}

/// The read states at these read marks. The database counts, because any number of messages may come
/// after a mark; most marks are at the newest message and need no query.
async fn read_states(
    batch: &Batch<'_>,
    read_seqs: &ReadSeqs,
) -> Result<HashMap<MemberKey, ReadState>> {
    let mut states = HashMap::with_capacity(read_seqs.len());
    for (key, read_seq) in read_seqs {
        states.insert(*key, batch.read_state(key.0, *read_seq, UnreadCounts::default())?);
    }
    let unread = states.iter().filter(|(_, state)| state.unread > 0);
    let unread: Vec<_> = unread.map(|(key, state)| (*key, state.read_seq)).collect();
    for (key, counts) in count_unread(batch.txn, unread).await? {
        if let Some(state) = states.get_mut(&key) {
            state.unread -= counts.deleted;
            state.mentions = counts.mentions;
        }
    }
    Ok(states)
}
