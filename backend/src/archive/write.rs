//! Writes an archive from a snapshot of the tables, batch by batch.

use std::{collections::HashMap, io::Write};

use anyhow::{Result, ensure};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use sha2::{Digest, Sha256};

use super::{
    lines::{Counts, End, FORMAT, Header, LastIds, Line, Member, Message, User},
    progress::Progress,
    records::read_invitations,
    rows::{bans_by_user, reports_by_seq},
};
use crate::tables::{
    Transaction, account_deletions, audit_rows, block_rows, count_audit, count_blocks, invitations,
    last_generated_id, members, mentions, messages, now, room_event_rows, room_events, rooms,
    rooms_in_bin, server_settings, users,
};

/// Maximum number of rows per query: at most 8 MiB of message content in memory.
const BATCH_ROWS: u64 = 500;

struct Writer<W> {
    out: W,
    hash: Sha256,
    counts: Counts,
    progress: Progress,
}

/// Writes an archive of everything that the transaction sees.
pub async fn write(txn: &Transaction, out: impl Write) -> Result<Counts> {
    let now = now();
    let rooms = find_rooms(txn, now).await?;
    let header = build_header(txn, &rooms, now).await?;
    let progress = Progress::new(header.counts.messages);
    let mut archive = Writer { out, hash: Sha256::new(), counts: Counts::default(), progress };
    archive.write_line(&Line::Hallway(header))?;
    archive.write_line(&Line::Server(server_settings(txn).await?.into()))?;
    archive.write_users(txn).await?;
    archive.write_blocks(txn).await?;
    for room in rooms {
        archive.write_room(txn, room).await?;
    }
    archive.write_invitations(txn).await?;
    archive.write_audit(txn).await?;
    let counts = archive.counts;
    ensure!(counts == header.counts, "expected {:?}, found {counts:?}", header.counts);
    archive.finish()?;
    Ok(counts)
}

/// The rooms that are not deleted, whose rows can remain for a while, or can be restored.
fn is_archived(now: i64) -> Condition {
    Condition::any()
        .add(rooms::Column::DeletedAt.is_null())
        .add(rooms::Column::Id.in_subquery(rooms_in_bin(now)))
}

async fn find_rooms(txn: &Transaction, now: i64) -> Result<Vec<rooms::Model>> {
    let rooms = rooms::Entity::find().filter(is_archived(now));
    Ok(rooms.order_by_asc(rooms::Column::Id).all(txn).await?)
}

async fn build_header(txn: &Transaction, rooms: &[rooms::Model], now: i64) -> Result<Header> {
    let members = members::Entity::find().inner_join(rooms::Entity);
    let events = room_events::Entity::find().inner_join(rooms::Entity);
    let counts = Counts {
        users: users::Entity::find().count(txn).await?,
        rooms: rooms.len() as u64,
        members: members.filter(is_archived(now)).count(txn).await?,
        messages: rooms.iter().map(|room| room.last_seq as u64).sum(),
        events: events.filter(is_archived(now)).count(txn).await?,
        audit: count_audit(txn).await?,
        blocks: count_blocks(txn).await?,
        invitations: invitations::Entity::find().count(txn).await?,
    };
    let last_ids = LastIds {
        users: last_generated_id(txn, "users").await?,
        rooms: last_generated_id(txn, "rooms").await?,
        messages: last_generated_id(txn, "messages").await?,
        audit: last_generated_id(txn, "audit").await?,
        invitations: last_generated_id(txn, "invitations").await?,
    };
    Ok(Header { format: FORMAT, counts, last_ids })
}

impl<W: Write> Writer<W> {
    fn write_line(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.hash.update(&text);
        self.out.write_all(&text)?;
        Ok(())
    }

    async fn write_users(&mut self, txn: &Transaction) -> Result<()> {
        let unfinished = account_deletions::Entity::find().all(txn).await?;
        let unfinished: HashMap<i64, bool> =
            unfinished.into_iter().map(|row| (row.user_id, row.deletes_messages)).collect();
        let mut last_id = 0;
        loop {
            let rows = users::Entity::find()
                .filter(users::Column::Id.gt(last_id))
                .order_by_asc(users::Column::Id)
                .limit(BATCH_ROWS)
                .all(txn)
                .await?;
            let Some(row) = rows.last() else { return Ok(()) };
            last_id = row.id;
            for row in rows {
                self.counts.users += 1;
                let deletes_messages = unfinished.get(&row.id).copied();
                self.write_line(&Line::User(User { deletes_messages, ..row.into() }))?;
            }
        }
    }

    async fn write_blocks(&mut self, txn: &Transaction) -> Result<()> {
        let mut last = (0, 0);
        loop {
            let rows = block_rows(txn, last, BATCH_ROWS).await?;
            let Some(row) = rows.last() else { return Ok(()) };
            last = (row.user_id, row.blocked_id);
            for row in rows {
                self.counts.blocks += 1;
                self.write_line(&Line::Block(row.into()))?;
            }
        }
    }

