//! Catch-up: the session reads from the database the changes that a client missed while it was
//! offline, or that the hub dropped because the client was slow. If the database is unavailable,
//! the session retries every second.

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
    /// Marks the rooms for catch-up whose published changes are ahead of the cursor. Called when
    /// the inbox dropped changes.
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

    /// Reads the room's `last_seq` and its changes after `after`, if the user is still a member.
    /// Takes `&mut self`, because a session is not `Sync`.
    async fn read_changes(&mut self, room: RoomId, after: Option<Rev>) -> Result<(Seq, Changes)> {
        // Otherwise the sockets of one user could take all connections.
        let permit = self.app.limits.catch_ups.of(self.caller.user.id).acquire_owned().await;
        let _permit = permit.map_err(Error::internal)?;
        let db = &self.app.db.reader;
        let (row, _) = queries::find_membership(db, room, self.caller.user.id).await?;
        let last_rev = Rev(row.last_rev);
        let after = after.unwrap_or(last_rev);
        let changes = tables::changes_since(db, &row, after, rules::CHANGES_MAX).await?;
        // If there are more than `CHANGES_MAX`, the session sends a gap up to `last_rev` instead.
        Ok((row.last_seq.into(), Changes { rev: last_rev.max(changes.rev), ..changes }))
    }

    /// Sends the changes, or a gap if there are too many. A client that cannot resume is
    /// disconnected instead of getting a gap.
    async fn replay(
        &mut self,
        room: RoomId,
        after: Option<Rev>,
        last_seq: Seq,
        changes: Changes,
    ) -> SessionResult {
        let rev = changes.rev;
        self.cursors.insert(room, rev);
        self.inbox.init_published_rev(room, rev);
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

    /// Ends a subscription, because the room is deleted or the user is not a member.
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
