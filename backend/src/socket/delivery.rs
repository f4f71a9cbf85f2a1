//! Catching up: what a socket has missed, and what was dropped because it was slow, is read from
//! the database. While that is away the room waits here and is tried again each second.

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
    Wire,
    session::{Ended, Session},
};
use crate::{Error, Result, realtime::hub::Event, rooms::queries, tables};

impl<W: Wire> Session<W> {
    /// Events were dropped: whatever was told and is not delivered is to be read.
    pub(super) fn note_lag(&mut self) {
        for (room, sent) in &self.sent {
            if self.inbox.head(*room) > *sent {
                self.behind.insert(*room, Some(*sent));
            }
        }
    }

    /// Reads what is missing of every room that is behind.
    pub(super) async fn catch_up(&mut self) -> Ended {
        for (room, after) in std::mem::take(&mut self.behind) {
            match self.missing(room, after).await {
                Ok((last_seq, changes)) => self.replay(room, after, last_seq, changes).await?,
                Err(error) if error.code().is_retryable() => {
                    self.behind.insert(room, after);
                    self.retry = Instant::now() + Duration::from_secs(1);
                }
                Err(error) => self.refused(room, error).await?,
            }
        }
        Ok(())
    }

    /// What changed after `after`, if the caller is still in the room.
    async fn missing(&mut self, room: RoomId, after: Option<Rev>) -> Result<(Seq, Changes)> {
        let db = &self.app.db.reader;
        let (row, _) = queries::membership(db, room, self.caller.user.id).await?;
        let after = after.unwrap_or(Rev(row.last_rev));
        let changes = tables::changes_since(db, &row, after, rules::CHANGES_MAX).await?;
        let head = Rev(row.last_rev);
        // Of more than one answer takes, nothing is sent: the client reads the room anew.
        Ok((row.last_seq.into(), Changes { rev: head.max(changes.rev), ..changes }))
    }

    async fn replay(
        &mut self,
        room: RoomId,
        after: Option<Rev>,
        last_seq: Seq,
        changes: Changes,
    ) -> Ended {
        let rev = changes.rev;
        self.sent.insert(room, rev);
        self.inbox.reached(room, rev);
        if changes.more && !self.wire.can_resume() {
            return Err(Some(CloseCode::TooSlow));
        }
        if changes.more {
            let from_rev = after.unwrap_or(rev);
            return self.say(&ServerFrame::Gap { room, from_rev, to_rev: rev, last_seq }).await;
        }
        for change in changes.changes {
            let text = self.wire.event(&Event::new(room, change));
            self.feed(text).await?;
        }
        self.say(&ServerFrame::Subscribed { room, rev }).await
    }

    /// A room that may not be read (any more).
    async fn refused(&mut self, room: RoomId, error: Error) -> Ended {
        self.inbox.leave(room);
        let reason = match error.code() {
            Code::NotFound => RemovedReason::RoomDeleted,
            _ => RemovedReason::Removed,
        };
        self.say(&ServerFrame::Error { problem: *error.problem }).await?;
        self.removed(room, reason).await
    }
}
