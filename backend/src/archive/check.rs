//! Validation of single archive lines, so that an import cannot create rows that no server could have
//! written. Checks that involve several lines are in [`super::load`].

use std::ops::RangeInclusive;

use chrono::Datelike;
use shared::{
    Timestamp,
    access::RoomKind,
    admission::{
        SignUp,
        email::{validate_email, validate_email_domains},
    },
    ids::NUMBER_MAX,
    problem::FieldError,
    rooms::validate_slow_mode,
    rules::{self, MENTIONS_MAX},
    unicode,
    users::DELETED_USERNAME,
};

mod moderation;

pub use moderation::{ban, reports};

use super::{
    lines::{Member, Message, Profile, Room, Server, User},
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
    rules::validate_stored_name("name", &line.name, rules::SERVER_NAME_MAX_CHARS)?;
    let is_valid = validate_email_domains(&line.email_domains)? == line.email_domains;
    if !is_valid || (line.sign_up == SignUp::Domain && line.email_domains.is_empty()) {
        let message =
            "must be different domains in lower case, and not empty if people sign up by them";
        return Err(FieldError::new("email_domains", message));
    }
    Ok(())
}

pub fn user(line: &User) -> Result {
    range("id", line.id, 1, ID_MAX)?;
    rules::validate_stored_name("username", &line.username, rules::USERNAME_MAX_CHARS)?;
    normalized("username", &line.username, &unicode::nfc(&line.username))?;
    check_password_hash(&line.password_hash)?;
    profile(&line.profile)?;
    if line.deletes_messages.is_some() && line.deleted_at.is_none() {
        return Err(FieldError::new("deletes_messages", "is only for a deleted account"));
    }
    if line.deleted_at.is_some() && (!line.is_disabled || line.username != DELETED_USERNAME) {
        let message = format!("must leave a disabled account with the name {DELETED_USERNAME:?}");
        return Err(FieldError::new("deleted_at", message));
    }
    if line.deleted_at.is_some() && !line.profile.is_empty() {
        return Err(FieldError::new("profile", "is not for a deleted account"));
    }
    line.deleted_at.map_or(Ok(()), |at| timestamp("deleted_at", at))?;
    if let Some(email) = &line.email {
        normalized("email", email, &validate_email(email)?)?;
    }
    timestamp("created_at", line.created_at)
}

fn profile(profile: &Profile) -> Result {
    let fields = [
        ("display_name", &profile.display_name, rules::DISPLAY_NAME_MAX_CHARS),
        ("pronouns", &profile.pronouns, rules::PRONOUNS_MAX_CHARS),
        // Every character has at least one byte.
        ("status_emoji", &profile.status_emoji, rules::STATUS_EMOJI_MAX_BYTES),
        ("status_text", &profile.status_text, rules::STATUS_TEXT_MAX_CHARS),
    ];
    for (field, text, max) in fields {
        let Some(text) = text else { continue };
        rules::validate_stored_name(field, text, max)?;
        normalized(field, text, &unicode::nfc(text))?;
    }
    let display_key = profile.display_name.as_deref().map(rules::name_key);
    if display_key.is_some_and(|key| key == rules::name_key(DELETED_USERNAME)) {
        return Err(FieldError::new("display_name", "is the name of deleted accounts"));
    }
    profile.status_until.map_or(Ok(()), |until| timestamp("status_until", until))
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
    validate_slow_mode(line.policies.slow_s)?;
    range("open_from", line.open_from, 1, line.last_seq + 1)?;
    if is_direct && line.binned_at.is_some() {
        return Err(FieldError::new("binned_at", "is not possible for a direct room"));
    }
    line.archived_at.map_or(Ok(()), |at| timestamp("archived_at", at))?;
    if line.is_default && (line.kind != RoomKind::Open || line.archived_at.is_some()) {
        let message = "must be false for a room that is archived or not open";
        return Err(FieldError::new("is_default", message));
    }
    line.binned_at.map_or(Ok(()), |at| timestamp("binned_at", at))?;
    timestamp("created_at", line.created_at)?;
    timestamp("updated_at", line.updated_at)
}

pub fn member(line: &Member, room: &Room) -> Result {
    range("read_seq", line.read_seq, 0, room.last_seq)?;
    range("visible_from", line.visible_from, 1, room.last_seq + 1)?;
    let left_max = if line.left { room.last_seq } else { 0 };
    range("left_seq", line.left_seq.unwrap_or(0), 0, left_max)?;
    range("hidden_seq", line.hidden_seq.unwrap_or(0), 0, room.last_seq)?;
    range("favourite", line.favourite.unwrap_or(1), 1, rules::FAVOURITES_MAX as i64)?;
    range("rev", line.rev, 1, room.last_rev)?;
    line.timed_out_until.map_or(Ok(()), |at| timestamp("timed_out_until", at))?;
    timestamp("joined_at", line.joined_at)
}

pub fn message(line: &Message, room: &Room) -> Result {
    range("id", line.id, 1, ID_MAX)?;
    range("rev", line.rev, 1, room.last_rev)?;
    if let Some(seq) = line.reply_to {
        range("reply_to", seq, 1, line.seq - 1)?;
    }
    if line.deleted_at.is_some() {
        let is_empty =
            line.content.is_empty() && line.sent_hash.is_none() && line.reactions.is_empty();
        if !is_empty || !line.mentions.is_empty() || !line.format.is_text() {
            let text = "must leave no text, format, hash, mentions or reactions";
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
    let is_emoji = |emoji: &str| emojis::get(emoji).is_some_and(|found| found.as_str() == emoji);
    let are_emoji = line.reactions.0.iter().all(|reaction| is_emoji(&reaction.emoji));
    if !are_emoji || !line.reactions.is_valid() {
        let text = format!(
            "must be at most {} different emoji, each of different users, at most {} in all",
            rules::REACTION_EMOJIS_MAX,
            rules::REACTIONS_MAX,
        );
        return Err(FieldError::new("reactions", text));
    }
    let uncounted = &line.uncounted_mentions;
    let is_part = uncounted.iter().all(|id| line.mentions.binary_search(id).is_ok());
    if !is_part || !uncounted.is_sorted_by(|a, b| a < b) {
        let text = "must be ids of mentions in ascending order";
        return Err(FieldError::new("uncounted_mentions", text));
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
