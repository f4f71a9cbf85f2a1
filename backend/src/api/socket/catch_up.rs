//! Catch-up: the session reads from the database the changes that a client missed while it was
//! offline, or that the hub dropped because the client was slow. If the database is unavailable,
//! the session retries every second.

use std::{collections::HashMap, time::Duration};

use shared::{
    access::RoomKind,
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
use crate::{
    Error, Result,
    realtime::hub::Publication,
    rooms::queries,
    tables::{self, Pool, RoomView},
};

/// The maximum number of rooms whose rows one query reads. While their changes are read, a membership may
/// end, so the next query must not be long after.
const VIEWS_MAX: usize = 64;

/// The changes of a room that a client missed.
enum Missed {
    /// The first of them; all, or as many as fit into a page.
    Page {
        changes: Changes,
        /// Whether the client needs the presence of everybody after the last page: a direct room shows it
        /// in the list of rooms, without a request for its members.
        shows_presence: bool,
    },
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
        let rooms: Vec<_> = std::mem::take(&mut self.catching_up).into_iter().collect();
        for rooms in rooms.chunks(VIEWS_MAX) {
            self.catch_up_rooms(rooms).await?;
        }
        Ok(())
    }

    async fn catch_up_rooms(&mut self, rooms: &[(RoomId, Option<Rev>)]) -> SessionResult {
        let views = self.read_views(rooms).await;
        for (room, after) in rooms {
            if self.inbox.has_access_ended() {
                return Err(Some(CloseCode::SessionEnded));
            }
            let missed = match &views {
                Ok(views) => self.read_changes(*room, views.get(room), *after).await,
                Err(error) => Err(error.clone()),
            };
            match missed {
                Ok(missed) => self.replay(*room, *after, missed).await?,
                Err(error) if error.code().is_retryable() => {
                    self.catching_up.insert(*room, *after);
                    self.retry_at = Instant::now() + Duration::from_secs(1);
                }
                Err(error) => self.reject_subscription(*room, error).await?,
            }
        }
        Ok(())
    }

    /// Reads the rooms of which the user is a member.
    async fn read_views(
        &mut self,
        rooms: &[(RoomId, Option<Rev>)],
    ) -> Result<HashMap<RoomId, RoomView>> {
        let rooms = rooms.iter().map(|(room, _)| *room);
        Ok(tables::room_views(&self.app.db.reader, rooms, self.caller.user.id).await?)
    }

    /// Reads the room's `last_seq` and its changes after `after`, if the user is a member. Takes
    /// `&mut self`, because a session is not `Sync`.
    async fn read_changes(
        &mut self,
        room: RoomId,
        view: Option<&RoomView>,
        after: Option<Rev>,
    ) -> Result<Missed> {
        let db = &self.app.db.reader;
        let Some(view) = view else {
            queries::find_room(db, room, &self.caller.user).await?;
            return Err(Code::NotAMember.into());
        };
        self.inbox.confirm_member(room);
        self.visible_from.insert(room, view.first_seq());
        let (last_seq, last_rev) = (Seq(view.last_seq), Rev(view.last_rev));
        let after = after.unwrap_or(last_rev);
        let shows_presence = view.kind.0 == RoomKind::Direct;
        if last_rev == after {
            let changes = Changes { changes: Vec::new(), rev: after, more: false };
            return Ok(Missed::Page { changes, shows_presence });
        }
        // Otherwise the sockets of one user could take all connections.
        let permit = self.app.limits.catch_ups.of(self.caller.user.id).acquire_owned().await;
        let _permit = permit.map_err(Error::internal)?;
        let max = rules::CHANGES_MAX;
        let view = view.clone();
        let read = move |db: Pool| async move {
            if last_rev < after || tables::has_more_changes(&db, &view, after, max).await? {
                return Ok(Missed::TooMany { last_seq, last_rev });
            }
            let changes = tables::changes_since(&db, &view, after, max).await?;
            Ok(Missed::Page { changes, shows_presence })
        };
        db.visit(read).await
    }

    /// Sends the changes, or a gap if there are too many. A client that cannot resume is
    /// disconnected instead of getting a gap.
    async fn replay(&mut self, room: RoomId, after: Option<Rev>, missed: Missed) -> SessionResult {
        let (Changes { changes, rev, more }, shows_presence) = match missed {
            Missed::Page { changes, shows_presence } => (changes, shows_presence),
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
        self.send(&ServerFrame::Subscribed { room, rev }).await?;
        if shows_presence {
            let online = self.app.hub.online_users(room).into_iter().collect();
            self.send(&ServerFrame::Presence { room, online, offline: Vec::new() }).await?;
        }
        Ok(())
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
