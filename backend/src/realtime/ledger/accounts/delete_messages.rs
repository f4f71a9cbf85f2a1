//! Deletes the messages and reactions of deleted accounts.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{LockType, any},
};
use shared::ids::{RoomId, Seq, UserId};

use super::{
    super::{
        Batch, RoomWrite,
        mark_read::refresh_unread,
        messages::{delete_mentions, remove_reactions_of, write_tombstone},
    },
    remove_account::find_deleted_account,
};
use crate::{
    Result,
    tables::{messages, row_lock, search_index},
};

/// The maximum number of messages that one [`DeleteAccountMessages`] changes: few, because each takes several
/// statements, and writes to other rooms wait for it.
const CHUNK: u64 = 50;
/// The maximum size of the texts of one step in bytes, unless the first is longer: most of them leave the search
/// index.
const CHUNK_TEXT_BYTES: usize = 32 * 1_024;
/// The number of messages, by any author, among which one step looks. No index has the author and the number,
/// so without it a step could read a whole room.
const WINDOW: i64 = 2_000;

/// Deletes the next messages of a deleted account in a room, and removes its reactions from the messages of
/// others. Returns the message up to which both are done, and the number of deleted messages; `None` at the end
/// of the room.
pub(super) struct DeleteAccountMessages {
    /// The room.
    pub(super) room: RoomId,
    /// The account.
    pub(super) user: UserId,
    /// The message after which to begin.
    pub(super) after: Seq,
}

impl RoomWrite for DeleteAccountMessages {
    type Out = Option<(Seq, u64)>;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Option<(Seq, u64)>> {
        use messages::Column as C;
        let Some(room) = batch.room_or_deleted(self.room) else { return Ok(None) };
        let (is_deleted, last_seq) = (room.deleted_at.is_some(), room.last_seq);
        if self.after.0 >= last_seq {
            return Ok(None);
        }
        let end = last_seq.min(self.after.0 + WINDOW);
        let Some(author) = find_deleted_account(batch, self.user).await? else { return Ok(None) };
        let mut rows = messages::Entity::find()
            .filter(C::RoomId.eq(self.room.0))
            .filter(any![C::UserId.eq(self.user.0), C::Reactions.is_not_null()])
            .filter(C::DeletedAt.is_null())
            .filter(C::Seq.between(self.after.0 + 1, end))
            .order_by_asc(C::Seq)
            .limit(CHUNK)
            // The search index may just get the messages: see `find_message`.
            .lock(row_lock(batch.txn, LockType::NoKeyUpdate))
            .all(batch.txn)
            .await?;
        let found = rows.len();
        rows.truncate(count_within(CHUNK_TEXT_BYTES, rows.iter().map(|row| row.content.len())));
        let is_window_done = rows.len() == found && (found as u64) < CHUNK;
        let last = rows.last().map(|row| row.seq).filter(|_| !is_window_done);
        let (rows, others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.user_id == self.user.0);
        let count = rows.len() as u64;
        for row in others {
            remove_reactions_of(batch, row, self.user).await?;
        }
        search_index::remove(batch.txn, &rows).await?;
        for row in rows {
            let seq = Seq(row.seq);
            let mentioned = delete_mentions(batch, self.room, seq).await?;
            write_tombstone(batch, row, &author).await?;
            // A deleted room has no read states; a restored one counts again.
            if !is_deleted {
                refresh_unread(batch, (self.room, seq), mentioned).await?;
            }
        }
        Ok(Some((Seq(last.unwrap_or(end)), count)))
    }
}

/// How many of these lengths have at most this sum, but at least one.
fn count_within(max: usize, lengths: impl Iterator<Item = usize>) -> usize {
    let mut sum = 0;
    let is_within = |length: &usize| {
        sum += length;
        sum <= max
    };
    lengths.take_while(is_within).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_at_least_one_text() {
        assert_eq!(count_within(10, [4, 6, 1].into_iter()), 2);
        assert_eq!(count_within(10, [11, 1].into_iter()), 1);
        assert_eq!(count_within(10, [0, 10].into_iter()), 2);
    }
}
