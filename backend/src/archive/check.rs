//! What must be true of an archive's lines, so that no server has to live with what none could have
//! written. What one line says is checked here; what it says of others, in [`super::load`].

use std::ops::RangeInclusive;

use chrono::Datelike;
use shared::{Timestamp, problem::FieldError, rules};
use unicode_normalization::UnicodeNormalization;

use super::{
    lines::{Member, Message, Room, User},
    rows::bytes,
};
use crate::{auth::check_password_hash, realtime::ledger::MENTIONS_MAX};

/// Numbers beyond this are not exact in JavaScript.
pub const NUMBER_MAX: i64 = 9_007_199_254_740_991;
/// Moments before this year's end, and since 1970, have a date of four digits.
const YEARS: RangeInclusive<i32> = 1970..=9999;

type Checked = Result<(), FieldError>;

pub fn user(line: &User) -> Checked {
    number("id", line.id, 1, NUMBER_MAX)?;
    let nfc: String = line.username.nfc().collect();
    same("username", &line.username, rules::validate_username(&nfc)?)?;
    check_password_hash(&line.password_hash)?;
    moment("created_at", line.created_at)
}

pub fn room(line: &Room) -> Checked {
    number("id", line.id, 1, NUMBER_MAX)?;
    same("name", &line.name, rules::validate_room_name(&line.name)?)?;
    same("topic", &line.topic, rules::validate_topic(&line.topic)?)?;
    number("last_rev", line.last_rev, 1, NUMBER_MAX)?;
    number("last_seq", line.last_seq, 0, line.last_rev)?;
    number("rev", line.rev, 1, line.last_rev)?;
    moment("created_at", line.created_at)?;
    moment("updated_at", line.updated_at)
}

pub fn member(line: &Member, room: &Room) -> Checked {
    number("read_seq", line.read_seq, 0, room.last_seq)?;
    number("rev", line.rev, 1, room.last_rev)?;
    moment("joined_at", line.joined_at)
}

pub fn message(line: &Message, room: &Room) -> Checked {
    number("id", line.id, 1, NUMBER_MAX)?;
    number("rev", line.rev, 1, room.last_rev)?;
    if let Some(seq) = line.reply_to {
        number("reply_to", seq, 1, line.seq - 1)?;
    }
    if line.deleted_at.is_some() {
        let is_empty = line.content.is_empty() && line.sent_hash.is_none();
        if !is_empty || !line.mentions.is_empty() {
            let text = "must leave no text, hash or mentions";
            return Err(FieldError::new("deleted_at", text));
        }
    } else {
        same("content", &line.content, rules::validate_content(&line.content)?)?;
    }
    if line.sent_hash.as_deref().is_some_and(|hash| bytes(hash).is_none()) {
        return Err(FieldError::new("sent_hash", "must be 64 lower hexadecimal digits"));
    }
    if line.mentions.len() > MENTIONS_MAX || !line.mentions.is_sorted_by(|a, b| a < b) {
        let text = format!("must be at most {MENTIONS_MAX} numbers in their order");
        return Err(FieldError::new("mentions", text));
    }
    moment("created_at", line.created_at)?;
    line.edited_at.map_or(Ok(()), |edited| moment("edited_at", edited))?;
    line.deleted_at.map_or(Ok(()), |deleted| moment("deleted_at", deleted))
}

/// A number within its limits.
pub fn number(field: &str, number: i64, min: i64, max: i64) -> Checked {
    if (min..=max).contains(&number) {
        return Ok(());
    }
    Err(FieldError::new(field, format!("must be {min} to {max}, and is {number}")))
}

/// Whether a moment is within what can be shown and found.
pub fn has_date(moment: Timestamp) -> bool {
    YEARS.contains(&moment.year())
}

fn moment(field: &str, moment: Timestamp) -> Checked {
    if has_date(moment) {
        return Ok(());
    }
    let (first, last) = YEARS.into_inner();
    Err(FieldError::new(field, format!("must be in the years {first} to {last}, and is {moment}")))
}

/// A text that is as the server keeps it.
fn same(field: &str, text: &str, kept: String) -> Checked {
    if text == kept {
        return Ok(());
    }
    Err(FieldError::new(field, "is not as it is kept: trimmed, in NFC, with plain line ends"))
}
