//! Loads archive lines into empty tables in one transaction, batch by batch, and checks how the lines
//! relate to each other: ids, order and counts.

use std::{collections::HashSet, mem::take};

use anyhow::{Result, anyhow, bail, ensure};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QuerySelect,
};
use shared::{problem::FieldError, rules};

use super::{
    check,
    lines::{Counts, Header, Line, Member, Message, Room, User},
    number_set::NumberSet,
    progress::Progress,
};
use crate::{
    error::is_duplicate,
    tables::{members, mentions, messages, rooms, search_index, users},
};

/// Rows of one table after which a batch is written, within the parameter limits of all databases.
const BATCH_ROWS: usize = 500;
/// Bytes of text after which a batch is written. The INSERT into the search index has several times as
/// many, and MariaDB accepts packets of at most 16 MiB.
const BATCH_BYTES: usize = 1 << 20;

pub struct Loader<'t> {
    txn: &'t DatabaseTransaction,
    header: Header,
    counts: Counts,
    user_ids: HashSet<i64>,
    admin_ids: HashSet<i64>,
    username_keys: HashSet<String>,
    room_keys: HashSet<String>,
    last_user_id: i64,
    message_ids: NumberSet,
    current_room: Option<CurrentRoom>,
    batch: Batch,
    progress: Progress,
}

/// The room whose members and messages are being loaded.
struct CurrentRoom {
    line: Room,
    member_count: i64,
    last_member_id: i64,
    last_seq: i64,
    /// Each change of a room has a `rev` of its own.
    revs: NumberSet,
}

/// Rows that are not written yet.
#[derive(Default)]
struct Batch {
    users: Vec<users::Model>,
    rooms: Vec<rooms::Model>,
    members: Vec<members::Model>,
    messages: Vec<messages::Model>,
    mentions: Vec<mentions::Model>,
    bytes: usize,
}

/// Whether the database has no accounts, rooms or messages.
pub async fn is_database_empty(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(users::Entity::find().limit(1).one(db).await?.is_none()
        && rooms::Entity::find().limit(1).one(db).await?.is_none()
        && messages::Entity::find().limit(1).one(db).await?.is_none())
}

impl<'t> Loader<'t> {
    pub fn new(txn: &'t DatabaseTransaction, header: Header) -> Self {
        Self {
            txn,
            header,
            counts: Counts::default(),
            user_ids: HashSet::new(),
            admin_ids: HashSet::new(),
            username_keys: HashSet::new(),
            room_keys: HashSet::new(),
            last_user_id: 0,
            message_ids: NumberSet::default(),
            current_room: None,
            batch: Batch::default(),
            progress: Progress::new(header.counts.messages),
        }
    }

    /// Checks a line and adds its rows to the batch; writes the batch once it is full.
    pub async fn load(&mut self, line: Line) -> Result<()> {
        match line {
            Line::User(user) => self.load_user(user)?,
            Line::Room(room) => self.load_room(room)?,
            Line::Member(member) => self.load_member(member)?,
            Line::Message(message) => self.load_message(message)?,
            Line::Hallway(_) | Line::End(_) => bail!("must not be between other lines"),
        }
        if self.batch.is_full() {
            self.batch.write(self.txn).await?;
            self.progress.show(self.counts.messages);
        }
        Ok(())
    }

    /// Writes the last batch, and compares the counts of the header, the lines and the tables.
    pub async fn finish(mut self) -> Result<Counts> {
        self.finish_room()?;
        self.batch.write(self.txn).await?;
        let (expected, loaded) = (self.header.counts, self.counts);
        let stored = Counts {
            users: users::Entity::find().count(self.txn).await?,
            rooms: rooms::Entity::find().count(self.txn).await?,
            members: members::Entity::find().count(self.txn).await?,
            messages: messages::Entity::find().count(self.txn).await?,
        };
        ensure!(
            (expected, stored) == (loaded, loaded),
            "the header announces {expected:?}, but the archive has {loaded:?}, and the database \
             {stored:?}"
        );
        Ok(loaded)
    }

    fn load_user(&mut self, line: User) -> Result<()> {
        let invalid = |error| invalid_line("user", error);
        check::user(&line).map_err(invalid)?;
        let max = self.header.last_ids.users;
        check::range("id", line.id, self.last_user_id + 1, max).map_err(invalid)?;
        ensure!(self.counts.rooms == 0, "user: must come before the rooms");
        let row = users::Model::from(line);
        if !self.username_keys.insert(row.username_key.clone()) {
            return Err(invalid(FieldError::new("username", "is the name of another account")));
        }
        self.user_ids.insert(row.id);
        if row.is_admin {
            self.admin_ids.insert(row.id);
        }
        self.last_user_id = row.id;
        self.counts.users += 1;
        self.batch.users.push(row);
        Ok(())
    }

