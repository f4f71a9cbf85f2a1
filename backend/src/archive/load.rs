//! Writing lines into empty tables, in one transaction and a few hundred rows at a time. What one
//! line says of others is checked here.

use std::{collections::HashSet, mem::take};

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QuerySelect,
};
use shared::{problem::FieldError, rules};

use super::{
    check,
    failure::{Failure, Result},
    lines::{Counts, Header, Line, Member, Message, Room, User},
    progress::Progress,
};
use crate::{
    error::is_duplicate,
    tables::{members, mentions, messages, rooms, search_index, users},
};

/// Rows that are written at a time. Statements of all databases take as many.
const ROWS: usize = 500;
/// Bytes of text that are written at a time: with its index it is several times as much, and
/// MariaDB takes 16 MiB at once.
const BYTES: usize = 1 << 20;

/// What was taken up to now, and what is yet to be written of it.
pub struct Loader<'t> {
    txn: &'t DatabaseTransaction,
    header: Header,
    counts: Counts,
    /// Numbers and names of accounts, and names of rooms.
    people: HashSet<i64>,
    usernames: HashSet<String>,
    room_names: HashSet<String>,
    last_user: i64,
    room: Option<Open>,
    waiting: Waiting,
    progress: Progress,
}

/// The room whose members and messages come.
struct Open {
    line: Room,
    members: i64,
    last_member: i64,
    last_seq: i64,
}

/// Rows that are not yet written.
#[derive(Default)]
struct Waiting {
    users: Vec<users::Model>,
    rooms: Vec<rooms::Model>,
    members: Vec<members::Model>,
    messages: Vec<messages::Model>,
    mentions: Vec<mentions::Model>,
    bytes: usize,
}

/// Whether nothing was ever said by anybody.
pub async fn is_empty(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(users::Entity::find().limit(1).one(db).await?.is_none()
        && rooms::Entity::find().limit(1).one(db).await?.is_none()
        && messages::Entity::find().limit(1).one(db).await?.is_none())
}

impl<'t> Loader<'t> {
    /// Into empty tables.
    pub fn new(txn: &'t DatabaseTransaction, header: Header) -> Self {
        Self {
            txn,
            header,
            counts: Counts::default(),
            people: HashSet::new(),
            usernames: HashSet::new(),
            room_names: HashSet::new(),
            last_user: 0,
            room: None,
            waiting: Waiting::default(),
            progress: Progress::new(header.counts.messages),
        }
    }

    /// The next line.
    pub async fn take(&mut self, line: Line) -> Result<()> {
        match line {
            Line::User(user) => self.user(user)?,
            Line::Room(room) => self.room(room)?,
            Line::Member(member) => self.member(member)?,
            Line::Message(message) => self.message(message)?,
            Line::Hallway(_) | Line::End(_) => return Err("is in the middle".into()),
        }
        if self.waiting.is_much() {
            self.waiting.write(self.txn).await?;
            self.progress.show(self.counts.messages);
        }
        Ok(())
    }

    /// There are no more: whether everything has come and is there.
    pub async fn finish(mut self) -> Result<Counts> {
        self.close()?;
        self.waiting.write(self.txn).await?;
        let (said, counts) = (self.header.counts, self.counts);
        let is_there = Counts {
            users: users::Entity::find().count(self.txn).await?,
            rooms: rooms::Entity::find().count(self.txn).await?,
            members: members::Entity::find().count(self.txn).await?,
            messages: messages::Entity::find().count(self.txn).await?,
        };
        if (said, is_there) != (counts, counts) {
            let text = format!("its header says {said:?}, it has {counts:?}, written {is_there:?}");
            return Err(text.into());
        }
        Ok(counts)
    }

    fn user(&mut self, line: User) -> Result<()> {
        let wrong = |error| field("user", error);
        check::user(&line).map_err(wrong)?;
        let max = self.header.last_ids.users;
        check::number("id", line.id, self.last_user + 1, max).map_err(wrong)?;
        if self.counts.rooms > 0 {
            return Err("user: must come before the rooms".into());
        }
        let row = users::Model::from(line);
        if !self.usernames.insert(row.username_key.clone()) {
            return Err(wrong(FieldError::new("username", "is the name of another account")));
        }
        self.people.insert(row.id);
        self.last_user = row.id;
        self.counts.users += 1;
        self.waiting.users.push(row);
        Ok(())
    }

