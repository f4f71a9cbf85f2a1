//! Using invitations: by a new account, and by one that exists. The transaction that uses an invitation
//! also notes its rooms as pending joins, and adds a job. The request executes the joins right after the commit,
//! and the job those that are left, so a crash only delays them.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use shared::{
    admission::may_invite,
    ids::{RoomId, UserId},
    problem::Code,
    users::InvitationToken,
};

use crate::{
    App, Result,
    auth::run_to_completion,
    realtime::{
        jobs::{NewJob, enqueue},
        ledger::JoinByInvitation,
    },
    tables::{
        Connection, Transaction, invitation_uses,
        invitations::{self, usable},
        members, now, pending_joins, rooms, server_settings, users,
    },
};

/// The job that executes the pending joins of an account; its subject is the account.
pub const JOIN_ROOMS: &str = "join_rooms";
/// How long the request that uses an invitation has for its joins before the job takes them over.
const OVERDUE_AFTER: Duration = Duration::from_secs(5);

/// The invitation with a token, and who invites, if it can be used now; otherwise 403
/// ([`Code::InvitationInvalid`]). It cannot if the inviter may no longer invite.
pub async fn find_usable(
    db: &impl Connection,
    token: &InvitationToken,
    now: i64,
) -> Result<(invitations::Model, users::Model)> {
    let row = invitations::Entity::find().filter(usable(token, now)).one(db).await?;
    check_inviter(db, row).await
}

async fn check_inviter(
    db: &impl Connection,
    row: Option<invitations::Model>,
) -> Result<(invitations::Model, users::Model)> {
    let row = row.ok_or(Code::InvitationInvalid)?;
    let inviter = users::Entity::find_by_id(row.created_by).one(db).await?;
    let inviter = inviter.filter(users::Model::is_active).ok_or(Code::InvitationInvalid)?;
    let sign_up = server_settings(db).await?.sign_up.0;
    match may_invite(inviter.rank.0, sign_up, row.rank.0) {
        true => Ok((row, inviter)),
        false => Err(Code::InvitationInvalid.into()),
    }
}

/// Counts a use of an invitation, and keeps others from using or revoking it until the transaction ends;
/// 403 if it cannot be used.
pub(super) async fn consume(
    transaction: &Transaction,
    token: &InvitationToken,
    now: i64,
) -> Result<invitations::Model> {
    use invitations::Column as C;
    // The condition and the increment are one statement, so that no more people than allowed pass it.
    let counted = invitations::Entity::update_many()
        .col_expr(C::Used, Expr::col(C::Used).add(1))
        .filter(usable(token, now))
        .exec(transaction)
        .await?;
    if counted.rows_affected == 0 {
        return Err(Code::InvitationInvalid.into());
    }
    let by_token = C::TokenHash.eq(invitations::token_hash(token));
    let row = invitations::Entity::find().filter(by_token).one(transaction).await?;
    Ok(check_inviter(transaction, row).await?.0)
}

/// Notes who used an invitation, and the rooms that they join.
pub(super) async fn record_use(
    transaction: &Transaction,
    invitation: &invitations::Model,
    user: UserId,
    now: i64,
) -> Result<()> {
    let row =
        invitation_uses::Model { invitation_id: invitation.id, user_id: user.0, created_at: now };
    row.into_active_model().reset_all().insert(transaction).await?;
    let joins = invitation.rooms.0.iter().map(|room| pending_joins::Model {
        user_id: user.0,
        room_id: *room,
        invited_by: invitation.created_by,
        created_at: now,
    });
    insert_joins(transaction, user, joins).await
}

