//! Edits and deletes messages, and stores the mentions of messages.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
    sea_query::{DynIden, Expr, ExprTrait, LockType},
};
use shared::{
    access::Action,
    ids::{RoomId, Seq, UserId},
    messages::{Message, Row},
    problem::Code,
    text::{mention_keys, mentions},
};

use super::{Batch, RoomWrite, mark_read::refresh_unread};
use crate::{
    Error, Result,
    failpoints::{Failpoint, is_active},
    tables::{
        members, mentions as mention_rows, messages, row_lock, search_index, users, who_blocks,
    },
};

/// Replaces the text of a message; only its author may.
pub struct EditMessage {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The caller.
    pub by: UserId,
    /// The new text.
    pub content: String,
}

/// Turns a message into a tombstone without text; its author and the hosts may.
pub struct DeleteMessage {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The caller.
    pub by: UserId,
}

impl RoomWrite for EditMessage {
    type Out = Message;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    fn text_bytes(&self) -> usize {
        self.content.len()
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Message> {
        let (author, member) = batch.authorize(self.room, self.by, Action::Post).await?;
        let row = find_message(batch, (self.room, self.seq), member.as_ref()).await?;
        if row.user_id != self.by.0 {
            return Err(Code::NotTheAuthor.into());
        }
        if row.deleted_at.is_some() {
            return Err(Code::MessageDeleted.into());
        }
        if row.content == self.content {
            return Ok(row.into_message(&author));
        }
        batch.check_direct(self.room).await?;
        let before = delete_mentions(batch, self.room, self.seq).await?;
        let at = (self.room, self.seq);
        let after = insert_mentions(batch, at, self.by, &self.content).await?;
        search_index::remove(batch.txn, [&row]).await?;
        let edited =
            messages::Model { content: self.content.clone(), edited_at: Some(batch.now), ..row };
        search_index::insert(batch.txn, [&edited]).await?;
        let message = update_message(batch, edited, &author).await?;
        let changed = before.symmetric_difference(&after).copied();
        refresh_unread(batch, (self.room, self.seq), changed).await?;
        Ok(message)
    }
}

impl RoomWrite for DeleteMessage {
    type Out = Message;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Message> {
        let (_, member) = batch.authorize(self.room, self.by, Action::See).await?;
        let deletes_any =
            batch.authorize(self.room, self.by, Action::DeleteAnyMessage).await.is_ok();
        if !deletes_any {
            batch.authorize(self.room, self.by, Action::Read).await?;
        }
        let row = find_message(batch, (self.room, self.seq), member.as_ref()).await?;
        if row.user_id != self.by.0 && !deletes_any {
            return Err(Error::new(
                Code::NotTheAuthor,
                "Only its author or a host may delete a message.",
            ));
        }
        let author = users::Entity::find_by_id(row.user_id).one(batch.txn).await?;
        let author = author.ok_or_else(|| Error::internal("a message has no author"))?;
        if row.deleted_at.is_some() {
            return Ok(row.into_message(&author));
        }
        let mentioned = delete_mentions(batch, self.room, self.seq).await?;
        search_index::remove(batch.txn, [&row]).await?;
        let message = write_tombstone(batch, row, &author).await?;
        refresh_unread(batch, (self.room, self.seq), mentioned).await?;
        Ok(message)
    }
}

/// Writes and publishes a message as a tombstone. The caller deletes its mentions and its document in the
/// search index.
pub(super) async fn write_tombstone(
    batch: &mut Batch<'_>,
    row: messages::Model,
    author: &users::Model,
) -> Result<Message> {
    let content = match is_active(Failpoint::ReplayOfDeletedText) {
        true => row.content,
        false => String::new(),
    };
    let deleted_at = Some(batch.now);
    let row = messages::Model { content, sent_hash: None, deleted_at, ..row };
    update_message(batch, row, author).await
}

/// Reads a message and locks its row. One that the member may not read does not exist for them.
async fn find_message(
    batch: &Batch<'_>,
    (room, seq): (RoomId, Seq),
    member: Option<&members::Model>,
) -> Result<messages::Model> {
    if member.is_some_and(|member| seq.0 < member.visible_from) {
        return Err(Code::NotFound.into());
    }
    let row = messages::Entity::find()
        .filter(messages::Column::RoomId.eq(room.0))
        .filter(messages::Column::Seq.eq(seq.0))
        // Another node may be rebuilding the search index. It locks the row until it has indexed
        // the old text, which this transaction then removes from the index.
        .lock(row_lock(batch.txn, LockType::NoKeyUpdate));
    Ok(row.one(batch.txn).await?.ok_or(Code::NotFound)?)
}

/// Writes a message's new state with the room's next `rev`, and publishes it.
async fn update_message(
    batch: &mut Batch<'_>,
    row: messages::Model,
    author: &users::Model,
) -> Result<Message> {
    let room = RoomId(row.room_id);
    let rev = batch.next_rev(room);
    let row = messages::Model { rev: rev.0, ..row };
    let update = messages::ActiveModel {
        id: Set(row.id),
        rev: Set(row.rev),
        content: Set(row.content.clone()),
        sent_hash: Set(row.sent_hash.clone()),
        edited_at: Set(row.edited_at),
        deleted_at: Set(row.deleted_at),
        ..Default::default()
    };
    messages::Entity::update(update).exec_without_returning(batch.txn).await?;
    let message = row.into_message(author);
    batch.publish_row(room, rev, Row::Message(message.clone()));
    Ok(message)
}

/// Inserts a mention row for each member whom a text mentions, and returns those for whom it counts: not
/// those who block its author. They have a row too, because anybody can search for mentions, and a missing
/// one would tell who blocks. The names of all users count, so that a member does not get the mention of a
/// user with a longer name who is not in the room.
pub(super) async fn insert_mentions(
    batch: &Batch<'_>,
    (room, seq): (RoomId, Seq),
    author: UserId,
    content: &str,
) -> Result<BTreeSet<UserId>> {
    let keys = mention_keys(content);
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let in_room = move |_, members: DynIden| {
        Condition::all()
            .add(Expr::col((members.clone(), members::Column::RoomId)).eq(room.0))
            .add(Expr::col((members.clone(), members::Column::HasLeft)).eq(false))
            .add(Expr::col((members, members::Column::VisibleFrom)).lte(seq.0))
    };
    // The id of a member; `None` for another user.
    let users: HashMap<String, Option<i64>> = users::Entity::find()
        .select_only()
        .column(users::Column::UsernameKey)
        .column(members::Column::UserId)
        .join(JoinType::LeftJoin, members::Relation::User.def().rev().on_condition(in_room))
        .filter(users::Column::UsernameKey.is_in(keys))
        .into_tuple::<(String, Option<i64>)>()
        .all(batch.txn)
        .await?
        .into_iter()
        .collect();
    let names = mentions(content, |key| users.contains_key(key));
    // A text may mention a member several times.
    let mut mentioned: BTreeSet<UserId> =
        names.iter().filter_map(|name| users.get(name).copied().flatten()).map(UserId).collect();
    if mentioned.is_empty() {
        return Ok(mentioned);
    }
    let blocking = who_blocks(batch.txn, author, &mentioned).await?;
    let rows = mentioned.iter().map(|user| mention_rows::ActiveModel {
        user_id: Set(user.0),
        room_id: Set(room.0),
        seq: Set(seq.0),
        is_counted: Set(!blocking.contains(user)),
    });
    let rows: Vec<_> = rows.collect();
    mention_rows::Entity::insert_many(rows).exec_without_returning(batch.txn).await?;
    mentioned.retain(|user| !blocking.contains(user));
    Ok(mentioned)
}

/// Deletes the mention rows of a message; returns the members for whom they counted.
pub(super) async fn delete_mentions(
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
