//! Up to which messages this process has cleared the rooms of deleted accounts, so that it looks only at newer
//! messages when it looks again: no index tells tombstones from messages of an author, so the query that finds
//! all rooms walks all tombstones of the account.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use shared::ids::{RoomId, Seq, UserId};

use crate::{
    Result,
    tables::{Pool, messages, rooms, rooms_written_in},
};

/// How long the watermarks of an account are stored. A deletion looks again after seconds; after a longer
/// time another node may have finished it.
const RETENTION: Duration = Duration::from_secs(600);

/// The newest message of each room.
pub(super) type Heads = HashMap<RoomId, Seq>;

/// For each deleted account, the newest message of each room before the messages of the account were cleared.
/// In memory only: after a restart, everything is looked at again.
#[derive(Default)]
pub(super) struct Watermarks(Mutex<HashMap<UserId, (Instant, Heads)>>);

impl Watermarks {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, (Instant, Heads)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that all messages of an account are cleared up to these.
    pub(super) fn advance(&self, user: UserId, heads: Heads) {
        let mut accounts = self.lock();
        accounts.retain(|_, (advanced_at, _)| advanced_at.elapsed() < RETENTION);
        accounts.insert(user, (Instant::now(), heads));
    }

    /// The rooms in which an account has messages that are not deleted, each with the message up to which it
    /// is cleared. The newest message of a room is written in the transaction of the message, under the lock of
    /// the room, so a message that a transaction had not committed yet has a greater number.
    pub(super) async fn rooms_to_clear(
        &self,
        reader: &Pool,
        user: UserId,
        heads: &Heads,
    ) -> Result<Vec<(RoomId, Seq)>> {
        let cleared = self.lock().get(&user).map(|(_, heads)| heads.clone());
        let Some(cleared) = cleared else {
            let rooms = rooms_written_in(reader, user).await?;
            return Ok(rooms.into_iter().map(|room| (room, Seq(0))).collect());
        };
        let mut found = Vec::new();
        for (room, head) in heads {
            let after = cleared.get(room).copied().unwrap_or_default();
            if *head > after && has_written(reader, user, *room, after).await? {
                found.push((*room, after));
            }
        }
        Ok(found)
    }
}

/// The newest message of every room, also of those in the bin.
pub(super) async fn heads(reader: &Pool) -> Result<Heads> {
    let select =
        rooms::Entity::find().select_only().columns([rooms::Column::Id, rooms::Column::LastSeq]);
    let rows = select.into_tuple::<(i64, i64)>().all(reader).await?;
    Ok(rows.into_iter().map(|(room, seq)| (RoomId(room), Seq(seq))).collect())
}

/// Whether an account has messages in a room after one that are not deleted.
async fn has_written(reader: &Pool, user: UserId, room: RoomId, after: Seq) -> Result<bool> {
    use messages::Column as C;
    // A sum, because the index with the author would walk all tombstones of the account.
    let author = Expr::col((messages::Entity, C::UserId)).add(0);
    let found = messages::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::RoomId.eq(room.0))
        .filter(C::Seq.gt(after.0))
        .filter(author.eq(user.0))
        .filter(C::DeletedAt.is_null())
        .limit(1);
    Ok(found.into_tuple::<i64>().one(reader).await?.is_some())
}
