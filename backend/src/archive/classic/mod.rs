//! The chat that Hallway replaces, told as the lines of an archive.
//!
//! Accounts, rooms and messages keep their numbers. Messages stand in a room in the order of these,
//! as the old chat lists them, and each is named after its number, so that moving twice gives the
//! same. Whoever is in a room has read it. Nothing that was said is left out: what Hallway does not
//! take as it is, is changed visibly, and every such change is noted.

use std::collections::{BTreeSet, HashMap};

use shared::{Timestamp, rules, text::mentions};

use super::{
    failure::Result,
    lines::{Counts, FORMAT, Header, LastIds, Line, Member, Message, Room},
    load::Loader,
};
use crate::realtime::ledger::MENTIONS_MAX;

mod names;
mod passwords;
mod people;
mod rooms;
mod source;
mod texts;

use people::People;
use source::Source;

/// Messages that are read at a time.
const CHUNK: u64 = 500;

/// All of it but the messages.
pub struct Classic {
    source: Source,
    people: People,
    rooms: Vec<Plan>,
    header: Header,
    notes: Vec<String>,
}

/// A room and who is in it.
struct Plan {
    /// Its number in the old tables; none for messages in no room.
    from: Option<i64>,
    line: Room,
    members: Vec<Member>,
}

impl Classic {
    /// Reads what there is, and counts what will come of it.
    pub async fn open(url: &str) -> Result<Self> {
        let source = Source::open(url).await?;
        let mut notes = Vec::new();
        let rows = source.rooms().await?;
        let spoken = source.spoken().await?;
        let mut authors = BTreeSet::new();
        for room in &spoken {
            authors.extend(source.authors(*room).await?);
        }
        let needed = !rows.is_empty() || !spoken.is_empty();
        let people = People::new(source.people().await?, &authors, needed, &mut notes);
        let rooms = rooms::plan(&source, &people, rows, &spoken, &mut notes).await?;
        let of_rooms = |count: fn(&Plan) -> u64| rooms.iter().map(count).sum();
        let counts = Counts {
            users: people.lines.len() as u64,
            rooms: rooms.len() as u64,
            members: of_rooms(|plan| plan.members.len() as u64),
            messages: of_rooms(|plan| plan.line.last_seq as u64),
        };
        let mut extra = counts.messages as i64;
        for room in &spoken {
            extra -= source.count(*room).await?;
        }
        let last_ids = LastIds {
            users: people.lines.last().map_or(0, |line| line.id),
            rooms: rooms.last().map_or(0, |plan| plan.line.id),
            messages: source.last_message().await? + extra,
        };
        let header = Header { format: FORMAT, counts, last_ids };
        Ok(Self { source, people, rooms, header, notes })
    }

    /// What is going to come.
    pub fn header(&self) -> Header {
        self.header
    }

    /// Tells it, and what is not as it was, a sentence each.
    pub async fn tell(self, loader: &mut Loader<'_>) -> Result<Vec<String>> {
        let Self { source, people, rooms, mut notes, .. } = self;
        for line in &people.lines {
            loader.take(Line::User(line.clone())).await?;
        }
        let mut next_id = source.last_message().await? + 1;
        for plan in rooms {
            loader.take(Line::Room(plan.line.clone())).await?;
            for member in &plan.members {
                loader.take(Line::Member(member.clone())).await?;
            }
            let mut telling = Telling::new(&people, &plan, next_id, &mut notes);
            let mut last = i64::MIN;
            loop {
                let some = source.messages(plan.from, last, 0, CHUNK).await?;
                let Some(row) = some.last() else { break };
                last = row.id;
                for row in some {
                    for line in telling.lines(row) {
                        loader.take(Line::Message(line)).await?;
                    }
                }
            }
            next_id = telling.next_id;
        }
        Ok(notes)
    }
}

/// A room's messages under way.
struct Telling<'a> {
    plan: &'a Plan,
    people: &'a People,
    notes: &'a mut Vec<String>,
    /// Whom a text can name.
    named: HashMap<String, i64>,
    seq: i64,
    /// Of the next message that is only a part of one.
    next_id: i64,
    /// When the last one was said.
    moment: Timestamp,
}

impl<'a> Telling<'a> {
    fn new(people: &'a People, plan: &'a Plan, next_id: i64, notes: &'a mut Vec<String>) -> Self {
        let present = plan.members.iter().filter(|member| !member.left);
        let present = present.filter_map(|member| people.get(member.user));
        let named = present.map(|user| (rules::name_key(&user.username), user.id)).collect();
        let moment = plan.line.created_at;
        Self { plan, people, notes, named, seq: 0, next_id, moment }
    }

    /// A message, or the parts that become of it.
    fn lines(&mut self, row: source::Message) -> Vec<Message> {
        let told = texts::tell(&row.content);
        let mut why = told.why;
        match row.created {
            Some(moment) => self.moment = moment,
            None => why.push("had no moment and has that of the one before it"),
        }
        let first_part = self.next_id;
        let lines = told.parts.into_iter().enumerate();
        let lines: Vec<_> = lines.map(|(nth, text)| self.line(&row, nth, text)).collect();
        if !why.is_empty() {
            let ids = (first_part..self.next_id).map(|id| format!(", {id}")).collect::<String>();
            let ids = if ids.is_empty() { ids } else { format!("; it goes on in{}", &ids[1..]) };
            self.notes.push(format!("message {}: {}{ids}", row.id, why.join(", ")));
        }
        lines
    }

    fn line(&mut self, row: &source::Message, nth: usize, content: String) -> Message {
        let id = if nth == 0 { row.id } else { self.next_id };
        self.next_id += i64::from(nth > 0);
        self.seq += 1;
        let named = mentions(&content).take(MENTIONS_MAX);
        let named: BTreeSet<i64> =
            named.filter_map(|name| self.named.get(&name).copied()).collect();
        Message {
            id,
            room: self.plan.line.id,
            seq: self.seq,
            // The room's own change and its members' came before.
            rev: 1 + self.plan.members.len() as i64 + self.seq,
            user: self.people.author(row.user),
            client_id: client_id(self.moment, row.id, nth),
            content,
            // Nobody tries again to send it.
            sent_hash: None,
            reply_to: None,
            created_at: self.moment,
            edited_at: row.updated.filter(|updated| is_edit(self.moment, *updated)),
            deleted_at: None,
            mentions: named.into_iter().collect(),
        }
    }
}

/// Django's two moments of one saving are microseconds apart.
fn is_edit(created: Timestamp, updated: Timestamp) -> bool {
    (updated - created).num_seconds() >= 1
}

/// A name that a message has each time it comes over: UUID version 8, made of its moment and its
/// number. It begins as version 7 does, so that names are in the order of time here too.
fn client_id(said: Timestamp, id: i64, nth: usize) -> uuid::Uuid {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("hallway classic message {id} part {nth}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[..6].copy_from_slice(&said.timestamp_millis().max(0).to_be_bytes()[2..]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
