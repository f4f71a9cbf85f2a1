//! Sign-ins. Their rows are the authority; a cache in front of them is emptied the moment one ends.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::http::{HeaderMap, HeaderValue, header};
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

use super::{accounts, to_the_end};
use crate::{
    App, Error, Result, Settings,
    realtime::hub::Ended,
    tables::{Database, now, sessions, to_timestamp, users},
};

/// Sign-ins that one person may have; the oldest end when there are more.
const SESSIONS_MAX: u64 = 100;
/// A session is looked up again after this: what was ended beside this server is out by then, and
/// within the two seconds that are promised.
const CACHED: Duration = Duration::from_millis(1_500);
const SECOND: i64 = 1_000_000;

/// Who the sessions are that were just used.
#[derive(Clone)]
pub(super) struct Cache {
    users: moka::sync::Cache<SessionId, (User, i64)>,
    /// Grows whenever something ends: what was read from the database before must not be kept.
    ends: Arc<AtomicU64>,
}

impl Cache {
    pub(super) fn new() -> Self {
        let users = moka::sync::Cache::builder().max_capacity(100_000).time_to_live(CACHED);
        Self { users: users.build(), ends: Arc::default() }
    }

    /// Forgets what has ended or is another one.
    pub(super) fn forget_ended(&self, ended: &Ended) {
        match ended {
            Ended::Session(session) => self.forget(*session),
            Ended::User(user) => self.forget_user(*user),
            Ended::Changed(user) => self.forget_user(user.id),
        }
    }

    /// Forgets a session, now that its row is gone.
    fn forget(&self, session: SessionId) {
        self.ends.fetch_add(1, SeqCst);
        self.users.invalidate(&session);
    }

    /// Forgets what it knows of somebody, now that the rows are different.
    fn forget_user(&self, id: UserId) {
        self.ends.fetch_add(1, SeqCst);
        for (session, (user, _)) in &self.users {
            if user.id == id {
                self.users.invalidate(&*session);
            }
        }
    }

    /// Whose session it is, if it goes on and the account is open.
    pub(super) async fn user(&self, db: &Database, session: SessionId) -> Result<Option<User>> {
        if let Some((user, expires_at)) = self.users.get(&session) {
            return Ok((expires_at > now()).then_some(user));
        }
        let ends = self.ends.load(SeqCst);
        let found = sessions::Entity::find_by_id(session.0)
            .filter(sessions::Column::ExpiresAt.gt(now()))
            .find_also_related(users::Entity)
            .one(&db.reader)
            .await?;
        let Some((row, Some(user))) = found else { return Ok(None) };
        if user.is_disabled {
            return Ok(None);
        }
        let user = User::from(user);
        self.users.insert(session, (user.clone(), row.expires_at));
        if self.ends.load(SeqCst) != ends {
            self.users.invalidate(&session);
        }
        Ok(Some(user))
    }
}

/// Signs somebody in: 401 for a wrong name or password (which of them, or that the account is shut,
/// is not said), 429 for too many tries.
pub async fn sign_in(
    app: &App,
    address: IpAddr,
    user_agent: &str,
    wanted: SignIn,
) -> Result<SignedIn> {
    let checked = accounts::verify(app, address, &wanted.username, wanted.password).await?;
    let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(255).collect();
    let app = app.clone();
    to_the_end(app.db.backend(), async move {
        let began = now();
        let row = sessions::Model {
            id: Uuid::now_v7(),
            user_id: checked.id,
            user_agent,
            created_at: began,
            expires_at: began + i64::from(app.settings.session_days) * 86_400 * SECOND,
        };
        let transaction = app.db.begin().await?;
        let user = User::from(accounts::unchanged(&transaction, &checked).await?);
        sessions::ActiveModel::from(row.clone()).reset_all().insert(&transaction).await?;
        transaction.commit().await?;
        end_oldest(&app, user.id).await?;
        let session = SessionId(row.id);
        let to = row.expires_at / SECOND;
        let token = app.users.tokens.sign(user.id, session, began / SECOND, to)?;
        Ok(SignedIn { token, user, session: shown(row, Some(session)) })
    })
    .await
}

async fn end_oldest(app: &App, user: UserId) -> Result<()> {
    let too_many = of(user).offset(SESSIONS_MAX).limit(SESSIONS_MAX).all(&app.db.reader).await?;
    for row in too_many {
        end(app, SessionId(row.id)).await?;
    }
    Ok(())
}

fn of(user: UserId) -> sea_orm::Select<sessions::Entity> {
    sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user.0))
        .order_by_desc(sessions::Column::CreatedAt)
        .order_by_desc(sessions::Column::Id)
}

