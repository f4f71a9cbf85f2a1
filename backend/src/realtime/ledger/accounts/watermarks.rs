//! Up to which messages and changes this process has cleared the rooms of deleted accounts, so that it looks only
//! at newer ones when it looks again: no index tells tombstones from messages of an author, so the query that
//! finds all rooms walks all tombstones of the account.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::Reactions,
};

use crate::{
    Result,
    tables::{Pool, Stored, members, messages, rooms, rooms_written_in},
};

/// How long the watermarks of an account are stored. A deletion looks again after seconds; after a longer
/// time another node may have finished it.
const RETENTION: Duration = Duration::from_secs(600);

/// The newest message and the newest change of each room.
pub(super) type Heads = HashMap<RoomId, (Seq, Rev)>;

/// For each deleted account, the heads of the rooms before its messages and reactions were cleared.
/// In memory only: after a restart, everything is looked at again.
#[derive(Default)]
pub(super) struct Watermarks(Mutex<HashMap<UserId, (Instant, Heads)>>);

impl Watermarks {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, (Instant, Heads)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that all messages and reactions of an account are cleared up to these.
    pub(super) fn advance(&self, user: UserId, heads: Heads) {
        let mut accounts = self.lock();
        accounts.retain(|_, (advanced_at, _)| advanced_at.elapsed() < RETENTION);
        accounts.insert(user, (Instant::now(), heads));
    }

    /// The rooms in which an account has messages that are not deleted, or may have reactions, each with the
    /// message up to which it is cleared. The head of a room is written in the transaction of a message or
    /// reaction, under the lock of the room, so one that a transaction had not committed yet has a greater
    /// number.
    pub(super) async fn rooms_to_clear(
        &self,
        reader: &Pool,
        user: UserId,
        heads: &Heads,
    ) -> Result<Vec<(RoomId, Seq)>> {
        let cleared = self.lock().get(&user).map(|(_, heads)| heads.clone());
        let Some(cleared) = cleared else {
            // An account reacts only in rooms that it has been in.
            let mut rooms: BTreeSet<_> = rooms_of_member(reader, user).await?.into_iter().collect();
            rooms.extend(rooms_written_in(reader, user).await?);
            return Ok(rooms.into_iter().map(|room| (room, Seq(0))).collect());
        };
        let mut found = Vec::new();
        for (room, head) in heads {
            let (after, after_rev) = cleared.get(room).copied().unwrap_or_default();
            let (newest, newest_rev) = *head;
            if newest_rev > after_rev && has_reacted(reader, user, *room, after_rev).await? {
                // The message can be an old one.
                found.push((*room, Seq(0)));
            } else if newest > after && has_written(reader, user, *room, after).await? {
                found.push((*room, after));
            }
        }
        Ok(found)
    }
}

/// The heads of all rooms, also of those in the bin.
pub(super) async fn heads(reader: &Pool) -> Result<Heads> {
    use rooms::Column as C;
    let select = rooms::Entity::find().select_only().columns([C::Id, C::LastSeq, C::LastRev]);
    let rows = select.into_tuple::<(i64, i64, i64)>().all(reader).await?;
    Ok(rows.into_iter().map(|(room, seq, rev)| (RoomId(room), (Seq(seq), Rev(rev)))).collect())
}

/// The rooms that an account is or was in.
async fn rooms_of_member(reader: &Pool, user: UserId) -> Result<Vec<RoomId>> {
    let select = members::Entity::find()
        .select_only()
        .column(members::Column::RoomId)
        .filter(members::Column::UserId.eq(user.0));
    let rooms = select.into_tuple::<i64>().all(reader).await?;
    Ok(rooms.into_iter().map(RoomId).collect())
}

/// Whether a message that changed after `rev` has a reaction of an account.
async fn has_reacted(reader: &Pool, user: UserId, room: RoomId, rev: Rev) -> Result<bool> {
    use messages::Column as C;
    let changed = messages::Entity::find()
        .select_only()
        .column(C::Reactions)
        .filter(C::RoomId.eq(room.0))
        .filter(C::Rev.gt(rev.0))
        .filter(C::Reactions.is_not_null());
    let changed = changed.into_tuple::<Stored<Reactions>>().all(reader).await?;
    Ok(changed.iter().any(|reactions| reactions.0.users().any(|other| other == user)))
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
