//! Finishes the deletion of accounts. The transaction that deletes an account ends its access, notes it in
//! `account_deletions` and adds a job, which makes it leave its rooms and deletes its messages, in chunks,
//! because an account may be in thousands of rooms and have millions of messages. Each step can be repeated,
//! so a crash or a full disk only delays the rest.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use shared::{
    access::{Role, RoomKind},
    ids::{RoomId, Seq, UserId},
};

use super::{Batch, Ledger, RoomWrite};
use crate::{
    Result,
    realtime::jobs::{NewJob, Progress, Runner},
    tables::{Pool, Stored, account_deletions, members, now, rooms, users},
};

mod delete_messages;
mod remove_account;
mod watermarks;

use delete_messages::DeleteAccountMessages;
use remove_account::RemoveDeletedAccount;
use watermarks::{Watermarks, heads};

const DELETE_ACCOUNT: &str = "delete_account";
/// How old a deletion must be before the account leaves its rooms: by then every node has closed its
/// sockets, which would otherwise hear first that they were removed from a room.
const BEGIN_AFTER: Duration = Duration::from_secs(3);
/// How old a deletion must be before the job looks for the last time: a batch that began before the
/// deletion, and that every database ends within 5 s, may still post a message of the account.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// Notes that the deletion of an account is finished.
struct EndDeletion {
    user: UserId,
}

/// The job that finishes the deletion of an account, of which `account_deletions` has a row.
pub fn deletion_job(user: UserId) -> NewJob {
    NewJob::new(DELETE_ACCOUNT, user.0).after(BEGIN_AFTER)
}

pub(super) fn register(ledger: &Ledger, runner: &mut Runner, reader: &Pool) {
    let (ledger, reader) = (ledger.clone(), reader.clone());
    let watermarks = Arc::<Watermarks>::default();
    runner.on(DELETE_ACCOUNT, 1, move |job| {
        let (ledger, reader, watermarks) = (ledger.clone(), reader.clone(), watermarks.clone());
        async move { finish(&ledger, &reader, &watermarks, UserId(job.subject_id)).await }
    });
}

/// Does what can be done for an account now.
async fn finish(
    ledger: &Ledger,
    reader: &Pool,
    watermarks: &Watermarks,
    user: UserId,
) -> Result<Progress> {
    let deletion = account_deletions::Entity::find_by_id(user.0).one(reader).await?;
    // None if the process ended before it could delete the job.
    let Some(deletion) = deletion else { return Ok(Progress::Done) };
    // Before the work, which does not find what is written while it runs.
    let age = now() - deletion.created_at;
    let wait_until = |due: Duration| {
        Duration::from_micros(Ord::max(due.as_micros() as i64 - age, 0).unsigned_abs())
    };
    if !wait_until(BEGIN_AFTER).is_zero() {
        return Ok(Progress::ContinueAfter(wait_until(BEGIN_AFTER)));
    }
    for room in rooms_to_leave(reader, user).await? {
        ledger.write(RemoveDeletedAccount { room, user }).await?;
    }
    if deletion.deletes_messages {
        // Before the look, which does not find what is written while it runs.
        let heads = heads(reader).await?;
        for (room, after) in watermarks.rooms_to_clear(reader, user, &heads).await? {
            delete_messages_in_room(ledger, room, user, after).await?;
        }
        watermarks.advance(user, heads);
    }
    if !wait_until(SETTLED_AFTER).is_zero() {
        return Ok(Progress::ContinueAfter(wait_until(SETTLED_AFTER)));
    }
    ledger.write(EndDeletion { user }).await?;
    Ok(Progress::Done)
}

async fn delete_messages_in_room(
    ledger: &Ledger,
    room: RoomId,
    user: UserId,
    mut after: Seq,
) -> Result<()> {
    while let Some((last, count)) =
        ledger.write(DeleteAccountMessages { room, user, after }).await?
    {
        metrics::counter!("hallway_account_deletion_messages_total").increment(count);
        after = last;
    }
    Ok(())
}

/// The rooms in which [`RemoveDeletedAccount`] has something to do for an account: those that it is in, and those
/// where its new name was not published yet; also those in the bin, because they may be restored. The role
/// alone does not tell, because the account may have been a reader before.
async fn rooms_to_leave(reader: &Pool, user: UserId) -> Result<Vec<RoomId>> {
    let is_in = Condition::all()
        .add(rooms::Column::Kind.ne(Stored(RoomKind::Direct)))
        .add(members::Column::HasLeft.eq(false));
    let published = Expr::col((members::Entity, members::Column::PublishedProfile));
    let is_left_to_do = Condition::any()
        .add(is_in)
        .add(members::Column::Role.ne(Stored(Role::Reader)))
        .add(published.ne(Expr::col((users::Entity, users::Column::ProfileRev))));
    let select = members::Entity::find()
        .select_only()
        .column(members::Column::RoomId)
        .inner_join(rooms::Entity)
        .inner_join(users::Entity)
        .filter(members::Column::UserId.eq(user.0))
        .filter(is_left_to_do)
        .order_by_asc(members::Column::RoomId);
    let ids = select.into_tuple::<i64>().all(reader).await?;
    Ok(ids.into_iter().map(RoomId).collect())
}

impl RoomWrite for EndDeletion {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        None
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        account_deletions::Entity::delete_by_id(self.user.0).exec(batch.txn).await?;
        Ok(())
    }
}
