//! The lines of the audit log, which follow the last room.

use shared::{problem::FieldError, rules::ROOM_NAME_MAX_CHARS};

use super::super::{check, lines::Entry};
use crate::tables::{AuditRow, Stored, to_timestamp};

/// The maximum length of a value, and of an address, in characters.
const VALUE_MAX: usize = 255;
const ADDRESS_MAX: usize = 45;

impl Entry {
    /// Checks the entry, which follows the one with the id `last_id`.
    pub fn check(&self, last_id: i64, max_id: i64) -> Result<(), FieldError> {
        check::range("id", self.id, last_id + 1, max_id)?;
        for (field, id) in [("actor", self.actor), ("user", self.user), ("room", self.room)] {
            id.map_or(Ok(()), |id| check::range(field, id, 1, check::ID_MAX))?;
        }
        for (field, text, max) in [
            ("room_name", &self.room_name, ROOM_NAME_MAX_CHARS),
            ("from", &self.from, VALUE_MAX),
            ("to", &self.to, VALUE_MAX),
            ("address", &self.address, ADDRESS_MAX),
        ] {
            let text = text.as_deref().unwrap_or_default();
            if text.chars().count() > max || text.contains('\0') {
                let message = format!("must be at most {max} characters without U+0000");
                return Err(FieldError::new(field, message));
            }
        }
        check::timestamp("created_at", self.created_at)
    }
}

impl From<AuditRow> for Entry {
    fn from(row: AuditRow) -> Self {
        let AuditRow {
            id,
            created_at,
            action: Stored(action),
            actor_id: actor,
            user_id: user,
            room_id: room,
            room_name,
            old_value: from,
            new_value: to,
            address,
        } = row;
        let created_at = to_timestamp(created_at);
        Self { id, created_at, action, actor, user, room, room_name, from, to, address }
    }
}

impl From<Entry> for AuditRow {
    fn from(line: Entry) -> Self {
        let Entry { id, created_at, action, actor, user, room, room_name, from, to, address } =
            line;
        Self {
            id,
            created_at: created_at.timestamp_micros(),
            action: Stored(action),
            actor_id: actor,
            user_id: user,
            room_id: room,
            room_name,
            old_value: from,
            new_value: to,
            address,
        }
    }
}
