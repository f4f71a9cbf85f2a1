//! Converts the database of the classic chat to archive lines.
//!
//! Accounts, rooms and messages keep their ids, except messages after one that is split. The messages of
//! a room are ordered by id, as in the classic chat, and each gets a `client_id` derived from its id, so that repeated imports are equal.
//! Members have read everything. No message is dropped: content that Hallway does not accept is changed
//! visibly, with a note for each changed message.

use std::collections::{BTreeSet, HashSet};

use anyhow::Result;
use sha2::{Digest, Sha256};
use shared::{
    Timestamp,
    messages::Reactions,
    text::{Format, mentions},
};

use super::{
    lines::{Counts, FORMAT, Header, LastIds, Line, Member, Message, Room},
    load::Loader,
};

mod accounts;
mod message_ids;
mod names;
mod passwords;
mod rooms;
mod source;
mod texts;
mod timestamps;

use accounts::Accounts;
use message_ids::MessageIds;
use source::Source;

/// Messages per query.
const BATCH_ROWS: u64 = 500;

/// The classic chat's database: everything is in memory except the messages.
pub struct ClassicChat {
    source: Source,
    accounts: Accounts,
    rooms: Vec<RoomPlan>,
    message_ids: MessageIds,
    header: Header,
    notes: Vec<String>,
}

/// The lines of a room and its members.
struct RoomPlan {
    /// The id in the classic chat; `None` for the room of messages without a room.
    classic_id: Option<i64>,
    line: Room,
    members: Vec<Member>,
}

impl ClassicChat {
    /// Reads everything except the messages, and computes the counts of the import.
    pub async fn open(url: &str) -> Result<Self> {
        let source = Source::open(url).await?;
        let mut notes = Vec::new();
        let rows = source.rooms().await?;
        let with_messages = source.rooms_with_messages().await?;
        let mut authors = BTreeSet::new();
        for room in &with_messages {
            authors.extend(source.authors(*room).await?);
        }
        let is_required = !rows.is_empty() || !with_messages.is_empty();
        let accounts = Accounts::new(source.accounts().await?, &authors, is_required, &mut notes);
        if let tokens @ 1.. = source.count_tokens().await? {
            notes.push(format!(
                "API tokens (authtoken_token): {tokens} are not imported, because tokens of Hallway \
                 expire; their clients get a new one from POST /login/ or use HTTP Basic"
            ));
        }
        let (rooms, splits) =
            rooms::plan(&source, &accounts, rows, &with_messages, &mut notes).await?;
        let sum = |count: fn(&RoomPlan) -> u64| rooms.iter().map(count).sum();
        let counts = Counts {
            users: accounts.lines.len() as u64,
            rooms: rooms.len() as u64,
            members: sum(|plan| plan.members.len() as u64),
            messages: sum(|plan| plan.line.last_seq as u64),
            events: 0,
            audit: 0,
            blocks: 0,
            invitations: 0,
        };
        let last_message_id = source.last_message_id().await?;
        let message_ids = splits.assign_ids(last_message_id, &mut notes);
        let last_ids = LastIds {
            users: accounts.lines.last().map_or(0, |line| line.id),
            rooms: rooms.last().map_or(0, |plan| plan.line.id),
            messages: message_ids.last(last_message_id),
            audit: 0,
            invitations: 0,
        };
        let header = Header { format: FORMAT, counts, last_ids };
        Ok(Self { source, accounts, rooms, message_ids, header, notes })
    }

    pub fn header(&self) -> Header {
        self.header
    }

    /// Loads all lines, and returns the notes on all changes.
    pub async fn load_into(self, loader: &mut Loader<'_>) -> Result<Vec<String>> {
        let Self { source, accounts, rooms, message_ids, mut notes, .. } = self;
        for line in &accounts.lines {
            loader.load(Line::User(line.clone())).await?;
        }
        for plan in rooms {
            loader.load(Line::Room(plan.line.clone())).await?;
            for member in &plan.members {
                loader.load(Line::Member(member.clone())).await?;
            }
            let mut converter = MessageConverter::new(&accounts, &plan, &message_ids, &mut notes);
            let mut last_id = i64::MIN;
            loop {
                let rows = source.messages(plan.classic_id, last_id, 0, BATCH_ROWS).await?;
                let Some(row) = rows.last() else { break };
                last_id = row.id;
                for row in rows {
                    for line in converter.convert(row) {
                        loader.load(Line::Message(line)).await?;
                    }
                }
            }
        }
        Ok(notes)
    }
}