    async fn write_room(&mut self, txn: &Transaction, room: rooms::Model) -> Result<()> {
        let (id, last_seq) = (room.id, room.last_seq);
        self.counts.rooms += 1;
        self.write_line(&Line::Room(room.into()))?;
        self.write_members(txn, id).await?;
        let mut seq = 1;
        while seq <= last_seq {
            seq = self.write_messages(txn, id, seq, last_seq).await?;
            self.progress.show(self.counts.messages);
        }
        self.write_events(txn, id).await
    }

    async fn write_events(&mut self, txn: &Transaction, room: i64) -> Result<()> {
        let mut last_rev = 0;
        loop {
            let rows = room_event_rows(txn, room, last_rev, BATCH_ROWS).await?;
            let Some(row) = rows.last() else { return Ok(()) };
            last_rev = row.rev;
            for row in rows {
                self.counts.events += 1;
                self.write_line(&Line::Event(row.into()))?;
            }
        }
    }

    async fn write_members(&mut self, txn: &Transaction, room: i64) -> Result<()> {
        let mut last_id = 0;
        loop {
            let rows = members::Entity::find()
                .filter(members::Column::RoomId.eq(room))
                .filter(members::Column::UserId.gt(last_id))
                .order_by_asc(members::Column::UserId)
                .limit(BATCH_ROWS)
                .all(txn)
                .await?;
            let Some(row) = rows.last() else { return Ok(()) };
            let mut bans = bans_by_user(txn, room, (last_id + 1, row.user_id)).await?;
            last_id = row.user_id;
            for row in rows {
                self.counts.members += 1;
                // Older versions left the ban of an admin who entered the room again.
                let ban = bans.remove(&row.user_id).filter(|_| row.has_left);
                self.write_line(&Line::Member(Member { ban, ..row.into() }))?;
            }
        }
    }

    /// Writes a batch of messages; returns the `seq` after the batch.
    async fn write_messages(
        &mut self,
        txn: &Transaction,
        room: i64,
        from: i64,
        last_seq: i64,
    ) -> Result<i64> {
        let to = last_seq.min(from + BATCH_ROWS as i64 - 1);
        let rows = messages::Entity::find()
            .filter(messages::Column::RoomId.eq(room))
            .filter(messages::Column::Seq.between(from, to))
            .order_by_asc(messages::Column::Seq)
            .all(txn)
            .await?;
        let mut mentions = mentions_by_seq(txn, room, from, to).await?;
        let mut reports = reports_by_seq(txn, room, (from, to)).await?;
        for (row, seq) in rows.iter().zip(from..) {
            ensure!(row.seq == seq, "the database is damaged: room {room} has no message {seq}");
        }
        for row in rows {
            self.counts.messages += 1;
            let mentions = mentions.remove(&row.seq).unwrap_or_default();
            let reports = reports.remove(&row.seq).unwrap_or_default();
            let message = Message { reports, ..Message::new(row, &mentions) };
            self.write_line(&Line::Message(message))?;
        }
        Ok(to + 1)
    }

    async fn write_invitations(&mut self, txn: &Transaction) -> Result<()> {
        let mut last_id = 0;
        loop {
            let lines = read_invitations(txn, last_id, BATCH_ROWS).await?;
            let Some(line) = lines.last() else { return Ok(()) };
            last_id = line.id;
            for line in lines {
                self.counts.invitations += 1;
                self.write_line(&Line::Invitation(line))?;
            }
        }
    }

    async fn write_audit(&mut self, txn: &Transaction) -> Result<()> {
        let mut last_id = 0;
        loop {
            let rows = audit_rows(txn, last_id, BATCH_ROWS).await?;
            let Some(row) = rows.last() else { return Ok(()) };
            last_id = row.id;
            for row in rows {
                self.counts.audit += 1;
                self.write_line(&Line::Audit(row.into()))?;
            }
        }
    }

    /// Writes the last line, with the counts and the hash, and flushes the output.
    fn finish(mut self) -> Result<()> {
        let sha256 = base16ct::lower::encode_string(&self.hash.clone().finalize());
        self.write_line(&Line::End(End { counts: self.counts, sha256 }))?;
        self.out.flush()?;
        Ok(())
    }
}

async fn mentions_by_seq(
    txn: &Transaction,
    room: i64,
    from: i64,
    to: i64,
) -> Result<HashMap<i64, Vec<mentions::Model>>> {
    use mentions::Column as C;
    let rows = mentions::Entity::find()
        .filter(C::RoomId.eq(room))
        .filter(C::Seq.between(from, to))
        .order_by_asc(C::Seq)
        .order_by_asc(C::UserId)
        .all(txn)
        .await?;
    let mut mentions: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        mentions.entry(row.seq).or_default().push(row);
    }
    Ok(mentions)
}