    fn room(&mut self, line: Room) -> Result<()> {
        let last = self.close()?;
        let wrong = |error| field("room", error);
        check::room(&line).map_err(wrong)?;
        let max = self.header.last_ids.rooms;
        check::number("id", line.id, last + 1, max).map_err(wrong)?;
        self.somebody("created_by", line.created_by).map_err(wrong)?;
        if !self.room_names.insert(rules::name_key(&line.name)) {
            return Err(wrong(FieldError::new("name", "is the name of another room")));
        }
        self.counts.rooms += 1;
        self.waiting.rooms.push(line.clone().into());
        self.room = Some(Open { line, members: 0, last_member: 0, last_seq: 0 });
        Ok(())
    }

    /// All of a room has come: its number.
    fn close(&mut self) -> Result<i64> {
        let Some(Open { line, members, last_seq, .. }) = self.room.take() else { return Ok(0) };
        if (line.member_count, line.last_seq) != (members, last_seq) {
            let text = format!(
                "room {} has {members} members and {last_seq} messages, and not {} and {}",
                line.id, line.member_count, line.last_seq
            );
            return Err(text.into());
        }
        Ok(line.id)
    }

    fn member(&mut self, line: Member) -> Result<()> {
        let wrong = |error| field("member", error);
        self.somebody("user", line.user).map_err(wrong)?;
        let open = self.room.as_mut().filter(|open| open.line.id == line.room);
        let Some(open) = open.filter(|open| open.last_seq == 0) else {
            return Err("member: must come after its room and before the room's messages".into());
        };
        check::member(&line, &open.line).map_err(wrong)?;
        check::number("user", line.user, open.last_member + 1, self.last_user).map_err(wrong)?;
        open.last_member = line.user;
        open.members += i64::from(!line.left);
        self.counts.members += 1;
        self.waiting.members.push(line.into());
        Ok(())
    }

    fn message(&mut self, line: Message) -> Result<()> {
        let wrong = |error| field("message", error);
        self.somebody("user", line.user).map_err(wrong)?;
        for user in &line.mentions {
            self.somebody("mentions", *user).map_err(wrong)?;
        }
        let Some(open) = self.room.as_mut().filter(|open| open.line.id == line.room) else {
            return Err("message: must come after its room".into());
        };
        let seq = open.last_seq + 1;
        check::number("seq", line.seq, seq, seq).map_err(wrong)?;
        check::number("seq", line.seq, 1, open.line.last_seq).map_err(wrong)?;
        check::message(&line, &open.line).map_err(wrong)?;
        let max = self.header.last_ids.messages;
        check::number("id", line.id, 1, max).map_err(wrong)?;
        open.last_seq = seq;
        self.counts.messages += 1;
        self.waiting.bytes += line.content.len();
        let (row, mentions) = line.rows();
        self.waiting.messages.push(row);
        self.waiting.mentions.extend(mentions);
        Ok(())
    }

    fn somebody(&self, field: &str, id: i64) -> Result<(), FieldError> {
        if self.people.contains(&id) {
            return Ok(());
        }
        Err(FieldError::new(field, format!("must be an account, and there is none of number {id}")))
    }
}

impl Waiting {
    fn is_much(&self) -> bool {
        let rows = [self.users.len(), self.rooms.len(), self.members.len(), self.messages.len()];
        self.bytes >= BYTES || self.mentions.len() >= ROWS || rows.into_iter().any(|n| n >= ROWS)
    }

    /// In an order in which nothing refers to what is not there.
    async fn write(&mut self, txn: &DatabaseTransaction) -> Result<()> {
        let waiting = take(self);
        insert::<users::Entity, _>(txn, waiting.users).await?;
        insert::<rooms::Entity, _>(txn, waiting.rooms).await?;
        insert::<members::Entity, _>(txn, waiting.members).await?;
        let messages = waiting.messages.len();
        let written = insert::<messages::Entity, _>(txn, waiting.messages.clone()).await;
        written.map_err(|error| match is_duplicate(&error) {
            true => Failure(format!(
                "one of the last {messages} messages has the id of another, or the client_id of \
                 another of its author in its room"
            )),
            false => error.into(),
        })?;
        insert::<mentions::Entity, _>(txn, waiting.mentions).await?;
        Ok(search_index::insert(txn, &waiting.messages).await?)
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

fn field(line: &str, error: FieldError) -> Failure {
    Failure::from(error).at(line)
}
