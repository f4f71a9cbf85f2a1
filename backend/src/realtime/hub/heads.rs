//! Where several nodes share a database, what no hint told is found there: the heads of the rooms
//! that are listened to are compared every second, and four times as often while hints do not come.
//! So losing Redis costs a moment, and never a change.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::{
    ids::{Rev, RoomId, SessionId, UserId},
    messages::Changes,
    rules,
};
use uuid::Uuid;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Ended, Hub};
use crate::{
    Result,
    failpoints::{Fault, has},
    tables::{changes_since, rooms, sessions, users},
};

const TICK: Duration = Duration::from_millis(250);
/// Ticks between two comparisons while hints come, and always between two looks at the sign-ins
/// behind the sockets: that hints do not come is noticed too late for who must be out at once.
const RELAXED: u32 = 4;
/// Rows that are asked for at a time.
const CHUNK: usize = 1_000;

impl Hub {
    /// Starts comparing; ends with the runtime.
    pub(super) fn watch_heads(&self) {
        let hub = self.clone();
        tokio::spawn(async move {
            let mut tick = interval(TICK);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for nth in 0u32.. {
                tick.tick().await;
                let hints = hub.relay_is_up() == Some(true);
                if nth.is_multiple_of(if hints { RELAXED } else { 1 }) {
                    hub.log_failure(hub.compare_heads(None).await);
                }
                if nth.is_multiple_of(RELAXED) {
                    hub.log_failure(hub.compare_sign_ins().await);
                }
            }
        });
    }

    fn log_failure(&self, done: Result<()>) {
        if let Err(error) = done {
            tracing::debug!(%error, "the rooms could not be compared with the database");
        }
    }

    /// Reads the rooms that have changes which were not told: of these, or of all that are listened
    /// to.
    pub(super) async fn compare_heads(&self, only: Option<Vec<RoomId>>) -> Result<()> {
        if has(Fault::NoCatchUp) {
            return Ok(());
        }
        let began = Instant::now();
        let known = self.state().heads(only.as_deref());
        for part in known.chunks(CHUNK) {
            let ids = part.iter().map(|(room, _)| room.0);
            let select = rooms::Entity::find()
                .select_only()
                .columns([rooms::Column::Id, rooms::Column::LastRev])
                .filter(rooms::Column::Id.is_in(ids))
                .filter(rooms::Column::DeletedAt.is_null())
                .into_tuple::<(i64, i64)>();
            let rows = select.all(&self.0.db.reader).await?;
            let rows: HashMap<i64, i64> = rows.into_iter().collect();
            for (room, told) in part {
                match rows.get(&room.0) {
                    None => self.state().room_deleted(*room),
                    Some(last) if Rev(*last) > *told => self.read(*room).await,
                    Some(_) => {}
                }
            }
        }
        metrics::histogram!("hallway_heads_seconds").record(began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Reads what was not told of a room, and tells it.
    pub(super) async fn read(&self, room: RoomId) {
        let Some(told) = self.state().told(room) else { return };
        match self.missing(room, told).await {
            Ok(Some((found, head))) => self.state().catch_up(room, found.changes, head),
            Ok(None) => self.state().room_deleted(room),
            Err(error) => tracing::debug!(%error, %room, "a room could not be read"),
        }
    }

    /// A room's changes after one, and its head; nothing if it is no more.
    async fn missing(&self, room: RoomId, told: Rev) -> Result<Option<(Changes, Rev)>> {
        let db = &self.0.db.reader;
        let row = rooms::Entity::find_by_id(room.0).filter(rooms::Column::DeletedAt.is_null());
        let Some(row) = row.one(db).await? else { return Ok(None) };
        let found = changes_since(db, &row, told, rules::CHANGES_MAX).await?;
        Ok(Some((found, Rev(row.last_rev))))
    }

    /// Closes sockets whose sign-in has ended or whose account is shut, and nobody said so.
    pub(super) async fn compare_sign_ins(&self) -> Result<()> {
        let (sign_ins, people) = self.state().sign_ins();
        let db = &self.0.db.reader;
        for part in sign_ins.chunks(CHUNK) {
            let there: Vec<Uuid> = sessions::Entity::find()
                .select_only()
                .column(sessions::Column::Id)
                .filter(sessions::Column::Id.is_in(part.iter().map(|session| session.0)))
                .into_tuple()
                .all(db)
                .await?;
            let there: HashSet<Uuid> = there.into_iter().collect();
            for session in part.iter().filter(|session| !there.contains(&session.0)) {
                self.ended(&Ended::Session(*session));
            }
        }
        for part in people.chunks(CHUNK) {
            let shut: Vec<i64> = users::Entity::find()
                .select_only()
                .column(users::Column::Id)
                .filter(users::Column::Id.is_in(part.iter().map(|user| user.0)))
                .filter(users::Column::IsDisabled.eq(true))
                .into_tuple()
                .all(db)
                .await?;
            for user in shut {
                self.ended(&Ended::User(UserId(user)));
            }
        }
        Ok(())
    }
}

impl super::State {
    /// The rooms of which something was told, and up to where.
    fn heads(&self, only: Option<&[RoomId]>) -> Vec<(RoomId, Rev)> {
        match only {
            Some(rooms) => {
                rooms.iter().filter_map(|room| Some((*room, self.told(*room)?))).collect()
            }
            None => self.rooms.iter().filter_map(|(room, r)| Some((*room, r.told?))).collect(),
        }
    }

    fn told(&self, room: RoomId) -> Option<Rev> {
        self.rooms.get(&room)?.told
    }

    /// The sign-ins behind the sockets, and the people behind those that have none.
    fn sign_ins(&self) -> (Vec<SessionId>, Vec<UserId>) {
        let (mut sign_ins, mut people) = (HashSet::new(), HashSet::new());
        for listener in self.listeners.values() {
            match listener.session {
                Some(session) => _ = sign_ins.insert(session),
                None => _ = people.insert(listener.user),
            }
        }
        (sign_ins.into_iter().collect(), people.into_iter().collect())
    }
}
