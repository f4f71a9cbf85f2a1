//! Loads archive lines into empty tables in one transaction, batch by batch, and checks how the lines
//! relate to each other: ids, order and counts.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::{Result, anyhow, bail, ensure};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QuerySelect};
use shared::{
    access::{Rank, Role, RoomKind},
    ids::UserId,
    problem::FieldError,
    rules::{self, DIRECT_MAX_PEOPLE},
};

use super::{
    batch::Batch,
    blocks::BlockChecker,
    check,
    lines::{Block, Counts, Header, Line, Member, Message, Room, Server, User},
    number_set::NumberSet,
    progress::Progress,
    records::{InvitationState, ensure_before_records},
    rows::AccountNames,
};
use crate::tables::{
    Connection, Stored, Transaction, account_deletions, binned_rooms, count_audit, count_blocks,
    invitations, members, messages, now, room_events, rooms, server_settings, users,
};

mod events;
mod records;

pub struct Loader<'t> {
    txn: &'t Transaction,
    header: Header,
    counts: Counts,
    user_ids: HashSet<i64>,
    has_owner: bool,
    /// The ranks of accounts that are not members.
    ranks: HashMap<i64, Rank>,
    names: AccountNames,
    email_keys: HashSet<String>,
    room_keys: HashSet<String>,
    direct_keys: HashSet<String>,
    last_user_id: i64,
    blocks: BlockChecker,
    last_audit_id: i64,
    invitations: InvitationState,
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
    /// The first members of a direct room, one more than it may have.
    people: BTreeSet<UserId>,
    last_seq: i64,
    last_event_rev: i64,
    /// Each change of a room has a `rev` of its own.
    revs: NumberSet,
}

/// Whether the database has no accounts, rooms or messages.
pub async fn is_database_empty(db: &impl Connection) -> Result<bool, DbErr> {
    Ok(users::Entity::find().limit(1).one(db).await?.is_none()
        && rooms::Entity::find().limit(1).one(db).await?.is_none()
        && messages::Entity::find().limit(1).one(db).await?.is_none())
}

impl<'t> Loader<'t> {
    pub fn new(txn: &'t Transaction, header: Header) -> Self {
        Self {
            txn,
            header,
            counts: Counts::default(),
            user_ids: HashSet::new(),
            has_owner: false,
            ranks: HashMap::new(),
            names: AccountNames::default(),
            email_keys: HashSet::new(),
            room_keys: HashSet::new(),
            direct_keys: HashSet::new(),
            last_user_id: 0,
            blocks: BlockChecker::default(),
            last_audit_id: 0,
            invitations: InvitationState::default(),
            message_ids: NumberSet::default(),
            current_room: None,
            batch: Batch::default(),
            progress: Progress::new(header.counts.messages),
        }
    }

    /// Checks a line and adds its rows to the batch; writes the batch once it is full.
    pub async fn load(&mut self, line: Line) -> Result<()> {
        match line {
            Line::Server(server) => self.load_server(server).await?,
            Line::User(user) => self.load_user(user)?,
            Line::Block(block) => self.load_block(block)?,
            Line::Room(room) => self.load_room(room)?,
            Line::Member(member) => self.load_member(member)?,
            Line::Message(message) => self.load_message(message)?,
            Line::Event(event) => self.load_event(event)?,
            Line::Invitation(invitation) => self.load_invitation(invitation)?,
            Line::Audit(entry) => self.load_audit(entry)?,
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
            events: room_events::Entity::find().count(self.txn).await?,
            audit: count_audit(self.txn).await?,
            blocks: count_blocks(self.txn).await?,
            invitations: invitations::Entity::find().count(self.txn).await?,
        };
        ensure!(
            (expected, stored) == (loaded, loaded),
            "the header announces {expected:?}, but the archive has {loaded:?}, and the database \
             {stored:?}"
        );
        Ok(loaded)
    }

    async fn load_server(&mut self, line: Server) -> Result<()> {
        check::server(&line).map_err(|error| invalid_line("server", error))?;
        ensure!(self.counts.users == 0, "server: must come before the accounts");
        let row = server_settings::Model::from(line).into_active_model().reset_all();
        row.update(self.txn).await?;
        Ok(())
    }

