//! The rows of mentions, by which members are notified and found.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use shared::{
    ids::{RoomId, Seq, UserId},
    text::FormattedText,
};

use super::super::Batch;
use crate::{
    Result,
    tables::{blocks_between, members, mentions as mention_rows, users},
};

/// The maximum number of names in one statement: SQLite allows 32 766 parameters.
const KEYS_MAX: usize = 10_000;

/// A text whose mentions are stored.
pub(in crate::realtime::ledger) struct MentioningText<'a> {
    pub(in crate::realtime::ledger) room: RoomId,
    pub(in crate::realtime::ledger) seq: Seq,
    pub(in crate::realtime::ledger) author: UserId,
    pub(in crate::realtime::ledger) text: FormattedText<'a>,
}

/// Inserts a mention row for each member whom a text mentions; returns for each text those for whom it
/// counts: not those who block its author. They have a row too, because anybody can search for mentions,
/// and a missing one would tell who blocks. The names of all users count, so that a member does not get the
/// mention of a user with a longer name who is not in the room. The number of statements does not depend on
/// the number of texts.
pub(in crate::realtime::ledger) async fn insert_mentions(
    batch: &Batch<'_>,
    texts: &[MentioningText<'_>],
) -> Result<Vec<BTreeSet<UserId>>> {
    let users = find_users(batch, texts).await?;
    let mut mentioned: Vec<BTreeSet<UserId>> = texts
        .iter()
        .map(|text| {
            // A text may mention somebody several times.
            let names = text.text.mentions(|key| users.contains_key(key));
            names.iter().filter_map(|name| users.get(name).copied()).collect()
        })
        .collect();
    let people: BTreeSet<UserId> = mentioned.iter().flatten().copied().collect();
    if people.is_empty() {
        return Ok(mentioned);
    }
    let first_seqs = find_members(batch, texts, &people).await?;
    for (text, mentioned) in texts.iter().zip(&mut mentioned) {
        let reads =
            |user: &UserId| first_seqs.get(&(text.room, *user)).is_some_and(|f| *f <= text.seq);
        mentioned.retain(reads);
    }
    let blocks = blocks_between(batch.txn, &people, texts.iter().map(|text| text.author)).await?;
    insert_rows(batch, texts, &mentioned, &blocks).await?;
    for (text, mentioned) in texts.iter().zip(&mut mentioned) {
        mentioned.retain(|user| !blocks.contains(&(*user, text.author)));
    }
    Ok(mentioned)
}

/// The users who have one of the names that the texts may mention, by the key of the name.
async fn find_users(
    batch: &Batch<'_>,
    texts: &[MentioningText<'_>],
) -> Result<HashMap<String, UserId>> {
    let keys: BTreeSet<String> = texts.iter().flat_map(|text| text.text.mention_keys()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let mut users = HashMap::new();
    for keys in keys.chunks(KEYS_MAX) {
        let found = users::Entity::find()
            .select_only()
            .columns([users::Column::UsernameKey, users::Column::Id])
            .filter(users::Column::UsernameKey.is_in(keys))
            .into_tuple::<(String, i64)>()
            .all(batch.txn)
            .await?;
        users.extend(found.into_iter().map(|(key, id)| (key, UserId(id))));
    }
    Ok(users)
}

/// The first message that each of some people may read in each of the rooms that they are in.
async fn find_members(
    batch: &Batch<'_>,
    texts: &[MentioningText<'_>],
    people: &BTreeSet<UserId>,
) -> Result<HashMap<(RoomId, UserId), Seq>> {
    use members::Column as M;
    let rooms: BTreeSet<i64> = texts.iter().map(|text| text.room.0).collect();
    let rows = members::Entity::find()
        .select_only()
        .columns([M::RoomId, M::UserId, M::VisibleFrom])
        .filter(M::RoomId.is_in(rooms))
        .filter(M::UserId.is_in(people.iter().map(|user| user.0)))
        .filter(M::HasLeft.eq(false))
        .into_tuple::<(i64, i64, i64)>()
        .all(batch.txn)
        .await?;
    let first_seq = |(room, user, seq)| ((RoomId(room), UserId(user)), Seq(seq));
    Ok(rows.into_iter().map(first_seq).collect())
}

async fn insert_rows(
    batch: &Batch<'_>,
    texts: &[MentioningText<'_>],
    mentioned: &[BTreeSet<UserId>],
    blocks: &HashSet<(UserId, UserId)>,
) -> Result<()> {
    let rows = texts.iter().zip(mentioned).flat_map(|(text, mentioned)| {
        mentioned.iter().map(move |user| mention_rows::ActiveModel {
            user_id: Set(user.0),
            room_id: Set(text.room.0),
            seq: Set(text.seq.0),
            is_counted: Set(!blocks.contains(&(*user, text.author))),
        })
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        mention_rows::Entity::insert_many(rows).exec_without_returning(batch.txn).await?;
    }
    Ok(())
}

/// Deletes the mention rows of a message; returns the members for whom they counted.
pub(in crate::realtime::ledger) async fn delete_mentions(
    batch: &Batch<'_>,
    room: RoomId,
    seq: Seq,
) -> Result<BTreeSet<UserId>> {
    let of_message = Condition::all()
        .add(mention_rows::Column::RoomId.eq(room.0))
        .add(mention_rows::Column::Seq.eq(seq.0));
    let mentioned: Vec<(i64, bool)> = mention_rows::Entity::find()
        .select_only()
        .columns([mention_rows::Column::UserId, mention_rows::Column::IsCounted])
        .filter(of_message.clone())
        .into_tuple()
        .all(batch.txn)
        .await?;
    if !mentioned.is_empty() {
        mention_rows::Entity::delete_many().filter(of_message).exec(batch.txn).await?;
    }
    let counted = mentioned.into_iter().filter(|(_, is_counted)| *is_counted);
    Ok(counted.map(|(user, _)| UserId(user)).collect())
}
