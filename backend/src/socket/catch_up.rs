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

/// The changes of a room that a client missed.
enum Missed {
    /// The first of them; all, or as many as fit into a page.
    Page(Changes),
    /// More than [`rules::CHANGES_MAX`], or none because the client is ahead of the room, which was
    /// restored from a backup: the client has to load the room again.
    TooMany { last_seq: Seq, last_rev: Rev },
}

impl<C: Codec> Session<C> {
    /// Marks the rooms for catch-up whose published changes are ahead of the cursor. Called when
    /// the inbox dropped changes.
    pub(super) fn mark_lagging_rooms(&mut self) {
        for (room, cursor) in &self.cursors {
            if self.inbox.published_rev(*room) > *cursor {
                self.catching_up.entry(*room).or_insert(Some(*cursor));
            }
        }
    }

    /// Reads and sends a page of the missed changes of each room that is catching up.
    pub(super) async fn catch_up(&mut self) -> SessionResult {
        for (room, after) in std::mem::take(&mut self.catching_up) {
            if self.inbox.has_access_ended() {
                return Err(Some(CloseCode::SessionEnded));
            }
            match self.read_changes(room, after).await {
                Ok(missed) => self.replay(room, after, missed).await?,
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
    async fn read_changes(&mut self, room: RoomId, after: Option<Rev>) -> Result<Missed> {
        // Otherwise the sockets of one user could take all connections.
        let permit = self.app.limits.catch_ups.of(self.caller.user.id).acquire_owned().await;
        let _permit = permit.map_err(Error::internal)?;
        let db = &self.app.db.reader;
        let (row, _) = queries::find_membership(db, room, self.caller.user.id).await?;
        self.inbox.confirm_member(room);
        let (last_seq, last_rev) = (Seq(row.last_seq), Rev(row.last_rev));
        let after = after.unwrap_or(last_rev);
        let max = rules::CHANGES_MAX;
        if last_rev < after || tables::has_more_changes(db, &row, after, max).await? {
            return Ok(Missed::TooMany { last_seq, last_rev });
        }
        Ok(Missed::Page(tables::changes_since(db, &row, after, max).await?))
    }

    /// Sends the changes, or a gap if there are too many. A client that cannot resume is
    /// disconnected instead of getting a gap.
    async fn replay(&mut self, room: RoomId, after: Option<Rev>, missed: Missed) -> SessionResult {
        let Changes { changes, rev, more } = match missed {
            Missed::Page(page) => page,
            Missed::TooMany { .. } if !self.codec.can_resume() => {
                return Err(Some(CloseCode::TooSlow));
            }
            Missed::TooMany { last_seq, last_rev: to_rev } => {
                self.cursors.insert(room, to_rev);
                self.inbox.init_published_rev(room, to_rev);
                let from_rev = after.unwrap_or(to_rev);
                return self.send(&ServerFrame::Gap { room, from_rev, to_rev, last_seq }).await;
            }
        };
        self.cursors.insert(room, rev);
        for change in changes {
            let text = self.codec.encode_change(&Publication::new(room, change, None));
            self.send_text(text).await?;
        }
        if more {
            // The page ended early because of its size. The next one comes after a flush.
            self.catching_up.insert(room, Some(rev));
            self.retry_at = Instant::now();
            return Ok(());
        }
        self.inbox.init_published_rev(room, rev);
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