    fn load_user(&mut self, line: User) -> Result<()> {
        let invalid = |error| invalid_line("user", error);
        check::user(&line).map_err(invalid)?;
        let max = self.header.last_ids.users;
        check::range("id", line.id, self.last_user_id + 1, max).map_err(invalid)?;
        ensure!(self.counts.rooms == 0, "user: must come before the rooms");
        ensure!(self.counts.blocks == 0, "user: must come before the blocks");
        ensure_before_records("user", self.counts.audit + self.counts.invitations)?;
        let is_version_1 = line.rank.is_none();
        let deletion = line.deletes_messages.map(|deletes_messages| account_deletions::Model {
            user_id: line.id,
            deletes_messages,
            created_at: now(),
        });
        self.batch.deletions.extend(deletion);
        let mut row = users::Model::from(line);
        if is_version_1 && row.rank.0.is_admin() && !row.is_disabled && !self.has_owner {
            row.rank = Stored(Rank::Owner);
        }
        self.has_owner |= row.rank.0 == Rank::Owner;
        if row.email_key.clone().is_some_and(|key| !self.email_keys.insert(key)) {
            return Err(invalid(FieldError::new("email", "is the address of another account")));
        }
        self.names.insert(&row).map_err(invalid)?;
        self.user_ids.insert(row.id);
        if row.rank.0 != Rank::Member {
            self.ranks.insert(row.id, row.rank.0);
        }
        self.last_user_id = row.id;
        self.counts.users += 1;
        self.batch.users.push(row);
        Ok(())
    }

    fn load_block(&mut self, line: Block) -> Result<()> {
        let invalid = |error| invalid_line("block", error);
        ensure!(self.counts.rooms == 0, "block: must come before the rooms");
        ensure_before_records("block", self.counts.audit + self.counts.invitations)?;
        self.check_account("user", line.user).map_err(invalid)?;
        self.check_account("blocked", line.blocked).map_err(invalid)?;
        self.blocks.check(&line).map_err(invalid)?;
        self.counts.blocks += 1;
        self.batch.blocks.push(line.into());
        Ok(())
    }

    fn load_room(&mut self, line: Room) -> Result<()> {
        ensure_before_records("room", self.counts.audit + self.counts.invitations)?;
        let last_id = self.finish_room()?;
        let invalid = |error| invalid_line("room", error);
        check::room(&line).map_err(invalid)?;
        let max = self.header.last_ids.rooms;
        check::range("id", line.id, last_id + 1, max).map_err(invalid)?;
        self.check_account("created_by", line.created_by).map_err(invalid)?;
        if line.requires_unique_name() && !self.room_keys.insert(rules::name_key(&line.name)) {
            return Err(invalid(FieldError::new("name", "is the name of another open room")));
        }
        self.counts.rooms += 1;
        self.batch.rooms.push(line.clone().into());
        let binned = line.binned_at.map(|at| at.timestamp_micros());
        let binned = binned.map(|binned_at| binned_rooms::Model { room_id: line.id, binned_at });
        self.batch.binned.extend(binned);
        let mut revs = NumberSet::default();
        revs.insert(line.rev);
        let people = BTreeSet::new();
        self.current_room = Some(CurrentRoom {
            line,
            member_count: 0,
            last_member_id: 0,
            people,
            last_seq: 0,
            last_event_rev: 0,
            revs,
        });
        Ok(())
    }

    /// Checks the counters of the current room, and returns its id; 0 if there is none.
    fn finish_room(&mut self) -> Result<i64> {
        let Some(CurrentRoom { line, member_count: members, people, last_seq, .. }) =
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
        if let Some(key) = line.direct_key {
            ensure!(
                people.len() <= DIRECT_MAX_PEOPLE && key == rooms::direct_key(&people),
                "room {}: direct_key must be that of its members, at most {DIRECT_MAX_PEOPLE}",
                line.id
            );
            ensure!(self.direct_keys.insert(key), "room {}: another has the same people", line.id);
        }
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
        let created_by = room.line.created_by;
        if room.line.kind == RoomKind::Direct && room.people.len() <= DIRECT_MAX_PEOPLE {
            room.people.insert(UserId(line.user));
        }
        self.counts.members += 1;
        check::ban(&line).map_err(invalid)?;
        self.batch.bans.extend(line.ban_row());
        let rank = self.ranks.get(&line.user).copied().unwrap_or_default();
        let role = if line.user == created_by { Role::Host } else { Role::Member };
        self.batch.members.push(line.into_row(rank, role));
        Ok(())
    }

    fn load_message(&mut self, line: Message) -> Result<()> {
        let invalid = |error| invalid_line("message", error);
        self.check_account("user", line.user).map_err(invalid)?;
        for user in line.reactions.users() {
            self.check_account("reactions", user.0).map_err(invalid)?;
        }
        for user in &line.mentions {
            self.check_account("mentions", *user).map_err(invalid)?;
        }
        for report in &line.reports {
            self.check_account("reports", report.reporter).map_err(invalid)?;
        }
        check::reports(&line).map_err(invalid)?;
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
        self.batch.bytes += line.reports.iter().map(|report| report.reason.len()).sum::<usize>();
        self.batch.reports.extend(line.report_rows());
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

fn invalid_line(kind: &str, FieldError { field, message, .. }: FieldError) -> anyhow::Error {
    anyhow!("{kind}: {field} {message}")
}
