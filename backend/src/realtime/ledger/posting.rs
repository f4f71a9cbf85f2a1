//! Posting: all the messages of a batch, in the same few statements whether there are one or many.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    messages::{Message, Row},
    problem::{Code, FieldError},
    rooms::ReadState,
};

use super::{Asked, Batch, Job, Write, messages::mention};
use crate::{
    Error, Result,
    failpoints::{Fault, has},
    tables::{insert_messages, messages, messages_by_client_id, users},
};

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
#[derive(Clone)]
pub struct Posted {
    /// As it is now.
    pub message: Message,
    /// Whether this write made it.
    pub is_new: bool,
}

/// What makes a message the same one: unique for ever.
type Name = (RoomId, UserId, ClientId);

/// What becomes of a post.
enum Fate {
    Refused(Error),
    /// It is there already.
    Known(Box<Posted>),
    /// The nth new row, or another asking for the same one.
    New(usize, bool),
}

impl Write for Post {
    type Out = Posted;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Posted> {
        let one = post_all(batch, std::iter::once(self)).await?.pop();
        one.unwrap_or_else(|| Err(Code::Internal.into()))
    }

    fn line_up(asked: Asked<Self>) -> Job {
        Job::Post(asked)
    }
}

impl Post {
    fn name(&self) -> Name {
        (self.room, self.author, self.client_id)
    }

    fn hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.reply_to.map_or(0, |seq| seq.0).to_be_bytes());
        hash.update(&self.content);
        hash.finalize().to_vec()
    }
}

/// Writes all of them, in their order; fails only as a whole.
pub(super) async fn post_all<'p>(
    batch: &mut Batch<'_>,
    posts: impl Iterator<Item = &'p Post>,
) -> Result<Vec<Result<Posted>>> {
    let posts: Vec<&Post> = posts.collect();
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    batch.load_members(posts.iter().map(|post| (post.room, post.author))).await?;
    let originals = originals(batch, &posts).await?;
    let mut new = New::default();
    let mut fates = Vec::with_capacity(posts.len());
    for post in &posts {
        fates.push(match new.place(batch, post, &originals).await {
            Err(error) if error.code().is_retryable() => return Err(error),
            fate => fate.unwrap_or_else(Fate::Refused),
        });
    }
    let mut written = Vec::with_capacity(new.rows.len());
    if !new.rows.is_empty() {
        insert_messages(batch.txn, &mut new.rows).await?;
    }
    for (row, author) in new.rows.into_iter().zip(new.authors) {
        written.push(finish(batch, row, author).await?);
    }
    Ok(fates
        .into_iter()
        .map(|fate| match fate {
            Fate::Refused(error) => Err(error),
            Fate::Known(posted) => Ok(*posted),
            Fate::New(nth, is_new) => Ok(Posted { message: written[nth].clone(), is_new }),
        })
        .collect())
}

/// The new rows of a batch, and the author of each.
#[derive(Default)]
struct New {
    rows: Vec<messages::Model>,
    authors: Vec<users::Model>,
    names: HashMap<Name, usize>,
}

impl New {
    /// Checks a post and gives it its numbers.
    async fn place(
        &mut self,
        batch: &mut Batch<'_>,
        post: &Post,
        originals: &HashMap<Name, messages::Model>,
    ) -> Result<Fate> {
        let last_seq = Seq(batch.room(post.room)?.last_seq);
        let (_, author) = batch.member(post.room, post.author).await?;
        let hash = post.hash();
        let is_other = |row: &messages::Model| row.sent_hash.as_ref().is_some_and(|h| *h != hash);
        if let Some(nth) = self.names.get(&post.name()) {
            let is_other = is_other(&self.rows[*nth]);
            return if is_other {
                Err(Code::ClientIdReused.into())
            } else {
                Ok(Fate::New(*nth, false))
            };
        }
        let original = originals.get(&post.name());
        if let Some(row) = original.filter(|_| !has(Fault::IdempotencyByCache)) {
            if is_other(row) {
                return Err(Code::ClientIdReused.into());
            }
            let message = row.clone().into_message(&author);
            return Ok(Fate::Known(Box::new(Posted { message, is_new: false })));
        }
        if post.reply_to.is_some_and(|seq| seq < Seq(1) || seq > last_seq) {
            let message = format!("must be a message of this room, 1 to {last_seq}");
            return Err(FieldError::new("reply_to", message).into());
        }
        let row = messages::Model {
            id: 0,
            room_id: post.room.0,
            seq: batch.next_seq(post.room).0,
            rev: batch.next_rev(post.room).0,
            user_id: post.author.0,
            client_id: match original {
                None => post.client_id.0,
                // Only with the deliberate fault: the index would refuse the second one.
                Some(_) => uuid::Uuid::now_v7(),
            },
            content: post.content.clone(),
            sent_hash: Some(hash),
            reply_to: post.reply_to.map(|seq| seq.0),
            created_at: batch.now,
            edited_at: None,
            deleted_at: None,
        };
        self.names.insert(post.name(), self.rows.len());
        self.rows.push(row);
        self.authors.push(author);
        Ok(Fate::New(self.rows.len() - 1, true))
    }
}

/// The messages that are there already under the names of these posts.
async fn originals(batch: &Batch<'_>, posts: &[&Post]) -> Result<HashMap<Name, messages::Model>> {
    let names: Vec<_> =
        posts.iter().map(|post| (post.room.0, post.author.0, post.client_id.0)).collect();
    let rows = messages_by_client_id(batch.txn, &names).await?;
    let name = |row: &messages::Model| {
        (row.room_id.into(), row.user_id.into(), shared::ids::ClientId(row.client_id))
    };
    Ok(rows.into_iter().map(|row| (name(&row), row)).collect())
}

/// What follows a message: whom it names, how far its author has read, who is told.
async fn finish(
    batch: &mut Batch<'_>,
    row: messages::Model,
    author: users::Model,
) -> Result<Message> {
    let (room, seq, user) = (RoomId(row.room_id), Seq(row.seq), UserId(row.user_id));
    mention(batch, room, seq, &row.content).await?;
    let read = ReadState { read_seq: seq, unread: 0, mentions: 0 };
    batch.has_read(room, user, read, false);
    let message = row.into_message(&author);
    batch.tell(room, message.rev, Row::Message(message.clone()));
    Ok(message)
}
