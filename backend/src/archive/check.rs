//! Validation of single archive lines, so that an import cannot create rows that no server could have
//! written. Checks that involve several lines are in [`super::load`].

use std::ops::RangeInclusive;

use chrono::Datelike;
use shared::{
    Timestamp,
    access::RoomKind,
    ids::NUMBER_MAX,
    problem::FieldError,
    rules::{self, MENTIONS_MAX},
    unicode,
};

use super::{
    lines::{Member, Message, Room, Server, User},
    rows::decode_hash,
};
use crate::auth::check_password_hash;

/// The greatest id, `seq` and `rev`: half of [`NUMBER_MAX`], so that the server can assign further ones
/// that clients can read.
pub const ID_MAX: i64 = NUMBER_MAX / 2;
/// The valid years of timestamps: RFC 3339 allows only four digits.
const YEARS: RangeInclusive<i32> = 1970..=9999;

type Result = std::result::Result<(), FieldError>;

pub fn server(line: &Server) -> Result {
    rules::validate_stored_name("name", &line.name, rules::SERVER_NAME_MAX_CHARS)
}

pub fn user(line: &User) -> Result {
    range("id", line.id, 1, ID_MAX)?;
    rules::validate_stored_name("username", &line.username, rules::USERNAME_MAX_CHARS)?;
    normalized("username", &line.username, &unicode::nfc(&line.username))?;
    check_password_hash(&line.password_hash)?;
    timestamp("created_at", line.created_at)
}

pub fn room(line: &Room) -> Result {
    range("id", line.id, 1, ID_MAX)?;
    let is_direct = line.kind == RoomKind::Direct;
    if is_direct != line.name.is_empty() || is_direct != line.direct_key.is_some() {
        let message =
            "and direct_key: a direct room has a key and no name, any other a name and no key";
        return Err(FieldError::new("name", message));
    }
    if !is_direct {
        rules::validate_stored_name("name", &line.name, rules::ROOM_NAME_MAX_CHARS)?;
    }
    rules::validate_stored_name(
        "topic",
        line.topic.as_deref().unwrap_or_default(),
        rules::TOPIC_MAX_CHARS,
    )?;
    range("last_rev", line.last_rev, 1, ID_MAX)?;
    range("last_seq", line.last_seq, 0, line.last_rev)?;
    range("rev", line.rev, 1, line.last_rev)?;
    range("open_from", line.open_from, 1, line.last_seq + 1)?;
    line.archived_at.map_or(Ok(()), |at| timestamp("archived_at", at))?;
    timestamp("created_at", line.created_at)?;
    timestamp("updated_at", line.updated_at)
}

pub fn member(line: &Member, room: &Room) -> Result {
    range("read_seq", line.read_seq, 0, room.last_seq)?;
    range("visible_from", line.visible_from, 1, room.last_seq + 1)?;
    range("hidden_seq", line.hidden_seq.unwrap_or(0), 0, room.last_seq)?;
    range("rev", line.rev, 1, room.last_rev)?;
    timestamp("joined_at", line.joined_at)
}

pub fn message(line: &Message, room: &Room) -> Result {
    range("id", line.id, 1, ID_MAX)?;
    range("rev", line.rev, 1, room.last_rev)?;
    if let Some(seq) = line.reply_to {
        range("reply_to", seq, 1, line.seq - 1)?;
    }
    if line.deleted_at.is_some() {
        let is_empty = line.content.is_empty() && line.sent_hash.is_none();
        if !is_empty || !line.mentions.is_empty() {
            let text = "must leave no text, hash or mentions";
            return Err(FieldError::new("deleted_at", text));
        }
    } else {
        let content = rules::normalize_content(&line.content);
        rules::validate_stored_content(&content)?;
        normalized("content", &line.content, &content)?;
    }
    if line.sent_hash.as_deref().is_some_and(|hash| decode_hash(hash).is_none()) {
        return Err(FieldError::new("sent_hash", "must be 64 lower-case hexadecimal digits"));
    }
    if line.mentions.len() > MENTIONS_MAX || !line.mentions.is_sorted_by(|a, b| a < b) {
        let text = format!("must be at most {MENTIONS_MAX} ids in ascending order");
        return Err(FieldError::new("mentions", text));
    }
    timestamp("created_at", line.created_at)?;
    line.edited_at.map_or(Ok(()), |edited| timestamp("edited_at", edited))?;
    line.deleted_at.map_or(Ok(()), |deleted| timestamp("deleted_at", deleted))
}

/// Checks that a number is in a range that includes both limits.
pub fn range(field: &str, value: i64, min: i64, max: i64) -> Result {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(FieldError::new(field, format!("must be {min} to {max}, but is {value}")))
}

pub fn is_year_valid(timestamp: Timestamp) -> bool {
    YEARS.contains(&timestamp.year())
}

pub fn timestamp(field: &str, timestamp: Timestamp) -> Result {
    if is_year_valid(timestamp) {
        return Ok(());
    }
    let (min, max) = YEARS.into_inner();
    Err(FieldError::new(field, format!("must be in the years {min} to {max}, but is {timestamp}")))
}

fn normalized(field: &str, text: &str, normalized: &str) -> Result {
    if text == normalized {
        return Ok(());
    }
    Err(FieldError::new(
        field,
        "must be trimmed and in NFC, with LF line ends and no control characters",
    ))
}
