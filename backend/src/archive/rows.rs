//! Conversions between archive lines and table rows.
//!
//! They destructure rows field by field, so that a new column does not compile until this module
//! handles it.

use shared::{
    Timestamp,
    access::{Rank, Role, RoomKind},
    rules,
};

mod accounts;
mod events;
mod moderation;
mod profile;
mod server;

pub use moderation::{bans_by_user, reports_by_seq};
pub use profile::AccountNames;

use super::lines::{Member, Message, Room};
use crate::tables::{Stored, members, mentions, messages, rooms, to_timestamp};

impl From<rooms::Model> for Room {
    fn from(row: rooms::Model) -> Self {
        let rooms::Model {
            id,
            name,
            name_key: _,
            sort_key: _,
            topic,
            has_topic,
            kind: Stored(kind),
            direct_key,
            history: Stored(history),
            open_from,
            policies: Stored(policies),
            archived_at,
            is_default,
            created_by,
            created_at,
            updated_at,
            // Of the deleted rooms, only those in the bin are exported.
            deleted_at,
            member_count,
            last_seq,
            last_rev,
            rev,
        } = row;
        let (created_at, updated_at) = (to_timestamp(created_at), to_timestamp(updated_at));
        Self {
            id,
            name,
            topic: has_topic.then_some(topic),
            kind,
            direct_key,
            history,
            open_from,
            policies,
            archived_at: archived_at.map(to_timestamp),
            is_default,
            binned_at: deleted_at.map(to_timestamp),
            created_by,
            created_at,
            updated_at,
            member_count,
            last_seq,
            last_rev,
            rev,
        }
    }
}

impl From<Room> for rooms::Model {
    fn from(line: Room) -> Self {
        Self {
            id: line.id,
            name_key: line.requires_unique_name().then(|| rules::name_key(&line.name)),
            sort_key: rules::name_key(&line.name),
            name: line.name,
            kind: Stored(line.kind),
            direct_key: line.direct_key,
            history: Stored(line.history),
            open_from: line.open_from,
            policies: Stored(line.policies),
            archived_at: line.archived_at.map(|at| at.timestamp_micros()),
            is_default: line.is_default,
            has_topic: line.topic.is_some(),
            topic: line.topic.unwrap_or_default(),
            created_by: line.created_by,
            created_at: line.created_at.timestamp_micros(),
            updated_at: line.updated_at.timestamp_micros(),
            deleted_at: line.binned_at.map(|at| at.timestamp_micros()),
            member_count: line.member_count,
            last_seq: line.last_seq,
            last_rev: line.last_rev,
            rev: line.rev,
        }
    }
}

impl Room {
    /// Whether no other room can have its name.
    pub fn requires_unique_name(&self) -> bool {
        self.kind == RoomKind::Open && self.binned_at.is_none()
    }
}

impl From<members::Model> for Member {
    fn from(row: members::Model) -> Self {
        let members::Model {
            room_id: room,
            user_id: user,
            joined_at,
            has_left,
            left_seq,
            read_seq,
            rev,
            role: Stored(role),
            // That of the account.
            rank: _,
            visible_from,
            hidden_seq,
            // That of the account.
            published_profile: _,
            favourite,
            is_muted,
            timed_out_until,
            // It only shortens the next wait of slow mode.
            last_post_at: _,
        } = row;
        let joined_at = to_timestamp(joined_at);
        let (left, role) = (has_left, Some(role));
        Self {
            room,
            user,
            joined_at,
            left,
            left_seq,
            read_seq,
            rev,
            role,
            visible_from,
            hidden_seq,
            favourite,
            is_muted,
            timed_out_until: timed_out_until.map(to_timestamp),
            ban: None,
        }
    }
}

impl Member {
    pub fn into_row(self, rank: Rank, role: Role) -> members::Model {
        members::Model {
            room_id: self.room,
            user_id: self.user,
            joined_at: self.joined_at.timestamp_micros(),
            has_left: self.left,
            left_seq: self.left_seq,
            read_seq: self.read_seq,
            rev: self.rev,
            role: Stored(self.role.unwrap_or(role)),
            rank: Stored(rank),
            visible_from: self.visible_from,
            hidden_seq: self.hidden_seq,
            published_profile: 0,
            favourite: self.favourite,
            is_muted: self.is_muted,
            timed_out_until: self.timed_out_until.map(|at| at.timestamp_micros()),
            last_post_at: None,
        }
    }
}

impl Message {
    /// The line of a message; its mentions are ordered by user.
    pub fn new(row: messages::Model, mentions: &[mentions::Model]) -> Self {
        let uncounted = mentions.iter().filter(|mention| !mention.is_counted);
        let uncounted_mentions = uncounted.map(|mention| mention.user_id).collect();
        let mentions = mentions.iter().map(|mention| mention.user_id).collect();
        let messages::Model {
            id,
            room_id: room,
            seq,
            rev,
            user_id: user,
            client_id,
            format: Stored(format),
            content,
            sent_hash,
            reply_to,
            created_at,
            edited_at,
            deleted_at,
            reactions,
        } = row;
        Self {
            id,
            room,
            seq,
            rev,
            user,
            client_id,
            format,
            content,
            sent_hash: sent_hash.as_deref().map(base16ct::lower::encode_string),
            reply_to,
            created_at: to_timestamp(created_at),
            edited_at: edited_at.map(to_timestamp),
            deleted_at: deleted_at.map(to_timestamp),
            mentions,
            reactions: reactions.map(|stored| stored.0).unwrap_or_default(),
            reports: Vec::new(),
            uncounted_mentions,
        }
    }

    pub fn into_rows(self) -> (messages::Model, Vec<mentions::Model>) {
        let micros = |timestamp: Timestamp| timestamp.timestamp_micros();
        let (room_id, seq) = (self.room, self.seq);
        let uncounted = self.uncounted_mentions;
        let mention = |user_id| {
            let is_counted = !uncounted.contains(&user_id);
            mentions::Model { user_id, room_id, seq, is_counted }
        };
        let mentions: Vec<_> = self.mentions.into_iter().map(mention).collect();
        let row = messages::Model {
            id: self.id,
            room_id,
            seq,
            rev: self.rev,
            user_id: self.user,
            client_id: self.client_id,
            format: Stored(self.format),
            content: self.content,
            sent_hash: self.sent_hash.as_deref().and_then(decode_hash),
            reply_to: self.reply_to,
            created_at: micros(self.created_at),
            edited_at: self.edited_at.map(micros),
            deleted_at: self.deleted_at.map(micros),
            reactions: Some(self.reactions).filter(|it| !it.is_empty()).map(Stored),
        };
        (row, mentions)
    }
}

/// Decodes 64 lower-case hexadecimal digits.
pub fn decode_hash(hex: &str) -> Option<Vec<u8>> {
    base16ct::lower::decode_vec(hex).ok().filter(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_without_a_topic_stays_one() {
        let line = |topic: &str| {
            let rest = r#""created_by":1,"created_at":"2026-01-02T03:04:05Z",
                "updated_at":"2026-01-02T03:04:05Z","member_count":0,"last_seq":0,"last_rev":1,"rev":1"#;
            serde_json::from_str::<Room>(&format!("{{\"id\":1,\"name\":\"a\",{topic}{rest}}}"))
        };
        for topic in ["\"topic\":null,", "\"topic\":\"\",", "\"topic\":\"News\","] {
            let room = line(topic).unwrap();
            assert_eq!(Room::from(rooms::Model::from(room.clone())), room);
        }
        assert!(line("").is_err(), "the field is required");
    }
}
