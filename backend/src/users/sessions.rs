//! Creates, lists and ends sessions.

use std::{net::IpAddr, time::Duration};

use axum::http::{HeaderMap, header};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
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
    background::catch_panic,
    realtime::hub::Revocation,
    tables::{now, sessions, to_timestamp},
};

/// Maximum number of sessions of an account; a login beyond it ends the oldest session.
const MAX_SESSIONS: u64 = 100;
const USER_AGENT_MAX_CHARS: usize = 255;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// Creates a session. 401 for a wrong username or password or a disabled account (the response does
/// not say which), 429 after too many failed attempts.
pub async fn sign_in(
    app: &App,
    address: IpAddr,
    headers: &HeaderMap,
    request: SignIn,
) -> Result<SignedIn> {
    let origin = app.auth.login_origin(address, headers);
    let verified = app.auth.verify_credentials(&origin, &request.username, request.password);
    let verified = verified.await?;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let user_agent = user_agent.unwrap_or_default().chars().filter(|c| !c.is_control());
    let user_agent = user_agent.take(USER_AGENT_MAX_CHARS).collect();
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let created_at = now();
        let seconds = i64::from(app.settings.session_days) * 86_400;
        let row = sessions::Model {
            id: Uuid::now_v7(),
            user_id: verified.id,
            user_agent,
            created_at,
            expires_at: created_at + seconds * MICROS_PER_SECOND,
        };
        let transaction = app.db.begin().await?;
        let user = User::from(lock_if_unmodified(&transaction, &verified).await?);
        sessions::ActiveModel::from(row.clone()).reset_all().insert(&transaction).await?;
        transaction.commit().await?;
        end_oldest(&app, user.id).await?;
        let (id, issued_at) = (SessionId(row.id), created_at / MICROS_PER_SECOND);
        let token = app.auth.sign_token(user.id, id, issued_at, issued_at + seconds)?;
        Ok(SignedIn { token, user, session: to_session(row, Some(id)) })
    })
    .await
}

async fn end_oldest(app: &App, user: UserId) -> Result<()> {
    let oldest = newest_first(user).offset(MAX_SESSIONS).limit(MAX_SESSIONS);
    for row in oldest.all(&app.db.reader).await? {
        delete(app, SessionId(row.id)).await?;
    }
    Ok(())
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
        let row = sessions::Entity::find_by_id(session.0).one(&app.db.reader).await?;
        match row {
            Some(row) if row.user_id == user.0 => delete(&app, session).await,
            _ => Err(Code::NotFound.into()),
        }
    })
    .await
}

async fn delete(app: &App, session: SessionId) -> Result<()> {
    sessions::Entity::delete_by_id(session.0).exec(&app.db.writer).await?;
    revoke(app, [session]);
    Ok(())
}

/// Deletes the rows of all sessions of an account except one, and returns their ids. The caller commits
/// the transaction and then passes the ids to [`revoke`].
pub(super) async fn delete_others(
    db: &impl ConnectionTrait,
    user: UserId,
    except: Option<SessionId>,
) -> Result<Vec<SessionId>> {
    let rows = newest_first(user).all(db).await?;
    let others = rows.iter().map(|row| SessionId(row.id)).filter(|id| Some(*id) != except);
    let others: Vec<_> = others.collect();
    sessions::Entity::delete_many()
        .filter(sessions::Column::UserId.eq(user.0))
        .filter(sessions::Column::Id.is_in(others.iter().map(|id| id.0)))
        .exec(db)
        .await?;
    Ok(others)
}

/// Closes the sockets of deleted sessions on all nodes and removes them from the caches.
pub(super) fn revoke(app: &App, sessions: impl IntoIterator<Item = SessionId>) {
    for session in sessions {
        app.hub.revoke(Revocation::Session(session));
    }
}

/// Deletes expired sessions, at the start and then once an hour, at most 10 000 each time.
/// Authentication rejects expired sessions by itself; the deletion frees the rows and closes sockets
/// that outlived their session.
pub async fn delete_expired_sessions(app: App) {
    loop {
        let result = catch_panic("session cleanup", delete_expired(&app)).await;
        if let Some(Err(error)) = result {
            tracing::warn!(%error, "cannot delete expired sessions");
        }
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
}

async fn delete_expired(app: &App) -> Result<()> {
    let expired = sessions::Entity::find()
        .filter(sessions::Column::ExpiresAt.lte(now()))
        .limit(10_000)
        .all(&app.db.reader)
        .await?;
    for row in expired {
        delete(app, SessionId(row.id)).await?;
    }
    Ok(())
}

/// Parses the session in a URL, a UUID or `current`; 404 for anything else.
pub(super) fn parse_id(text: &str, current: Option<SessionId>) -> Result<SessionId> {
    let id = if text == "current" { current } else { text.parse().ok() };
    id.ok_or_else(|| Error::from(Code::NotFound))
}
