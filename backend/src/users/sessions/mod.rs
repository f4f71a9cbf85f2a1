//! Creates, lists and ends sessions.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use shared::{
    ids::{SessionId, UserId},
    problem::Code,
    users::{Session, SessionList, SignIn, SignedIn, User},
};
use uuid::Uuid;

use crate::{
    App, Error, Result,
    auth::{lock_if_unmodified, run_to_completion},
    tables::{
        AccountChange, Connection, Transaction, log_account_change, now, sessions, to_timestamp,
    },
};

mod uses;

pub use uses::write_session_uses;

/// Maximum number of sessions of an account; a login beyond it ends the oldest session.
const MAX_SESSIONS: u64 = 100;
const USER_AGENT_MAX_CHARS: usize = 255;
const MICROS_PER_SECOND: i64 = 1_000_000;
/// The maximum number of expired sessions that one statement deletes, so that it does not hold up
/// other writes.
const EXPIRED_CHUNK: u64 = 10_000;

/// Creates a session; returns it with the headers that set its cookies. 401 for a wrong username or
/// password or a disabled account (the response does not say which), 429 after too many failed attempts.
pub async fn sign_in(
    app: &App,
    address: IpAddr,
    headers: &HeaderMap,
    request: SignIn,
) -> Result<(SignedIn, HeaderMap)> {
    let source = app.auth.login_source(address, headers);
    let verified = app.auth.verify_credentials(&source, &request.username, request.password);
    let verified = verified.await?;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let user_agent = user_agent.unwrap_or_default().chars().filter(|c| !c.is_control());
    let user_agent = user_agent.take(USER_AGENT_MAX_CHARS).collect();
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let created_at = now();
        let seconds = i64::from(app.settings.session_days) * 86_400;
        let transaction = app.db.begin().await?;
        let account = lock_if_unmodified(&transaction, &verified).await?;
        let generation = account.generation;
        let row = sessions::Model {
            id: Uuid::now_v7(),
            user_id: account.id,
            user_agent,
            created_at,
            expires_at: created_at + seconds * MICROS_PER_SECOND,
            generation,
            used_at: created_at,
            address: address.to_string(),
        };
        let user = User::from(account);
        sessions::ActiveModel::from(row.clone()).reset_all().insert(&transaction).await?;
        let change = delete_oldest(&transaction, user.id).await?;
        transaction.commit().await?;
        if let Some(change) = change {
            app.hub.announce_account_change(change);
        }
        let (id, issued_at) = (SessionId(row.id), created_at / MICROS_PER_SECOND);
        let token = app.auth.sign_token(user.id, id, issued_at, issued_at + seconds)?;
        let signed_in = SignedIn { token, user, session: to_session(row, Some(id)) };
        let cookies = app.auth.login_cookies(&signed_in, generation)?;
        Ok((signed_in, cookies))
    })
    .await
}

/// Deletes the sessions of an account beyond `MAX_SESSIONS`. Returns the logged change, if there were any.
async fn delete_oldest(transaction: &Transaction, user: UserId) -> Result<Option<AccountChange>> {
    let oldest = newest_first(user).offset(MAX_SESSIONS).limit(MAX_SESSIONS);
    let oldest: Vec<_> = oldest.all(transaction).await?.iter().map(|row| row.id).collect();
    if oldest.is_empty() {
        return Ok(None);
    }
    let in_oldest = sessions::Column::Id.is_in(oldest);
    sessions::Entity::delete_many().filter(in_oldest).exec(transaction).await?;
    Ok(Some(log_account_change(transaction, user).await?))
}

fn newest_first(user: UserId) -> sea_orm::Select<sessions::Entity> {
    sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user.0))
        .order_by_desc(sessions::Column::CreatedAt)
        .order_by_desc(sessions::Column::Id)
}

fn to_session(row: sessions::Model, current: Option<SessionId>) -> Session {
    Session {
        id: SessionId(row.id),
        created_at: to_timestamp(row.created_at),
        expires_at: to_timestamp(row.expires_at),
        user_agent: row.user_agent,
        used_at: to_timestamp(row.used_at),
        address: row.address,
        is_current: current == Some(SessionId(row.id)),
    }
}

/// The unexpired sessions of an account, newest first, at most `MAX_SESSIONS`.
pub async fn list(app: &App, user: UserId, current: Option<SessionId>) -> Result<SessionList> {
    let unexpired = newest_first(user).filter(sessions::Column::ExpiresAt.gt(now()));
    let rows = unexpired.limit(MAX_SESSIONS).all(&app.db.reader).await?;
    Ok(SessionList { sessions: rows.into_iter().map(|row| to_session(row, current)).collect() })
}

/// Ends a session of the user: its token stops working and its sockets are closed. 404 if the session
/// does not exist or belongs to another user.
pub async fn end(app: &App, user: UserId, session: SessionId) -> Result<()> {
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let deleted = sessions::Entity::delete_by_id(session.0)
            .filter(sessions::Column::UserId.eq(user.0))
            .exec(&transaction)
            .await?;
        if deleted.rows_affected == 0 {
            return Err(Code::NotFound.into());
        }
        let change = log_account_change(&transaction, user).await?;
        transaction.commit().await?;
        app.hub.announce_account_change(change);
        Ok(())
    })
    .await
}

/// Deletes all sessions of an account except one. The caller logs the change of the account.
pub(super) async fn delete_all(
    transaction: &Transaction,
    user: UserId,
    except: Option<SessionId>,
) -> Result<()> {
    let mut delete = sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(user.0));
    if let Some(except) = except {
        delete = delete.filter(sessions::Column::Id.ne(except.0));
    }
    delete.exec(transaction).await?;
    Ok(())
}

/// Keeps a session while the account moves on to a generation.
pub(super) async fn set_generation(
    transaction: &Transaction,
    session: SessionId,
    generation: i64,
) -> Result<()> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::Generation, generation.into())
        .filter(sessions::Column::Id.eq(session.0))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Deletes all expired sessions to free their rows, at most `EXPIRED_CHUNK` with each statement (more only
/// if they expire in the same microsecond). The databases have no common `DELETE .. LIMIT`, so each round
/// looks up the last row of its chunk.
pub(super) async fn delete_expired(db: &impl Connection) -> Result<(), DbErr> {
    let now = now();
    loop {
        let last: Option<i64> = sessions::Entity::find()
            .select_only()
            .column(sessions::Column::ExpiresAt)
            .filter(sessions::Column::ExpiresAt.lte(now))
            .order_by_asc(sessions::Column::ExpiresAt)
            .offset(EXPIRED_CHUNK - 1)
            .limit(1)
            .into_tuple()
            .one(db)
            .await?;
        let expired = sessions::Column::ExpiresAt.lte(last.unwrap_or(now));
        sessions::Entity::delete_many().filter(expired).exec(db).await?;
        if last.is_none() {
            return Ok(());
        }
    }
}

/// Parses the session in a URL, a UUID or `current`; 404 for anything else.
pub(super) fn parse_id(text: &str, current: Option<SessionId>) -> Result<SessionId> {
    let id = if text == "current" { current } else { text.parse().ok() };
    id.ok_or_else(|| Error::from(Code::NotFound))
}
