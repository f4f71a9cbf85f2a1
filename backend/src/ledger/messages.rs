//! Posting, changing and deleting a message.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
};
use sha2::{Digest, Sha256};
use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    live::ServerFrame,
    messages::{Message, Row, mentions},
    problem::{Code, FieldError},
    rooms::ReadState,
};

use super::{Batch, Notice, Write};
use crate::{
    Error, Result,
    tables::{members, mentions as mention_rows, messages, users},
};

/// People whom one message can mention.
const MENTIONS_MAX: usize = 50;

/// Say something. The text has passed `shared::rules`.
pub struct Post {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub author: UserId,
    /// The author's name for it.
    pub client_id: ClientId,
    /// The text.
    pub content: String,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
}

/// The message, and whether it is new: a retry gets the original.
pub struct Posted {
    /// As it is now.
    pub message: Message,
    /// Whether this write made it.
    pub is_new: bool,
}

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

impl Write for Post {
    type Out = Posted;

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Posted> {
        let last_seq = Seq(batch.room(self.room).await?.last_seq);
        let (_, author) = batch.member(self.room, self.author).await?;
        if let Some(row) = self.original(batch).await? {
            if row.sent_hash.as_ref().is_some_and(|hash| *hash != self.hash()) {
                return Err(Code::ClientIdReused.into());
            }
            return Ok(Posted { message: row.by(author.short()), is_new: false });
        }
        if self.reply_to.is_some_and(|seq| seq < Seq(1) || seq > last_seq) {
            let message = format!("must be a message of this room, 1 to {last_seq}");
            return Err(FieldError::new("reply_to", message).into());
        }
        let (seq, rev) = (batch.next_seq(self.room), batch.next_rev(self.room));
        let row = messages::ActiveModel {
            id: NotSet,
            room_id: Set(self.room.0),
            seq: Set(seq.0),
            rev: Set(rev.0),
            user_id: Set(self.author.0),
            client_id: Set(self.client_id.0),
            content: Set(self.content.clone()),
            sent_hash: Set(Some(self.hash())),
            reply_to: Set(self.reply_to.map(|seq| seq.0)),
            created_at: Set(batch.now),
            edited_at: Set(None),
            deleted_at: Set(None),
        };
        let row = messages::Entity::insert(row).exec_with_returning(batch.txn).await?;
        mention(batch, self.room, seq, &self.content).await?;
        read_own(batch, self.room, self.author, seq).await?;
        let message = row.by(author.short());
        batch.tell(self.room, rev, Row::Message(message.clone()));
        Ok(Posted { message, is_new: true })
    }
}

impl Post {
    async fn original(&self, batch: &Batch<'_>) -> Result<Option<messages::Model>> {
        let original = messages::Entity::find()
            .filter(messages::Column::RoomId.eq(self.room.0))
            .filter(messages::Column::UserId.eq(self.author.0))
            .filter(messages::Column::ClientId.eq(self.client_id.0));
        Ok(original.one(batch.txn).await?)
    }

    fn hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.reply_to.map_or(0, |seq| seq.0).to_be_bytes());
        hash.update(&self.content);
        hash.finalize().to_vec()
    }
}

impl Write for Edit {
    type Out = Message;

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Message> {
        batch.room(self.room).await?;
        let (_, author) = batch.member(self.room, self.by).await?;
        let row = find(batch, self.room, self.seq).await?;
        if row.user_id != self.by.0 {
            return Err(Code::NotTheAuthor.into());
        }
        if row.deleted_at.is_some() {
            return Err(Code::MessageDeleted.into());
        }
        if row.content == self.content {
            return Ok(row.by(author.short()));
        }
        unmention(batch, self.room, self.seq).await?;
        mention(batch, self.room, self.seq, &self.content).await?;
        let changed =
            messages::Model { content: self.content.clone(), edited_at: Some(batch.now), ..row };
        change(batch, changed, author).await
    }
}

impl Write for Delete {
    type Out = Message;

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Message> {
        batch.room(self.room).await?;
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
            return Ok(row.by(author.short()));
        }
        unmention(batch, self.room, self.seq).await?;
        let gone = messages::Model {
            content: String::new(),
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
        .filter(messages::Column::Seq.eq(seq.0));
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
    let message = row.by(author.short());
    batch.tell(room, rev, Row::Message(message.clone()));
    Ok(message)
}

/// Notes which members a text names.
async fn mention(batch: &Batch<'_>, room: RoomId, seq: Seq, content: &str) -> Result<()> {
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

/// Whoever speaks has read what came before.
async fn read_own(batch: &mut Batch<'_>, room: RoomId, user: UserId, seq: Seq) -> Result<()> {
    let row = members::ActiveModel {
        room_id: Set(room.0),
        user_id: Set(user.0),
        read_seq: Set(seq.0),
        ..Default::default()
    };
    members::Entity::update(row).exec_without_returning(batch.txn).await?;
    let read = ReadState { read_seq: seq, unread: 0, mentions: 0 };
    batch.notice(Notice::Personal(user, ServerFrame::Read { room, read }));
    Ok(())
}
