//! The account watch applies changes of accounts to this node: it closes the sockets whose access is
//! over, and tells the others, and the rooms of the account, about a new role or display name.
//!
//! It hears of a change at once from this node or through the relay. It also reads the log of changed
//! accounts twice a second, because the relay can lose events and the command line has none. Thus a
//! revocation reaches every node within 2 s, and the number of queries depends on the changes, not on the
//! number of sockets.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use shared::{
    ids::{RoomId, UserId},
    problem::Code,
    users::User,
};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::{
    App, Result,
    background::catch_panic,
    realtime::{hub::Credential, ledger::PublishAccount},
    tables::{AccountChangeReader, Connection, members, now, rooms, sessions, users},
};

/// How often the log is read: often enough for 2 s if one attempt fails.
const TICK: Duration = Duration::from_millis(500);
/// The maximum number of accounts in one query.
const CHUNK: usize = 500;
/// The maximum number of members in the ledger's queue at a time.
const WRITES_MAX: usize = 32;

/// Runs the account watch; ends with the runtime.
pub async fn watch_accounts(app: App) {
    let mut log = AccountChangeReader::default();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_tick = tokio::select! {
            () = app.hub.account_changed() => false,
            _ = tick.tick() => true,
        };
        if is_tick {
            app.hub.close_expired(now());
            succeeds(read_log(&app, &mut log)).await;
        }
        let changed = app.hub.take_changed_accounts();
        if changed.is_empty() {
            continue;
        }
        // The ledger's cache knows only the changes by this process.
        app.ledger.invalidate_accounts(changed.iter().copied());
        if succeeds(recheck_all(&app, &changed)).await {
            tokio::spawn(publish(app.clone(), changed));
        } else {
            app.hub.return_changed_accounts(changed);
        }
    }
}

/// Runs a step of the account watch. Returns false if an error or a panic ended it: then the next tick
/// tries it again.
async fn succeeds(step: impl Future<Output = Result<()>>) -> bool {
    match catch_panic("account watch", step).await {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            tracing::debug!(%error, "cannot apply the changes of accounts");
            false
        }
        None => false,
    }
}

/// Notes the changes by other processes. Those by this one were noted when they were announced.
async fn read_log(app: &App, log: &mut AccountChangeReader) -> Result<()> {
    log.skip(app.hub.take_announced_changes());
    let changed = log.read(&app.db.reader).await?;
    changed.into_iter().for_each(|user| app.hub.note_account_change(user));
    Ok(())
}

async fn recheck_all(app: &App, changed: &HashSet<UserId>) -> Result<()> {
    let changed: Vec<_> = changed.iter().copied().collect();
    for chunk in changed.chunks(CHUNK) {
        recheck(app, chunk).await?;
    }
    Ok(())
}

/// Looks up the accounts of which this node has sockets. Takes the sockets before it reads, because a
/// session that begins after the read is not among those that it found.
async fn recheck(app: &App, changed: &[UserId]) -> Result<()> {
    let sockets = app.hub.sockets_of(changed);
    if sockets.is_empty() {
        return Ok(());
    }
    let connected: HashSet<i64> = sockets.iter().map(|(_, found)| found.user.0).collect();
    let db = &app.db.reader;
    let accounts = users::Entity::find().filter(users::Column::Id.is_in(connected.clone()));
    let accounts: HashMap<i64, users::Model> =
        accounts.all(db).await?.into_iter().map(|row| (row.id, row)).collect();
    let sessions: HashMap<Uuid, i64> = sessions::Entity::find()
        .select_only()
        .columns([sessions::Column::Id, sessions::Column::Generation])
        .filter(sessions::Column::UserId.is_in(connected))
        .into_tuple::<(Uuid, i64)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let has_access = |credential: &Credential| {
        let account = accounts.get(&credential.user.0).filter(|account| !account.is_disabled);
        let generation = match credential.session {
            Some(session) => sessions.get(&session.0).copied(),
            None => Some(credential.generation),
        };
        account.is_some_and(|account| generation == Some(account.generation))
    };
    let revoked = sockets.iter().filter(|(_, found)| !has_access(found));
    let revoked: Vec<_> = revoked.map(|(socket, _)| *socket).collect();
    app.hub.close_sockets(&revoked);
    accounts.into_values().for_each(|account| app.hub.send_account(User::from(account)));
    Ok(())
}

/// Publishes the ranks and display names of these accounts in their rooms, where they differ from the
/// published ones. In a task of its own, because an account may be in thousands of rooms.
async fn publish(app: App, changed: HashSet<UserId>) {
    let publish = async {
        let members = outdated_members(&app.db.reader, &changed).await?;
        let write = |(room, user)| {
            let ledger = app.ledger.clone();
            async move { ledger.write(PublishAccount { room, user }).await }
        };
        let mut writes = stream::iter(members).map(write).buffer_unordered(WRITES_MAX);
        while let Some(written) = writes.next().await {
            match written {
                // The room was deleted meanwhile.
                Err(error) if error.code() != Code::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    };
    if !succeeds(publish).await {
        app.hub.return_changed_accounts(changed);
    }
}

async fn outdated_members(
    db: &impl Connection,
    changed: &HashSet<UserId>,
) -> Result<Vec<(RoomId, UserId)>> {
    let changed: Vec<_> = changed.iter().map(|user| user.0).collect();
    let mut outdated = Vec::new();
    for chunk in changed.chunks(CHUNK) {
        use members::Column as M;
        use users::Column as U;
        let differs = |published: M, current: U| {
            Expr::col((members::Entity, published)).ne(Expr::col((users::Entity, current)))
        };
        let is_outdated = differs(M::Rank, U::Rank).or(differs(M::PublishedProfile, U::ProfileRev));
        let rows = members::Entity::find()
            .select_only()
            .columns([members::Column::RoomId, members::Column::UserId])
            .inner_join(users::Entity)
            .inner_join(rooms::Entity)
            .filter(members::Column::UserId.is_in(chunk.iter().copied()))
            .filter(members::Column::HasLeft.eq(false))
            // The ledger publishes them when it takes them out of their rooms.
            .filter(U::DeletedAt.is_null())
            .filter(rooms::Column::DeletedAt.is_null())
            .filter(is_outdated)
            .into_tuple::<(i64, i64)>()
            .all(db)
            .await?;
        outdated.extend(rows.into_iter().map(|(room, user)| (RoomId(room), UserId(user))));
    }
    Ok(outdated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_or_a_panic_is_not_a_success() {
        assert!(succeeds(async { Ok(()) }).await);
        assert!(!succeeds(async { Err(Code::Unavailable.into()) }).await);
        assert!(!succeeds(async { panic!("on purpose") }).await);
    }
}
