//! Recurring writes: the last use of sessions, the deletion of expired ones, of accounts that nobody
//! confirmed and of old log rows, and the joins of invited accounts that a request left over.

use std::{net::IpAddr, time::Duration};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};
use shared::ids::SessionId;

use super::{email, invitation_use::finish_joins, sessions::delete_expired};
use crate::{
    App, Result,
    auth::run_to_completion,
    background::run_periodically,
    tables::{now, prune_account_changes, sessions},
};

/// How often the uses of sessions are written, and left-over joins are tried again.
const TICK: Duration = Duration::from_secs(5);
/// How many ticks lie between two writes of the sessions with a socket, and between two deletions of
/// old log rows: 10 minutes.
const SOCKET_TICKS: u32 = 120;
/// How many ticks lie between two deletions of expired sessions: an hour.
const EXPIRED_TICKS: u32 = 720;
/// The maximum number of sessions in one statement or transaction.
const CHUNK: usize = 100;

/// Runs the upkeep; ends with the runtime.
pub async fn run_upkeep(app: App) {
    run_periodically("session upkeep", TICK, |nth| upkeep(&app, nth)).await;
}

async fn upkeep(app: &App, nth: u32) {
    warn_of_failure(write_uses(app).await, "write the last use of sessions");
    warn_of_failure(finish_joins(app, None).await, "join the rooms of an invitation");
    warn_of_failure(email::remove_expired(app).await, "delete accounts that nobody confirmed");
    if nth.is_multiple_of(SOCKET_TICKS) {
        warn_of_failure(write_socket_uses(app).await, "write the last use of sessions");
        let pruned = prune_account_changes(&app.db.writer).await;
        warn_of_failure(pruned.map_err(Into::into), "delete old account changes");
    }
    if nth.is_multiple_of(EXPIRED_TICKS) {
        let deleted = delete_expired(&app.db.writer).await;
        warn_of_failure(deleted.map_err(Into::into), "delete expired sessions");
    }
}

fn warn_of_failure(result: Result<()>, action: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, "cannot {action}");
    }
}

/// Writes the uses that requests noted, in short transactions, because messages wait for SQLite's
/// writer meanwhile. After a failure the next request of each session notes its use again.
async fn write_uses(app: &App) -> Result<()> {
    let mut uses: Vec<_> = app.auth.take_uses().into_iter().collect();
    // In one order on all nodes: otherwise two could deadlock.
    uses.sort_unstable_by_key(|(session, _)| session.0);
    for chunk in uses.chunks(CHUNK) {
        let (db, chunk) = (app.db.clone(), chunk.to_vec());
        run_to_completion(app.db.backend(), async move {
            let transaction = db.begin().await?;
            for (session, (used_at, address)) in chunk {
                update_use(session, used_at, address).exec(&transaction).await?;
            }
            Ok(transaction.commit().await?)
        })
        .await?;
    }
    Ok(())
}

fn update_use(
    session: SessionId,
    used_at: i64,
    address: IpAddr,
) -> sea_orm::UpdateMany<sessions::Entity> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::UsedAt, used_at.into())
        .col_expr(sessions::Column::Address, Value::from(address.to_string()).into())
        .filter(sessions::Column::Id.eq(session.0))
        .filter(sessions::Column::UsedAt.lt(used_at))
}

/// An open socket is a use, although it makes no requests.
async fn write_socket_uses(app: &App) -> Result<()> {
    let connected: Vec<_> = app.hub.connected_sessions().into_iter().collect();
    for chunk in connected.chunks(CHUNK) {
        sessions::Entity::update_many()
            .col_expr(sessions::Column::UsedAt, now().into())
            .filter(sessions::Column::Id.is_in(chunk.iter().map(|session| session.0)))
            .exec(&app.db.writer)
            .await?;
    }
    Ok(())
}
