//! Posts the new messages of a batch. The number of statements does not depend on the number of
//! messages.

use std::collections::{BTreeSet, HashMap, HashSet};

use sha2::{Digest, Sha256};
use shared::{
    access::Action,
    ids::{ClientId, RoomId, Seq, UserId},
    messages::Message,
    problem::{Code, FieldError},
    text::Format,
};

use super::{
    Batch,
    messages::{MentioningText, insert_mentions},
    moderation::slow_mode,
};
use crate::{
    Error, Result,
    failpoints::{Failpoint, is_active},
    realtime::hub::SocketId,
    tables::{Stored, UnreadCounts, insert_messages, messages, messages_by_client_id, users},
};

/// The format of messages whose client names none.
pub const DEFAULT_FORMAT: Format = Format::Markdown;

/// A new message. `shared::rules` has validated the text.
pub struct PostMessage {
    /// The room.
    pub room: RoomId,
    /// The author.
    pub author: UserId,
    /// The idempotency key that the author's client chose.
    pub client_id: ClientId,
    /// How the text is written, if the client says so; otherwise [`DEFAULT_FORMAT`].
    pub format: Option<Format>,
    /// The text.
    pub content: String,
    /// The `seq` of the message to which it replies.
    pub reply_to: Option<Seq>,
    /// The socket that posts it; the hub sends it the change as its ack.
    pub socket: Option<SocketId>,
}

/// A stored message. A retry gets the original message in its current state.
#[derive(Clone)]
pub struct PostedMessage {
    /// The message.
    pub message: Message,
    /// Whether this post created it.
    pub is_new: bool,
}

/// Identifies a message forever: posts with the same key are the same message.
type IdempotencyKey = (RoomId, UserId, ClientId);

/// The outcome of a post.
enum PostOutcome {
    Rejected(Error),
    /// An earlier batch stored the message.
    Duplicate(Box<PostedMessage>),
    /// This batch stores the message, as the new row at `index`. `is_new` is false for retries in
    /// the same batch.
    Inserted {
        index: usize,
        is_new: bool,
    },
}

impl PostMessage {
    fn key(&self) -> IdempotencyKey {
        (self.room, self.author, self.client_id)
    }

    fn format(&self) -> Format {
        self.format.unwrap_or(DEFAULT_FORMAT)
    }

    /// A hash of `reply_to`, the content and the format. It distinguishes a retry from a different message
    /// with the same key. That of plain text has no trace of the format, as before there were formats.
    fn content_hash(&self, format: Format) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.reply_to.map_or(0, |seq| seq.0).to_be_bytes());
        hash.update(&self.content);
        if format == Format::Markdown {
            // No text contains a control character.
            hash.update("\0markdown");
        }
        hash.finalize().to_vec()
    }

    /// Whether a message with the same key is not this one. A retry that names no format may be one of a
    /// message in any, because another version of the server may have had another default.
    fn differs_from(&self, row: &messages::Model) -> bool {
        let Some(stored) = &row.sent_hash else { return false };
        let mut formats = Format::ALL.into_iter();
        formats.all(|format| {
            self.format.is_some_and(|named| named != format) || self.content_hash(format) != *stored
        })
    }
}

/// Writes the messages in the order of the posts. The outer error fails the batch, an inner one
/// only its post.
pub(super) async fn post_all(
    batch: &mut Batch<'_>,
    posts: &[&PostMessage],
) -> Result<Vec<Result<PostedMessage>>> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    batch.load_members(posts.iter().map(|post| (post.room, post.author))).await?;
    let originals = find_originals(batch, posts).await?;
    let refused = batch.refused_rooms(posts.iter().map(|post| post.room)).await?;
    let mut new_rows = NewRows { refused, ..NewRows::default() };
    let mut outcomes = Vec::with_capacity(posts.len());
    for post in posts {
        outcomes.push(match new_rows.add(batch, post, &originals).await {
            Err(error) if error.code().is_retryable() => return Err(error),
            outcome => outcome.unwrap_or_else(PostOutcome::Rejected),
        });
    }
    let written = write_new(batch, new_rows).await?;
    let results = outcomes.into_iter().map(|outcome| match outcome {
        PostOutcome::Rejected(error) => Err(error),
        PostOutcome::Duplicate(posted) => Ok(*posted),
        PostOutcome::Inserted { index, is_new } => {
            Ok(PostedMessage { message: written[index].clone(), is_new })
        }
    });
    Ok(results.collect())
}

/// The new rows of a batch, each with its author and the socket that posts it.
#[derive(Default)]
struct NewRows {
    rows: Vec<messages::Model>,
    posted_by: Vec<(users::Model, Option<SocketId>)>,
    by_key: HashMap<IdempotencyKey, usize>,
    /// The direct rooms in which one of the two people blocks the other.
    refused: HashSet<RoomId>,
}

