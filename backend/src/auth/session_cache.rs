//! A short-lived cache of the callers of sessions. The `sessions` table is authoritative.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{
    ids::{SessionId, UserId},
    users::User,
};

use super::Caller;
use crate::{
    Result,
    tables::{Database, now, sessions, users},
};

/// Bounds how long a session works that ended without this node hearing of it; revocation is promised
/// within 2 s. Counts from the start of the query, which may take long.
const TIME_TO_LIVE: Duration = Duration::from_millis(1_500);
/// The last use of a session is written when the stored one is older, in microseconds.
const USE_INTERVAL: i64 = 600_000_000;
/// The maximum number of uses that wait to be written; further ones are written later.
const USES_MAX: usize = 10_000;

#[derive(Clone)]
pub(super) struct SessionCache {
    /// The caller of a session, and when the query for it began.
    callers: Cache<SessionId, (Arc<Caller>, Instant)>,
    /// Counts invalidations. A lookup that began before an invalidation must not leave its row in the
    /// cache.
    invalidations: Arc<AtomicU64>,
    /// The sessions whose last use has to be written, with its time and the client's address.
    uses: Arc<Mutex<HashMap<SessionId, (i64, IpAddr)>>>,
}

impl Default for SessionCache {
    fn default() -> Self {
        let callers = Cache::builder().max_capacity(100_000).time_to_live(TIME_TO_LIVE).build();
        Self { callers, invalidations: Arc::default(), uses: Arc::default() }
    }
}

impl SessionCache {
    /// Drops the sessions of an account.
    pub(super) fn invalidate(&self, user: UserId) {
        self.invalidations.fetch_add(1, SeqCst);
        for (session, (caller, _)) in &self.callers {
            if caller.user.id == user {
                self.callers.invalidate(&*session);
            }
        }
    }

    /// The caller with a session, unless the session has expired or ended, or the account is
    /// disabled.
    pub(super) async fn find(
        &self,
        db: &Database,
        session: SessionId,
        address: impl FnOnce() -> IpAddr,
    ) -> Result<Option<Caller>> {
        if let Some((caller, read_at)) = self.callers.get(&session)
            && read_at.elapsed() < TIME_TO_LIVE
        {
            let is_valid = !caller.credential().has_expired(now());
            return Ok(is_valid.then(|| Caller::clone(&caller)));
        }
        let (invalidations, read_at) = (self.invalidations.load(SeqCst), Instant::now());
        let found = sessions::Entity::find_by_id(session.0)
            .filter(sessions::Column::ExpiresAt.gt(now()))
            .find_also_related(users::Entity)
            .one(&db.reader)
            .await?;
        let Some((row, Some(user))) = found else { return Ok(None) };
        if user.is_disabled || user.generation != row.generation {
            return Ok(None);
        }
        self.note_use(session, row.used_at, address);
        let caller = Caller {
            generation: user.generation,
            user: User::from(user),
            session: Some(session),
            expires_at: Some(row.expires_at),
        };
        self.callers.insert(session, (Arc::new(caller.clone()), read_at));
        if self.invalidations.load(SeqCst) != invalidations {
            self.callers.invalidate(&session);
        }
        Ok(Some(caller))
    }

    fn note_use(&self, session: SessionId, used_at: i64, address: impl FnOnce() -> IpAddr) {
        let now = now();
        if now - used_at < USE_INTERVAL {
            return;
        }
        let mut uses = self.uses();
        if uses.len() < USES_MAX {
            uses.entry(session).or_insert_with(|| (now, address()));
        }
    }

    /// Takes the uses that wait to be written.
    pub(super) fn take_uses(&self) -> HashMap<SessionId, (i64, IpAddr)> {
        std::mem::take(&mut *self.uses())
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<SessionId, (i64, IpAddr)>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