/// Converts the messages of one room.
struct MessageConverter<'a> {
    plan: &'a RoomPlan,
    accounts: &'a Accounts,
    ids: &'a MessageIds,
    notes: &'a mut Vec<String>,
    /// The account ids of the current members, who can be mentioned.
    members: HashSet<i64>,
    seq: i64,
    /// The time of the last message, which the next one gets if it has none.
    created_at: Timestamp,
}

impl<'a> MessageConverter<'a> {
    fn new(
        accounts: &'a Accounts,
        plan: &'a RoomPlan,
        ids: &'a MessageIds,
        notes: &'a mut Vec<String>,
    ) -> Self {
        let current = plan.members.iter().filter(|member| !member.left);
        let members = current.map(|member| member.user).collect();
        let created_at = plan.line.created_at;
        Self { plan, accounts, ids, notes, members, seq: 0, created_at }
    }

    /// Converts a message to one line, or to several if it is too long.
    fn convert(&mut self, row: source::Message) -> Vec<Message> {
        let texts::Converted { parts, mut changes } = texts::convert(&row.content);
        match row.created {
            Some(created_at) => self.created_at = created_at,
            None => changes.push("had no time and got that of the previous message"),
        }
        let first_id = self.ids.get(row.id);
        let last_id = first_id + parts.len() as i64 - 1;
        if !changes.is_empty() {
            let renamed =
                if first_id == row.id { String::new() } else { format!(" (now {first_id})") };
            let further = (first_id + 1..=last_id).map(|id| format!(", {id}")).collect::<String>();
            let further = if further.is_empty() {
                further
            } else {
                format!("; continued in{}", &further[1..])
            };
            self.notes.push(format!(
                "message {}{renamed}: {}{further}",
                row.id,
                changes.join(", ")
            ));
        }
        let parts = parts.into_iter().enumerate();
        parts.map(|(index, text)| self.line(&row, first_id, index, text)).collect()
    }

    fn line(
        &mut self,
        row: &source::Message,
        first_id: i64,
        part_index: usize,
        content: String,
    ) -> Message {
        self.seq += 1;
        let names = mentions(&content, |key| self.accounts.id_by_key.contains_key(key));
        let mentioned = names.iter().filter_map(|name| self.accounts.id_by_key.get(name).copied());
        let mentions: BTreeSet<i64> =
            mentioned.filter(|user| self.members.contains(user)).collect();
        Message {
            id: first_id + part_index as i64,
            room: self.plan.line.id,
            seq: self.seq,
            // The room's own change and the joins of its members have the first revs.
            rev: 1 + self.plan.members.len() as i64 + self.seq,
            user: self.accounts.author(row.user),
            client_id: client_id(self.created_at, row.id, part_index),
            format: Format::Text,
            content,
            // Serves only to detect retries, and no client retries an imported message.
            sent_hash: None,
            reply_to: None,
            created_at: self.created_at,
            edited_at: row.updated.filter(|updated| is_edit(self.created_at, *updated)),
            deleted_at: None,
            mentions: mentions.into_iter().collect(),
            reactions: Reactions::default(),
            reports: Vec::new(),
            uncounted_mentions: Vec::new(),
        }
    }
}

/// Whether a message was edited. A difference below 1 s does not count, because Django sets both
/// timestamps of a new message some microseconds apart.
fn is_edit(created: Timestamp, updated: Timestamp) -> bool {
    (updated - created).num_seconds() >= 1
}

/// A deterministic UUID version 8 of a part of a message. Like version 7 it begins with the time, so
/// that the ids are ordered by time.
fn client_id(created: Timestamp, id: i64, part_index: usize) -> uuid::Uuid {
    let hash = Sha256::digest(format!("hallway classic message {id} part {part_index}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[..6].copy_from_slice(&created.timestamp_millis().max(0).to_be_bytes()[2..]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
