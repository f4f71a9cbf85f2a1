//! Adds and removes reactions.

use shared::{
    access::Action,
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Message, Reactions},
    problem::{Code, FieldError},
    rules::{REACTION_EMOJIS_MAX, REACTIONS_MAX},
};

use super::{super::RoomWrite, Batch, find_author, find_message, update_message_at};
use crate::{
    Result,
    failpoints::{Failpoint, is_active},
    tables::{Stored, messages},
};

/// Adds an emoji to a message, or removes one's own. Both are idempotent.
pub struct ReactToMessage {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The caller.
    pub by: UserId,
    /// The emoji.
    pub emoji: String,
    /// Whether to add it.
    pub is_added: bool,
}

impl RoomWrite for ReactToMessage {
    type Out = Message;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    /// It counts against the rate of messages, because everybody in the room gets the message again.
    fn text_bytes(&self) -> usize {
        self.emoji.len()
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Message> {
        let (_, member) = batch.authorize(self.room, self.by, Action::React).await?;
        let row = find_message(batch, (self.room, self.seq), member.as_ref()).await?;
        if row.deleted_at.is_some() {
            return Err(Code::MessageDeleted.into());
        }
        let mut reactions = row.reactions.clone().unwrap_or_default().0;
        if reactions.has(&self.emoji, self.by) == self.is_added {
            let author = find_author(batch, &row).await?;
            return Ok(row.into_message(&author));
        }
        if self.is_added {
            batch.check_direct(self.room).await?;
            check_limits(&reactions, &self.emoji)?;
            reactions.add(&self.emoji, self.by);
        } else {
            reactions.remove(self.by, |emoji| emoji == self.emoji);
        }
        set_reactions(batch, row, reactions).await
    }
}

fn check_limits(reactions: &Reactions, emoji: &str) -> Result<()> {
    let is_new = reactions.0.iter().all(|reaction| reaction.emoji != emoji);
    let message = if is_new && reactions.0.len() >= REACTION_EMOJIS_MAX {
        format!("is not possible: a message has at most {REACTION_EMOJIS_MAX} different reactions")
    } else if reactions.users().count() >= REACTIONS_MAX {
        format!("is not possible: a message has at most {REACTIONS_MAX} reactions")
    } else {
        return Ok(());
    };
    Err(FieldError::new("emoji", message).into())
}

/// Writes and publishes a message with other reactions.
async fn set_reactions(
    batch: &mut Batch<'_>,
    row: messages::Model,
    reactions: Reactions,
) -> Result<Message> {
    let author = find_author(batch, &row).await?;
    let reactions = Some(reactions).filter(|it| !it.is_empty()).map(Stored);
    let rev = match is_active(Failpoint::ReactionWithoutRev) {
        true => Rev(row.rev),
        false => batch.next_rev(RoomId(row.room_id)),
    };
    update_message_at(batch, messages::Model { reactions, ..row }, &author, rev).await
}

/// Removes all reactions of an account from a message, if there are any.
pub(in crate::realtime::ledger) async fn remove_reactions_of(
    batch: &mut Batch<'_>,
    row: messages::Model,
    user: UserId,
) -> Result<()> {
    let mut reactions = row.reactions.clone().unwrap_or_default().0;
    if reactions.users().all(|other| other != user) {
        return Ok(());
    }
    reactions.remove(user, |_| true);
    set_reactions(batch, row, reactions).await.map(drop)
}
