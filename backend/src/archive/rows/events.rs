//! The events of a room in an archive.

use super::super::lines::Event;
use crate::tables::{Stored, room_events, to_timestamp};

impl From<room_events::Model> for Event {
    fn from(row: room_events::Model) -> Self {
        let room_events::Model {
            room_id: room,
            rev,
            after_seq,
            kind: Stored(kind),
            actor_id: by,
            user_id: user,
            old_value: from,
            new_value: to,
            created_at,
        } = row;
        Self { room, rev, after_seq, kind, by, user, from, to, at: to_timestamp(created_at) }
    }
}

impl From<Event> for room_events::Model {
    fn from(line: Event) -> Self {
        let Event { room, rev, after_seq, kind, by, user, from, to, at } = line;
        Self {
            room_id: room,
            rev,
            after_seq,
            kind: Stored(kind),
            actor_id: by,
            user_id: user,
            old_value: from,
            new_value: to,
            created_at: at.timestamp_micros(),
        }
    }
}
