//! A short-lived cache of the accounts of sessions. The `sessions` table is authoritative.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use moka::sync::Cache;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{
    ids::{SessionId, UserId},
    users::User,
};

use crate::{
    Result,
    realtime::hub::Revocation,
    tables::{Database, now, sessions, users},
};

/// Bounds how long a session that another process deleted (such as the command line) still works;
/// revocation is promised within 2 s.
const TIME_TO_LIVE: Duration = Duration::from_millis(1_500);

#[derive(Clone)]
pub(super) struct SessionCache {
    /// The account and the expiry of a session.
    users: Cache<SessionId, (User, i64)>,
    /// Counts invalidations. A lookup that began before an invalidation must not leave its row in the
    /// cache.
    generation: Arc<AtomicU64>,
}

impl Default for SessionCache {
    fn default() -> Self {
        let users = Cache::builder().max_capacity(100_000).time_to_live(TIME_TO_LIVE).build();
        Self { users, generation: Arc::default() }
    }
}

impl SessionCache {
    pub(super) fn invalidate(&self, revocation: &Revocation) {
        self.generation.fetch_add(1, SeqCst);
        match revocation {
            Revocation::Session(session) => self.users.invalidate(session),
            Revocation::Account(user) => self.invalidate_user(*user),
            Revocation::Role(user) => self.invalidate_user(user.id),
        }
    }

    fn invalidate_user(&self, id: UserId) {
        for (session, (user, _)) in &self.users {
            if user.id == id {
                self.users.invalidate(&*session);
            }
        }
    }

    /// The account of a session, unless the session has expired or ended, or the account is
    /// disabled.
    pub(super) async fn user(&self, db: &Database, session: SessionId) -> Result<Option<User>> {
        if let Some((user, expires_at)) = self.users.get(&session) {
            return Ok((expires_at > now()).then_some(user));
        }
        let generation = self.generation.load(SeqCst);
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
        if self.generation.load(SeqCst) != generation {
            self.users.invalidate(&session);
        }
        Ok(Some(user))
    }
}
