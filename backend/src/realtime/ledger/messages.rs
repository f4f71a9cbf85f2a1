//! Changing and deleting a message, and noting whom a text names.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QuerySelect,
    RelationTrait, sea_query::LockType,
};
use shared::{
    ids::{RoomId, Seq, UserId},
    messages::{Message, Row, mentions},
    problem::Code,
};

use super::{Batch, Write};
use crate::{
    Error, Result,
    failpoints::{Fault, has},
    tables::{members, mentions as mention_rows, messages, row_lock, search_index, users},
};

/// People whom one message can mention.
pub const MENTIONS_MAX: usize = 50;

/// Give one's own message another text.
pub struct Edit {
    /// Where.
    pub room: RoomId,
    /// Which.
    pub seq: Seq,
    /// Who asks.
    pub by: UserId,
    /// The text from now on.
    pub content: String,
}

/// Take a message's text away for ever: its author may, and an admin.
pub struct Delete {
    /// Where.
    pub room: RoomId,
    /// Which.
    pub seq: Seq,
    /// Who asks.
    pub by: UserId,
}

impl Write for Edit {
    type Out = Message;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Message> {
        batch.room(self.room)?;
        let (_, author) = batch.member(self.room, self.by).await?;
        let row = find(batch, self.room, self.seq).await?;
        if row.user_id != self.by.0 {
            return Err(Code::NotTheAuthor.into());
        }
        if row.deleted_at.is_some() {
            return Err(Code::MessageDeleted.into());
        }
        if row.content == self.content {
            return Ok(row.into_message(&author));
        }
        unmention(batch, self.room, self.seq).await?;
        mention(batch, self.room, self.seq, &self.content).await?;
        search_index::remove(batch.txn, [&row]).await?;
        let changed =
            messages::Model { content: self.content.clone(), edited_at: Some(batch.now), ..row };
        search_index::insert(batch.txn, [&changed]).await?;
        change(batch, changed, author).await
    }
}

impl Write for Delete {
    type Out = Message;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Message> {
        batch.room(self.room)?;
        let by = batch.user(self.by).await?;
        if !by.is_admin {
            batch.member(self.room, self.by).await?;
        }
        let row = find(batch, self.room, self.seq).await?;
        if row.user_id != self.by.0 && !by.is_admin {
            return Err(Error::new(
                Code::NotTheAuthor,
                "Only its author or an admin may delete a message.",
            ));
        }
        let author = users::Entity::find_by_id(row.user_id).one(batch.txn).await?;
        let author = author.ok_or_else(|| Error::internal("a message without its author"))?;
        if row.deleted_at.is_some() {
            return Ok(row.into_message(&author));
        }
        unmention(batch, self.room, self.seq).await?;
        search_index::remove(batch.txn, [&row]).await?;
        let gone = messages::Model {
            content: if has(Fault::ReplayOfDeletedText) { row.content } else { String::new() },
            sent_hash: None,
            deleted_at: Some(batch.now),
            ..row
        };
        change(batch, gone, author).await
    }
}

async fn find(batch: &Batch<'_>, room: RoomId, seq: Seq) -> Result<messages::Model> {
    let row = messages::Entity::find()
        .filter(messages::Column::RoomId.eq(room.0))
        .filter(messages::Column::Seq.eq(seq.0))
        // A node that makes the index anew holds the row until its old text is in, to be taken out.
        .lock(row_lock(batch.txn, LockType::NoKeyUpdate));
    Ok(row.one(batch.txn).await?.ok_or(Code::NotFound)?)
}

/// Writes a message's new state under the room's next number.
async fn change(
    batch: &mut Batch<'_>,
    row: messages::Model,
    author: users::Model,
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
    let message = row.into_message(&author);
    batch.tell(room, rev, Row::Message(message.clone()));
    Ok(message)
}

/// Notes which members a text names.
pub(super) async fn mention(
    batch: &Batch<'_>,
    room: RoomId,
    seq: Seq,
    content: &str,
) -> Result<()> {
    let names: Vec<String> = mentions(content).take(MENTIONS_MAX).collect();
    if names.is_empty() {
        return Ok(());
    }
    let named: Vec<i64> = members::Entity::find()
        .select_only()
        .column(members::Column::UserId)
        .join(JoinType::InnerJoin, members::Relation::User.def())
        .filter(members::Column::RoomId.eq(room.0))
        .filter(members::Column::HasLeft.eq(false))
        .filter(users::Column::UsernameKey.is_in(names))
        .into_tuple()
        .all(batch.txn)
        .await?;
    let rows = named.into_iter().map(|user| mention_rows::ActiveModel {
        user_id: Set(user),
        room_id: Set(room.0),
        seq: Set(seq.0),
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        mention_rows::Entity::insert_many(rows).exec_without_returning(batch.txn).await?;
    }
    Ok(())
}

async fn unmention(batch: &Batch<'_>, room: RoomId, seq: Seq) -> Result<()> {
    let of_message = Condition::all()
        .add(mention_rows::Column::RoomId.eq(room.0))
        .add(mention_rows::Column::Seq.eq(seq.0));
    mention_rows::Entity::delete_many().filter(of_message).exec(batch.txn).await?;
    Ok(())
}
