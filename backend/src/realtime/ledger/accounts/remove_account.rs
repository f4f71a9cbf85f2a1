//! Takes deleted accounts out of their rooms.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{
    access::{Role, RoomKind},
    ids::{RoomId, UserId},
};

use super::super::{
    Batch, RoomWrite,
    members::{remove_member, update_and_publish_member},
};
use crate::{
    Result,
    tables::{Stored, members, users},
};

/// Makes a deleted account leave a room, and publishes its new name there. It stays in a direct room, where
/// the others see that somebody was there. Its role becomes `reader`. Once the row has published the profile of
/// the deleted account, [`rooms_to_leave`] knows that the room is done; also in a room that it left before,
/// because the change gives the pages with its messages new entity tags.
///
/// [`rooms_to_leave`]: super::rooms_to_leave
pub(super) struct RemoveDeletedAccount {
    /// The room.
    pub(super) room: RoomId,
    /// The account.
    pub(super) user: UserId,
}

impl RoomWrite for RemoveDeletedAccount {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        let Some(room) = batch.room_or_deleted(self.room) else { return Ok(()) };
        let (kind, is_deleted) = (room.kind.0, room.deleted_at.is_some());
        let Some(account) = find_deleted_account(batch, self.user).await? else { return Ok(()) };
        let Some((row, _)) = batch.member_row(self.room, self.user).await? else { return Ok(()) };
        if kind != RoomKind::Direct && !row.has_left {
            let account = account.clone();
            match is_deleted {
                true => leave_deleted_room(batch, row, account).await?,
                false => remove_member(batch, row, account, self.user).await?,
            }
        }
        match batch.member_row(self.room, self.user).await? {
            Some((row, _)) if row.role.0 != Role::Reader || !row.is_published(&account) => {
                let row = members::Model { role: Stored(Role::Reader), ..row };
                update_and_publish_member(batch, row, &account, None).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// The account, if it was deleted. Read from the database, because the cache may have it with its old name
/// for a moment, after the command line deleted it.
pub(super) async fn find_deleted_account(
    batch: &Batch<'_>,
    user: UserId,
) -> Result<Option<users::Model>> {
    let account = users::Entity::find_by_id(user.0).filter(users::Column::DeletedAt.is_not_null());
    Ok(account.one(batch.txn).await?)
}

/// Nobody hears of it, because nobody reads a deleted room; but it may be restored.
async fn leave_deleted_room(
    batch: &mut Batch<'_>,
    row: members::Model,
    account: users::Model,
) -> Result<()> {
    let room = RoomId(row.room_id);
    let rev = batch.next_rev(room);
    batch.update_room(room, |room| room.member_count -= 1);
    let left_seq = batch.room_or_deleted(room).map(|room| room.last_seq);
    let row = members::Model { has_left: true, left_seq, rev: rev.0, ..row }.published(&account);
    batch.upsert_member(row, account).await
}
