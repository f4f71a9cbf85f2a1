//! The rows of archive lines that are not written yet. They are written in batches, referenced tables first.

use std::mem::take;

use anyhow::{Result, anyhow};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};

use crate::{
    error::is_duplicate,
    realtime::{
        jobs::enqueue,
        ledger::{deletion_job, purge_job},
    },
    tables::{
        AuditRow, BlockRow, Transaction, account_deletions, binned_rooms, insert_audit_rows,
        insert_block_rows, insert_room_events, invitation_uses, invitations, members, mentions,
        messages, reports, room_bans, room_events, rooms, search_index, users,
    },
};

/// Rows of one table after which a batch is written, within the parameter limits of all databases.
const BATCH_ROWS: usize = 500;
/// Bytes of text after which a batch is written. The INSERT into the search index has several times as
/// many, and MariaDB accepts packets of at most 16 MiB.
const BATCH_BYTES: usize = 1 << 20;

/// Rows that are not written yet.
#[derive(Default)]
pub struct Batch {
    pub users: Vec<users::Model>,
    pub blocks: Vec<BlockRow>,
    pub deletions: Vec<account_deletions::Model>,
    pub rooms: Vec<rooms::Model>,
    pub binned: Vec<binned_rooms::Model>,
    pub members: Vec<members::Model>,
    pub messages: Vec<messages::Model>,
    pub bans: Vec<room_bans::Model>,
    pub mentions: Vec<mentions::Model>,
    pub events: Vec<room_events::Model>,
    pub reports: Vec<reports::ActiveModel>,
    pub invitations: Vec<invitations::Model>,
    pub invitation_uses: Vec<invitation_uses::Model>,
    pub audit: Vec<AuditRow>,
    /// The length of the texts.
    pub bytes: usize,
}

impl Batch {
    pub fn is_full(&self) -> bool {
        let rows = [self.users.len(), self.rooms.len(), self.members.len(), self.messages.len()];
        self.bytes >= BATCH_BYTES
            || self.mentions.len() >= BATCH_ROWS
            || self.events.len() >= BATCH_ROWS
            || self.reports.len() >= BATCH_ROWS
            || self.blocks.len() >= BATCH_ROWS
            || self.audit.len() >= BATCH_ROWS
            || self.invitations.len() >= BATCH_ROWS
            || self.invitation_uses.len() >= BATCH_ROWS
            || rows.into_iter().any(|n| n >= BATCH_ROWS)
    }

    /// Inserts the rows, referenced tables first, and empties the batch.
    pub async fn write(&mut self, txn: &Transaction) -> Result<()> {
        let batch = take(self);
        insert::<users::Entity, _>(txn, batch.users).await?;
        insert_block_rows(txn, batch.blocks).await?;
        for deletion in &batch.deletions {
            enqueue(txn, deletion_job(deletion.user_id.into())).await?;
        }
        insert::<account_deletions::Entity, _>(txn, batch.deletions).await?;
        // Messages come after their room, in the same transaction.
        let positions: Vec<_> = batch.rooms.iter().map(|row| (row.id, row.last_seq)).collect();
        insert::<rooms::Entity, _>(txn, batch.rooms).await?;
        search_index::insert_positions(txn, positions).await?;
        for room in &batch.binned {
            enqueue(txn, purge_job(room.room_id.into())).await?;
        }
        insert::<binned_rooms::Entity, _>(txn, batch.binned).await?;
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
        insert::<room_bans::Entity, _>(txn, batch.bans).await?;
        insert::<mentions::Entity, _>(txn, batch.mentions).await?;
        insert_room_events(txn, batch.events).await?;
        if !batch.reports.is_empty() {
            reports::Entity::insert_many(batch.reports).exec_without_returning(txn).await?;
        }
        insert::<invitations::Entity, _>(txn, batch.invitations).await?;
        insert::<invitation_uses::Entity, _>(txn, batch.invitation_uses).await?;
        insert_audit_rows(txn, batch.audit).await?;
        Ok(search_index::insert(txn, &batch.messages).await?)
    }
}

async fn insert<E, A>(txn: &Transaction, rows: Vec<E::Model>) -> Result<(), DbErr>
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