impl NewRows {
    /// Validates a post and adds its row, with the room's next `seq` and `rev`, unless the message
    /// exists.
    async fn add(
        &mut self,
        batch: &mut Batch<'_>,
        post: &PostMessage,
        originals: &HashMap<IdempotencyKey, messages::Model>,
    ) -> Result<PostOutcome> {
        let (author, member) =
            batch.authorize_timed_out(post.room, post.author, Action::Post).await?;
        let last_seq = Seq(batch.room(post.room)?.last_seq);
        let first_seq = Seq(member.as_ref().map_or(1, |member| member.visible_from));
        if let Some(&index) = self.by_key.get(&post.key()) {
            return if post.differs_from(&self.rows[index]) {
                Err(Code::ClientIdReused.into())
            } else {
                Ok(PostOutcome::Inserted { index, is_new: false })
            };
        }
        let original = originals.get(&post.key());
        if let Some(row) = original.filter(|_| !is_active(Failpoint::IdempotencyByCache)) {
            if post.differs_from(row) {
                return Err(Code::ClientIdReused.into());
            }
            let message = row.clone().into_message(&author);
            let posted = PostedMessage { message, is_new: false };
            return Ok(PostOutcome::Duplicate(Box::new(posted)));
        }
        // After the look-up of the original: what was posted before the time-out or the block still gets
        // its ack.
        batch.check_not_timed_out(post.room, &author, member.as_ref())?;
        if self.refused.contains(&post.room) {
            return Err(Code::DirectRefused.into());
        }
        if post.reply_to.is_some_and(|seq| seq < first_seq || seq > last_seq) {
            let message = format!("must be a message of this room, {first_seq} to {last_seq}");
            return Err(FieldError::new("reply_to", message).into());
        }
        slow_mode::admit(batch, post.room, &author, member.as_ref()).await?;
        // A second row only with the failpoint.
        let row = build_row(batch, post, original.is_some());
        let index = self.rows.len();
        self.by_key.insert(post.key(), index);
        self.rows.push(row);
        self.posted_by.push((author, post.socket));
        Ok(PostOutcome::Inserted { index, is_new: true })
    }
}

/// The row of a new message, with the room's next `seq` and `rev`.
fn build_row(batch: &mut Batch<'_>, post: &PostMessage, exists: bool) -> messages::Model {
    messages::Model {
        id: 0,
        room_id: post.room.0,
        seq: batch.next_seq(post.room).0,
        rev: batch.next_rev(post.room).0,
        user_id: post.author.0,
        client_id: match exists {
            false => post.client_id.0,
            // The unique index would reject the original's key.
            true => uuid::Uuid::now_v7(),
        },
        format: Stored(post.format()),
        content: post.content.clone(),
        sent_hash: Some(post.content_hash(post.format())),
        reply_to: post.reply_to.map(|seq| seq.0),
        created_at: batch.now,
        edited_at: None,
        deleted_at: None,
        reactions: None,
    }
}

/// The stored messages with the keys of these posts.
async fn find_originals(
    batch: &Batch<'_>,
    posts: &[&PostMessage],
) -> Result<HashMap<IdempotencyKey, messages::Model>> {
    let keys: Vec<_> =
        posts.iter().map(|post| (post.room.0, post.author.0, post.client_id.0)).collect();
    let rows = messages_by_client_id(batch.txn, &keys).await?;
    let key =
        |row: &messages::Model| (row.room_id.into(), row.user_id.into(), ClientId(row.client_id));
    Ok(rows.into_iter().map(|row| (key(&row), row)).collect())
}

/// Moves the read mark of each author to their last message. Later messages of the same batch, which
/// other accounts posted, count as unread.
fn mark_own_posts_read(
    batch: &mut Batch<'_>,
    written: &[Message],
    new_mentions: &[(RoomId, Seq, UserId)],
) -> Result<()> {
    for message in written {
        let (room, seq, user) = (message.room, message.seq, message.user.id);
        let is_unread = |(in_room, at, of): &&(RoomId, Seq, UserId)| {
            (*in_room, *of) == (room, user) && *at > seq
        };
        let mentions = new_mentions.iter().filter(is_unread).count() as i64;
        let read = batch.read_state(room, seq, UnreadCounts { deleted: 0, mentions })?;
        batch.set_read_mark(room, user, read, false);
    }
    Ok(())
}

/// Writes new messages and their mentions, and publishes them.
async fn write_new(batch: &mut Batch<'_>, new: NewRows) -> Result<Vec<Message>> {
    let NewRows { mut rows, posted_by, .. } = new;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    insert_messages(batch.txn, &mut rows).await?;
    let texts: Vec<_> = rows
        .iter()
        .map(|row| MentioningText {
            room: row.room_id.into(),
            seq: row.seq.into(),
            author: row.user_id.into(),
            text: row.text(),
        })
        .collect();
    let mentioned = insert_mentions(batch, &texts).await?;
    let of_text = |(text, users): (&MentioningText<'_>, BTreeSet<UserId>)| {
        let (room, seq) = (text.room, text.seq);
        users.into_iter().map(move |user| (room, seq, user)).collect::<Vec<_>>()
    };
    let new_mentions: Vec<_> = texts.iter().zip(mentioned).flat_map(of_text).collect();
    let mut written = Vec::with_capacity(rows.len());
    for (row, (author, socket)) in rows.into_iter().zip(posted_by) {
        let message = row.into_message(&author);
        batch.publish_post(message.clone(), socket);
        written.push(message);
    }
    mark_own_posts_read(batch, &written, &new_mentions)?;
    Ok(written)
}
