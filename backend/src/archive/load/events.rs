//! The lines of events, which follow the messages of their room.

use anyhow::{Result, bail};
use shared::{problem::FieldError, rules::ROOM_NAME_MAX_CHARS};

use super::{Loader, invalid_line};
use crate::archive::{check, lines::Event};

impl Loader<'_> {
    pub(super) fn load_event(&mut self, line: Event) -> Result<()> {
        let invalid = |error| invalid_line("event", error);
        self.check_account("by", line.by).map_err(invalid)?;
        line.user.map_or(Ok(()), |user| self.check_account("user", user)).map_err(invalid)?;
        let room = self.current_room.as_mut().filter(|room| room.line.id == line.room);
        let Some(room) = room.filter(|room| room.last_seq == room.line.last_seq) else {
            bail!("event: must come after its room and the room's messages");
        };
        check::range("rev", line.rev, room.last_event_rev + 1, room.line.last_rev)
            .map_err(invalid)?;
        check::range("after_seq", line.after_seq, 0, room.last_seq).map_err(invalid)?;
        for (field, name) in [("from", &line.from), ("to", &line.to)] {
            let name = name.as_deref().unwrap_or_default();
            if name.chars().count() > ROOM_NAME_MAX_CHARS || name.contains('\0') {
                let message =
                    format!("must be at most {ROOM_NAME_MAX_CHARS} characters without U+0000");
                return Err(invalid(FieldError::new(field, message)));
            }
        }
        check::timestamp("at", line.at).map_err(invalid)?;
        room.last_event_rev = line.rev;
        self.counts.events += 1;
        self.batch.events.push(line.into());
        Ok(())
    }
}