fn shown(row: sessions::Model, current: Option<SessionId>) -> Session {
    Session {
        id: SessionId(row.id),
        created_at: to_timestamp(row.created_at),
        expires_at: to_timestamp(row.expires_at),
        user_agent: row.user_agent,
        is_current: current == Some(SessionId(row.id)),
    }
}

/// All sign-ins of somebody, newest first.
pub async fn list_sessions(
    app: &App,
    user: UserId,
    current: Option<SessionId>,
) -> Result<SessionList> {
    let going_on = of(user).filter(sessions::Column::ExpiresAt.gt(now())).limit(SESSIONS_MAX);
    let rows = going_on.all(&app.db.reader).await?;
    Ok(SessionList { sessions: rows.into_iter().map(|row| shown(row, current)).collect() })
}

/// Ends one's own session: its token opens nothing any more, its sockets are closed. 404 when there
/// is none or it is somebody else's.
pub async fn end_session(app: &App, user: UserId, session: SessionId) -> Result<()> {
    let app = app.clone();
    to_the_end(app.db.backend(), async move {
        let row = sessions::Entity::find_by_id(session.0).one(&app.db.reader).await?;
        match row {
            Some(row) if row.user_id == user.0 => end(&app, session).await,
            _ => Err(Code::NotFound.into()),
        }
    })
    .await
}

async fn end(app: &App, session: SessionId) -> Result<()> {
    sessions::Entity::delete_by_id(session.0).exec(&app.db.writer).await?;
    app.hub.end(Ended::Session(session));
    Ok(())
}

/// Deletes somebody's sessions but this one, and says which they were. Part of a transaction; what
/// follows its commit is [`closed`].
pub(super) async fn delete_others(
    db: &impl ConnectionTrait,
    user: UserId,
    but: Option<SessionId>,
) -> Result<Vec<SessionId>> {
    let rows = of(user).all(db).await?;
    let others = rows.iter().map(|row| SessionId(row.id)).filter(|id| Some(*id) != but);
    let others: Vec<_> = others.collect();
    sessions::Entity::delete_many()
        .filter(sessions::Column::UserId.eq(user.0))
        .filter(sessions::Column::Id.is_in(others.iter().map(|id| id.0)))
        .exec(db)
        .await?;
    Ok(others)
}

/// Sessions whose rows are gone: nobody may go on under them.
pub(super) fn closed(app: &App, sessions: Vec<SessionId>) {
    for session in sessions {
        app.hub.end(Ended::Session(session));
    }
}

/// Clears expired sign-ins away, now and every hour. They open nothing meanwhile; this is for the
/// disk, and to close sockets that outlived theirs.
pub async fn sweep(app: App) {
    loop {
        if let Err(error) = sweep_once(&app).await {
            tracing::warn!(%error, "expired sessions are still there");
        }
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
}

async fn sweep_once(app: &App) -> Result<()> {
    let expired = sessions::Entity::find()
        .filter(sessions::Column::ExpiresAt.lte(now()))
        .limit(10_000)
        .all(&app.db.reader)
        .await?;
    for row in expired {
        end(app, SessionId(row.id)).await?;
    }
    Ok(())
}

/// The cookie's name. With https it is one that a browser takes from this very host only.
fn cookie_name(settings: &Settings) -> &'static str {
    if settings.is_https() { "__Host-hallway_session" } else { "hallway_session" }
}

fn cookie(settings: &Settings, value: &str, seconds: i64) -> HeaderValue {
    let (name, secure) = (cookie_name(settings), if settings.is_https() { "; Secure" } else { "" });
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// `Set-Cookie` for a browser that signed in.
pub fn session_cookie(app: &App, signed_in: &SignedIn) -> HeaderValue {
    let seconds = i64::from(app.settings.session_days) * 86_400;
    cookie(&app.settings, &signed_in.token, seconds)
}

/// `Set-Cookie` for a browser that signed out.
pub fn clear_session_cookie(app: &App) -> HeaderValue {
    cookie(&app.settings, "", 0)
}

/// The token in a browser's cookies.
pub(super) fn token_in_cookies<'h>(headers: &'h HeaderMap, settings: &Settings) -> Option<&'h str> {
    let name = cookie_name(settings);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// A session's name in an address: `current`, or a UUID.
pub(super) fn named(text: &str, current: Option<SessionId>) -> Result<SessionId> {
    let named = if text == "current" { current } else { text.parse().ok() };
    named.ok_or_else(|| Error::from(Code::NotFound))
}