/// Notes joins of an account, which [`finish_joins`] executes after the commit.
pub(super) async fn insert_joins(
    transaction: &Transaction,
    user: UserId,
    joins: impl Iterator<Item = pending_joins::Model>,
) -> Result<()> {
    let joins: Vec<_> = joins.map(|row| row.into_active_model().reset_all()).collect();
    if joins.is_empty() {
        return Ok(());
    }
    use pending_joins::Column as C;
    // Two invitations may name one room, or a default room; the later one counts.
    let update = OnConflict::columns([C::UserId, C::RoomId])
        .update_columns([C::InvitedBy, C::CreatedAt])
        .to_owned();
    let insert = pending_joins::Entity::insert_many(joins).on_conflict(update);
    insert.exec_without_returning(transaction).await?;
    Ok(enqueue(transaction, NewJob::new(JOIN_ROOMS, user.0).after(OVERDUE_AFTER)).await?)
}

/// Uses an invitation for an account that exists, which joins its rooms. Returns those that it is in now.
///
/// An account uses an invitation once: again, it changes nothing, so a retry is harmless, and nobody returns
/// by it to a room from which they were removed. It uses none for rooms that it is in already.
pub async fn accept(app: &App, user: UserId, token: InvitationToken) -> Result<Vec<RoomId>> {
    let db = &app.db.reader;
    if let Ok((row, _)) = find_usable(db, &token, now()).await {
        let joined = joined_among(db, user, &row.rooms.0).await?;
        if joined.len() == row.rooms.0.len() {
            return Ok(joined);
        }
    }
    let handles = app.clone();
    let rooms = run_to_completion(app.db.backend(), async move {
        let transaction = handles.db.begin().await?;
        let now = now();
        let used_up = consume(&transaction, &token, now).await;
        // After the count, for which a concurrent request of this account has to wait.
        if let Some(row) = used_before(&transaction, &token, user).await? {
            return Ok(row.rooms.0);
        }
        let invitation = used_up?;
        record_use(&transaction, &invitation, user, now).await?;
        transaction.commit().await?;
        Ok(invitation.rooms.0)
    })
    .await?;
    finish_joins(app, user).await?;
    joined_among(db, user, &rooms).await
}

/// The invitation with a token, if the account has used it.
async fn used_before(
    db: &impl Connection,
    token: &InvitationToken,
    user: UserId,
) -> Result<Option<invitations::Model>> {
    let by_token = invitations::Column::TokenHash.eq(invitations::token_hash(token));
    let row = invitations::Entity::find().filter(by_token).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let used = invitation_uses::Entity::find_by_id((row.id, user.0)).one(db).await?;
    Ok(used.map(|_| row))
}

/// Those of the rooms that an account is in, by id.
async fn joined_among(db: &impl Connection, user: UserId, ids: &[i64]) -> Result<Vec<RoomId>> {
    use members::Column as C;
    let joined = members::Entity::find()
        .select_only()
        .column(C::RoomId)
        .inner_join(rooms::Entity)
        .filter(C::UserId.eq(user.0))
        .filter(C::HasLeft.eq(false))
        .filter(C::RoomId.is_in(ids.iter().copied()))
        .filter(rooms::Column::DeletedAt.is_null())
        .order_by_asc(C::RoomId);
    let joined = joined.into_tuple::<i64>().all(db).await?;
    Ok(joined.into_iter().map(RoomId).collect())
}

/// Executes the pending joins of an account after the commit of what noted them. After a failure, the job
/// executes them.
pub(super) async fn try_finish_joins(app: &App, user: UserId) {
    if let Err(error) = finish_joins(app, user).await {
        tracing::warn!(%error, "an account joins its rooms later");
    }
}

/// Executes the pending joins of an account.
pub(super) async fn finish_joins(app: &App, user: UserId) -> Result<()> {
    use pending_joins::Column as C;
    let pending = pending_joins::Entity::find().filter(C::UserId.eq(user.0));
    let pending = pending.order_by_asc(C::CreatedAt).order_by_asc(C::RoomId);
    let mut failure = None;
    for join in pending.all(&app.db.reader).await? {
        let join = JoinByInvitation { room: join.room_id.into(), user: join.user_id.into() };
        // A room that cannot be joined now must not keep the others from it.
        if let Err(error) = app.ledger.write(join).await {
            failure.get_or_insert(error);
        }
    }
    failure.map_or(Ok(()), Err)
}
