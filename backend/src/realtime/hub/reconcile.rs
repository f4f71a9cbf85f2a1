//! The reconciler finds changes in the database that the relay lost; it runs where
//! several nodes share a database. It compares the `last_rev` of all subscribed rooms every second,
//! and every 250 ms without a working relay, so an outage of Redis delays changes but loses none.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::{
    ids::{Rev, RoomId},
    messages::{Change, Changes, Row},
    rules,
};
use tokio::time::Instant;

use super::{Hub, Publication, RoomChange, fanout::encode_change};
use crate::{
    Result,
    background::run_periodically,
    failpoints::{Failpoint, is_active},
    tables::{all_changes_since, departures, rooms},
};

const TICK: Duration = Duration::from_millis(250);
/// Ticks between two comparisons of the rooms while the relay is up.
const RELAXED_TICKS: u32 = 4;
/// The maximum number of rows in one query.
const CHUNK: usize = 1_000;

/// A page of the changes of a room that were not published on this node.
struct MissingChanges {
    changes: Vec<Arc<Publication>>,
    /// The `rev` up to which these are all.
    rev: Rev,
    more: bool,
}

impl Hub {
    /// Starts the reconciler; it ends with the runtime.
    pub(super) fn spawn_reconciler(&self) {
        let hub = self.clone();
        tokio::spawn(async move {
            run_periodically("reconciler", TICK, |nth| hub.reconcile_tick(nth)).await;
        });
    }

    async fn reconcile_tick(&self, nth: u32) {
        let relay_is_up = self.relay_is_up() == Some(true);
        if nth.is_multiple_of(if relay_is_up { RELAXED_TICKS } else { 1 }) {
            log_failure(self.reconcile_rooms(None).await);
        }
    }

    /// Publishes on this node the changes of these rooms, or of all subscribed rooms, that are in
    /// the database but were not published.
    pub(super) async fn reconcile_rooms(&self, only: Option<Vec<RoomId>>) -> Result<()> {
        if is_active(Failpoint::NoCatchUp) {
            return Ok(());
        }
        let started = Instant::now();
        let published = self.published_revs(only.as_deref());
        for chunk in published.chunks(CHUNK) {
            let ids = chunk.iter().map(|(room, _)| room.0);
            let select = rooms::Entity::find()
                .select_only()
                .columns([rooms::Column::Id, rooms::Column::LastRev])
                .filter(rooms::Column::Id.is_in(ids))
                .filter(rooms::Column::DeletedAt.is_null())
                .into_tuple::<(i64, i64)>();
            let last_revs = select.all(&self.0.db.reader).await?;
            let last_revs: HashMap<i64, i64> = last_revs.into_iter().collect();
            for (room, published_rev) in chunk {
                match last_revs.get(&room.0) {
                    None => self.lock_room(*room).remove_room(),
                    Some(last) if Rev(*last) > *published_rev => self.publish_missing(*room).await,
                    Some(_) => {}
                }
            }
        }
        metrics::histogram!("hallway_heads_seconds").record(started.elapsed().as_secs_f64());
        Ok(())
    }

    /// Reads the changes of a room that were not published on this node, and publishes them here.
    pub(super) async fn publish_missing(&self, room: RoomId) {
        let Some(mut published) = self.published_rev(room) else { return };
        loop {
            match self.read_changes(room, published).await {
                Ok(Some(MissingChanges { changes, rev, more })) => {
                    self.lock_room(room).catch_up(changes, rev);
                    // A page ends at 1 MiB; one that moves nothing would repeat for ever.
                    if !more || rev <= published {
                        return;
                    }
                    published = rev;
                }
                Ok(None) => return self.lock_room(room).remove_room(),
                Err(error) => {
                    return tracing::debug!(%error, %room, "cannot read the changes of a room");
                }
            }
        }
    }

    /// The published revs of these or all subscribed rooms.
    fn published_revs(&self, only: Option<&[RoomId]>) -> Vec<(RoomId, Rev)> {
        if let Some(rooms) = only {
            let rev = |room: &RoomId| Some((*room, self.published_rev(*room)?));
            return rooms.iter().filter_map(rev).collect();
        }
        let mut revs = Vec::new();
        self.for_each_room(|room, fanout| {
            revs.extend(fanout.published_rev.map(|rev| (room, rev)));
        });
        revs
    }

    fn published_rev(&self, room: RoomId) -> Option<Rev> {
        self.lock_room(room).fanout()?.published_rev
    }

    /// Reads a page of a room's changes after `after`; `None` if the room is deleted.
    async fn read_changes(&self, room: RoomId, after: Rev) -> Result<Option<MissingChanges>> {
        let db = &self.0.db.reader;
        let row = rooms::Entity::find_by_id(room.0).filter(rooms::Column::DeletedAt.is_null());
        let Some(row) = row.one(db).await? else { return Ok(None) };
        let found = all_changes_since(db, &row, after, rules::CHANGES_MAX).await?;
        let Changes { changes, rev, more } = found;
        // Sessions need it to hide those who left before their users came.
        let departures = departures(db, room, &changes).await?;
        let publication = |change: Change| {
            let left_seq = match &change.row {
                Row::Member(member) => departures.get(&member.user.id).copied(),
                Row::Message(_) | Row::Room(_) => None,
            };
            encode_change(RoomChange { left_seq, ..RoomChange::new(room, change) })
        };
        let changes = changes.into_iter().map(publication).collect();
        Ok(Some(MissingChanges { changes, rev, more }))
    }
}

fn log_failure(result: Result<()>) {
    if let Err(error) = result {
        tracing::debug!(%error, "cannot compare subscriptions with the database");
    }
}