    fn load_room(&mut self, line: Room) -> Result<()> {
        let last_id = self.finish_room()?;
        let invalid = |error| invalid_line("room", error);
        check::room(&line).map_err(invalid)?;
        let max = self.header.last_ids.rooms;
        check::range("id", line.id, last_id + 1, max).map_err(invalid)?;
        self.check_account("created_by", line.created_by).map_err(invalid)?;
        if !self.room_keys.insert(rules::name_key(&line.name)) {
            return Err(invalid(FieldError::new("name", "is the name of another room")));
        }
        self.counts.rooms += 1;
        self.batch.rooms.push(line.clone().into());
        let mut revs = NumberSet::default();
        revs.insert(line.rev);
        self.current_room =
            Some(CurrentRoom { line, member_count: 0, last_member_id: 0, last_seq: 0, revs });
        Ok(())
    }

    /// Checks the counters of the current room, and returns its id; 0 if there is none.
    fn finish_room(&mut self) -> Result<i64> {
        let Some(CurrentRoom { line, member_count: members, last_seq, .. }) =
            self.current_room.take()
        else {
            return Ok(0);
        };
        ensure!(
            (line.member_count, line.last_seq) == (members, last_seq),
            "room {} has {members} members and {last_seq} messages, instead of {} and {}",
            line.id,
            line.member_count,
            line.last_seq
        );
        Ok(line.id)
    }

    fn load_member(&mut self, line: Member) -> Result<()> {
        let invalid = |error| invalid_line("member", error);
        self.check_account("user", line.user).map_err(invalid)?;
        let room = self.current_room.as_mut().filter(|room| room.line.id == line.room);
        let Some(room) = room.filter(|room| room.last_seq == 0) else {
            bail!("member: must come after its room and before the room's messages");
        };
        check::member(&line, &room.line).map_err(invalid)?;
        check::range("user", line.user, room.last_member_id + 1, self.last_user_id)
            .map_err(invalid)?;
        room.insert_rev(line.rev).map_err(invalid)?;
        room.last_member_id = line.user;
        room.member_count += i64::from(!line.left);
        self.counts.members += 1;
        let is_admin = self.admin_ids.contains(&line.user);
        self.batch.members.push(line.into_row(is_admin));
        Ok(())
    }

    fn load_message(&mut self, line: Message) -> Result<()> {
        let invalid = |error| invalid_line("message", error);
        self.check_account("user", line.user).map_err(invalid)?;
        for user in &line.mentions {
            self.check_account("mentions", *user).map_err(invalid)?;
        }
        let Some(room) = self.current_room.as_mut().filter(|room| room.line.id == line.room) else {
            bail!("message: must come after its room");
        };
        let seq = room.last_seq + 1;
        check::range("seq", line.seq, seq, seq).map_err(invalid)?;
        check::range("seq", line.seq, 1, room.line.last_seq).map_err(invalid)?;
        check::message(&line, &room.line).map_err(invalid)?;
        check::range("id", line.id, 1, self.header.last_ids.messages).map_err(invalid)?;
        room.insert_rev(line.rev).map_err(invalid)?;
        if !self.message_ids.insert(line.id) {
            return Err(invalid(FieldError::new("id", "is the id of another message")));
        }
        room.last_seq = seq;
        self.counts.messages += 1;
        self.batch.bytes += line.content.len();
        let (row, mentions) = line.into_rows();
        self.batch.messages.push(row);
        self.batch.mentions.extend(mentions);
        Ok(())
    }

    fn check_account(&self, field: &str, id: i64) -> Result<(), FieldError> {
        if self.user_ids.contains(&id) {
            return Ok(());
        }
        Err(FieldError::new(
            field,
            format!("must be the id of an account, and there is no account {id}"),
        ))
    }
}

impl CurrentRoom {
    fn insert_rev(&mut self, rev: i64) -> Result<(), FieldError> {
        if self.revs.insert(rev) {
            return Ok(());
        }
        let text = format!("must be unique in its room, but {rev} is that of an earlier line");
        Err(FieldError::new("rev", text))
    }
}

impl Batch {
    fn is_full(&self) -> bool {
        let rows = [self.users.len(), self.rooms.len(), self.members.len(), self.messages.len()];
        self.bytes >= BATCH_BYTES
            || self.mentions.len() >= BATCH_ROWS
            || rows.into_iter().any(|n| n >= BATCH_ROWS)
    }

    /// Inserts the rows, referenced tables first, and empties the batch.
    async fn write(&mut self, txn: &DatabaseTransaction) -> Result<()> {
        let batch = take(self);
        insert::<users::Entity, _>(txn, batch.users).await?;
        insert::<rooms::Entity, _>(txn, batch.rooms).await?;
        insert::<members::Entity, _>(txn, batch.members).await?;
        let messages = batch.messages.len();
        let inserted = insert::<messages::Entity, _>(txn, batch.messages.clone()).await;
        inserted.map_err(|error| match is_duplicate(&error) {
            true => anyhow!(
                "one of the last {messages} messages has the same client_id as another message of \
                 its author in its room"
            ),
            false => error.into(),
        })?;
        insert::<mentions::Entity, _>(txn, batch.mentions).await?;
        Ok(search_index::insert(txn, &batch.messages).await?)
    }
}

async fn insert<E, A>(txn: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E>,
{
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    E::insert_many(rows).exec_without_returning(txn).await.map(drop)
}

fn invalid_line(kind: &str, FieldError { field, message, .. }: FieldError) -> anyhow::Error {
    anyhow!("{kind}: {field} {message}")
}
