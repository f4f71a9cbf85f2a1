//! Catch-up: the session reads from the database what a client missed, and what the hub dropped
//! because the client was slow. If the database is down, the session tries again every second.

use std::time::Duration;

use shared::{
    ids::{Rev, RoomId, Seq},
    live::{CloseCode, RemovedReason, ServerFrame},
    messages::Changes,
    problem::Code,
    rules,
};
use tokio::time::Instant;

use super::{
    Codec,
    session::{Session, SessionResult},
};
use crate::{Error, Result, realtime::hub::Publication, rooms::queries, tables};

impl<C: Codec> Session<C> {
    /// The inbox dropped changes: rooms with published changes after the cursor have to catch up.
    pub(super) fn mark_lagging_rooms(&mut self) {
        for (room, cursor) in &self.cursors {
            if self.inbox.published_rev(*room) > *cursor {
                self.catching_up.insert(*room, Some(*cursor));
            }
        }
    }

    /// Reads and sends the missed changes of all rooms that are catching up.
    pub(super) async fn catch_up(&mut self) -> SessionResult {
        for (room, after) in std::mem::take(&mut self.catching_up) {
            match self.read_changes(room, after).await {
                Ok((last_seq, changes)) => self.replay(room, after, last_seq, changes).await?,
                Err(error) if error.code().is_retryable() => {
                    self.catching_up.insert(room, after);
                    self.retry_at = Instant::now() + Duration::from_secs(1);
                }
                Err(error) => self.reject_subscription(room, error).await?,
            }
        }
        Ok(())
    }

    /// The changes after `after`, if the user is still a member. `&mut`, because a session is not
    /// `Sync`.
    async fn read_changes(&mut self, room: RoomId, after: Option<Rev>) -> Result<(Seq, Changes)> {
        let db = &self.app.db.reader;
        let (row, _) = queries::find_membership(db, room, self.caller.user.id).await?;
        let last_rev = Rev(row.last_rev);
        let after = after.unwrap_or(last_rev);
        let changes = tables::changes_since(db, &row, after, rules::CHANGES_MAX).await?;
        // If there are more than one response takes, the session sends a gap up to `last_rev`.
        Ok((row.last_seq.into(), Changes { rev: last_rev.max(changes.rev), ..changes }))
    }

    async fn replay(
        &mut self,
        room: RoomId,
        after: Option<Rev>,
        last_seq: Seq,
        changes: Changes,
    ) -> SessionResult {
        let rev = changes.rev;
        self.cursors.insert(room, rev);
        self.inbox.caught_up(room, rev);
        if changes.more && !self.codec.can_resume() {
            return Err(Some(CloseCode::TooSlow));
        }
        if changes.more {
            let from_rev = after.unwrap_or(rev);
            return self.send(&ServerFrame::Gap { room, from_rev, to_rev: rev, last_seq }).await;
        }
        for change in changes.changes {
            let text = self.codec.encode_change(&Publication::new(room, change, None));
            self.send_text(text).await?;
        }
        self.send(&ServerFrame::Subscribed { room, rev }).await
    }

    /// The room is deleted, or the user is no member (any more).
    async fn reject_subscription(&mut self, room: RoomId, error: Error) -> SessionResult {
        self.inbox.unsubscribe(room);
        let reason = match error.code() {
            Code::NotFound => RemovedReason::RoomDeleted,
            _ => RemovedReason::Removed,
        };
        self.send(&ServerFrame::Error { problem: *error.problem }).await?;
        self.end_subscription(room, reason).await
    }
}
