//! Writes the last use of sessions: what requests noted in the memory of this node, and that sockets are open.
//! A task of each node and no job, because another node does not know the uses of this one.

use std::{net::IpAddr, time::Duration};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};
use shared::ids::SessionId;

use crate::{
    App, Result,
    auth::run_to_completion,
    background::run_periodically,
    tables::{now, sessions},
};

/// How often the uses of sessions are written.
const TICK: Duration = Duration::from_secs(5);
/// How many ticks lie between two writes of the sessions with a socket: 10 minutes.
const SOCKET_TICKS: u32 = 120;
/// The maximum number of sessions in one statement or transaction.
const CHUNK: usize = 100;

/// Writes the uses of sessions; ends with the runtime.
pub async fn write_session_uses(app: App) {
    run_periodically("session uses", TICK, |nth| write(&app, nth)).await;
}

async fn write(app: &App, nth: u32) {
    let mut result = write_uses(app).await;
    if nth.is_multiple_of(SOCKET_TICKS) {
        result = result.and(write_socket_uses(app).await);
    }
    if let Err(error) = result {
        tracing::warn!(%error, "cannot write the last use of sessions");
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
