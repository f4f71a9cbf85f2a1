//! Edits and deletes messages, and stores their mentions and reactions.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType,
};
use shared::{
    access::Action,
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Message, Row},
    problem::Code,
    text::Format,
};

use super::{Batch, RoomWrite, mark_read::refresh_unread};
use crate::{
    Error, Result,
    failpoints::{Failpoint, is_active},
    tables::{Stored, members, messages, row_lock, search_index, users},
};

mod mentions;
mod reactions;

pub(super) use mentions::{MentioningText, delete_mentions, insert_mentions};
pub use reactions::ReactToMessage;
pub(super) use reactions::remove_reactions_of;

/// Replaces the text of a message; only its author may.
pub struct EditMessage {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The caller.
    pub by: UserId,
    /// How the new text is written; `None` for the format that the message has.
    pub format: Option<Format>,
    /// The new text.
    pub content: String,
}

/// Turns a message into a tombstone without text and reactions; its author and the hosts may.
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
        let edited = messages::Model {
            format: self.format.map_or(row.format, Stored),
            content: self.content.clone(),
            // The page tells two texts of a message apart by it, and a batch has one time.
            edited_at: Some(
                row.edited_at.map_or(batch.now, |before| Ord::max(batch.now, before + 1)),
            ),
            ..row.clone()
        };
        if edited.text() == row.text() {
            return Ok(row.into_message(&author));
        }
        batch.check_direct(self.room).await?;
        let before = delete_mentions(batch, self.room, self.seq).await?;
        let text =
            MentioningText { room: self.room, seq: self.seq, author: self.by, text: edited.text() };
        let after = insert_mentions(batch, &[text]).await?.pop().unwrap_or_default();
        search_index::replace(batch.txn, &row, &edited).await?;
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
        let author = find_author(batch, &row).await?;
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
    let format = Stored(Format::Text);
    let reactions = None;
    let row = messages::Model { format, content, sent_hash: None, deleted_at, reactions, ..row };
    update_message(batch, row, author).await
}

async fn find_author(batch: &Batch<'_>, row: &messages::Model) -> Result<users::Model> {
    let author = users::Entity::find_by_id(row.user_id).one(batch.txn).await?;
    author.ok_or_else(|| Error::internal("a message has no author"))
}

/// Reads a message and locks its row. One that the member may not read does not exist for them.
pub(super) async fn find_message(
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
        // The search index may just get the message. Its follower locks the row until it has indexed the
        // old text, which this transaction then removes from the index.
        .lock(row_lock(batch.txn, LockType::NoKeyUpdate));
    Ok(row.one(batch.txn).await?.ok_or(Code::NotFound)?)
}

/// Writes a message's new state with the room's next `rev`, and publishes it.
async fn update_message(
    batch: &mut Batch<'_>,
    row: messages::Model,
    author: &users::Model,
) -> Result<Message> {
    let rev = batch.next_rev(RoomId(row.room_id));
    update_message_at(batch, row, author, rev).await
}

async fn update_message_at(
    batch: &mut Batch<'_>,
    row: messages::Model,
    author: &users::Model,
    rev: Rev,
) -> Result<Message> {
    let room = RoomId(row.room_id);
    let row = messages::Model { rev: rev.0, ..row };
    let update = messages::ActiveModel {
        id: Set(row.id),
        rev: Set(row.rev),
        format: Set(row.format),
        content: Set(row.content.clone()),
        sent_hash: Set(row.sent_hash.clone()),
        edited_at: Set(row.edited_at),
        deleted_at: Set(row.deleted_at),
        reactions: Set(row.reactions.clone()),
        ..Default::default()
    };
    messages::Entity::update(update).exec_without_returning(batch.txn).await?;
    let message = row.into_message(author);
    batch.publish_row(room, rev, Row::Message(message.clone()));
    Ok(message)
}
