//! Deletes the messages of deleted accounts.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use shared::ids::{RoomId, Seq, UserId};

use super::{
    super::{
        Batch, RoomWrite,
        mark_read::refresh_unread,
        messages::{delete_mentions, write_tombstone},
    },
    leave::find_deleted,
};
use crate::{
    Result,
    tables::{messages, row_lock, search_index},
};

/// The number of messages that one [`ClearMessages`] deletes: few, because each takes several statements,
/// and writes to other rooms wait for it.
const CHUNK: u64 = 100;

/// Deletes the next messages of a deleted account in a room, and returns the last of them and their
/// number; `None` if there are no more.
pub(super) struct ClearMessages {
    /// The room.
    pub(super) room: RoomId,
    /// The account.
    pub(super) user: UserId,
    /// The message after which to begin.
    pub(super) after: Seq,
}

impl RoomWrite for ClearMessages {
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
        let is_deleted = room.deleted_at.is_some();
        let Some(author) = find_deleted(batch, self.user).await? else { return Ok(None) };
        let rows = messages::Entity::find()
            .filter(C::RoomId.eq(self.room.0))
            .filter(C::UserId.eq(self.user.0))
            .filter(C::DeletedAt.is_null())
            .filter(C::Seq.gt(self.after.0))
            .order_by_asc(C::Seq)
            .limit(CHUNK)
            // Another node may be rebuilding the search index: see `find_message`.
            .lock(row_lock(batch.txn, LockType::NoKeyUpdate))
            .all(batch.txn)
            .await?;
        let Some(last) = rows.last().map(|row| Seq(row.seq)) else { return Ok(None) };
        let count = rows.len() as u64;
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
        Ok(Some((last, count)))
    }
}
