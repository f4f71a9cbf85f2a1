//! The limits and the validation of profiles.

use super::{check_name, validate_name};
use crate::{
    Timestamp,
    problem::FieldError,
    unicode::{self, is_blank, is_joiner},
};

/// The maximum length of a display name in characters.
pub const DISPLAY_NAME_MAX_CHARS: usize = 100;
/// The maximum length of pronouns in characters.
pub const PRONOUNS_MAX_CHARS: usize = 40;
/// The maximum length of the emoji of a status in bytes of UTF-8: the longest emoji fits.
pub const STATUS_EMOJI_MAX_BYTES: usize = 32;
/// The maximum length of the text of a status in characters.
pub const STATUS_TEXT_MAX_CHARS: usize = 100;
/// The number of days in which a status that ends has to end.
pub const STATUS_DAYS_MAX: i64 = 366;

/// Checks a new display name, trims it, and composes it (NFC), with the rules of the names of rooms.
pub fn validate_display_name(text: &str) -> Result<String, FieldError> {
    let name = unicode::without_presentation_selectors(&unicode::nfc(text.trim()));
    validate_name("display_name", &name, DISPLAY_NAME_MAX_CHARS)
}

/// Checks new pronouns, trims them, and composes them (NFC).
pub fn validate_pronouns(text: &str) -> Result<String, FieldError> {
    validate_name("pronouns", &unicode::nfc(text.trim()), PRONOUNS_MAX_CHARS)
}

/// Checks the emoji of a new status, trims it, and composes it (NFC).
pub fn validate_status_emoji(text: &str) -> Result<String, FieldError> {
    let emoji = unicode::nfc(text.trim()).into_owned();
    let (max, length) = (STATUS_EMOJI_MAX_BYTES, emoji.len());
    if length > max {
        let message = format!("must be at most {max} bytes of UTF-8, but is {length}");
        return Err(FieldError::new("status.emoji", message));
    }
    // Every character has at least one byte.
    check_shown("status.emoji", &emoji, max)?;
    Ok(emoji)
}

/// Checks the text of a new status, trims it, and composes it (NFC).
pub fn validate_status_text(text: &str) -> Result<String, FieldError> {
    let text = unicode::nfc(text.trim()).into_owned();
    check_shown("status.text", &text, STATUS_TEXT_MAX_CHARS)?;
    Ok(text)
}

/// Checks when a new status ends.
pub fn validate_status_end(until: Timestamp, now: Timestamp) -> Result<(), FieldError> {
    if until <= now {
        return Err(FieldError::new("status.until", "must be in the future"));
    }
    if (until - now).num_days() > STATUS_DAYS_MAX {
        let message = format!("must be within {STATUS_DAYS_MAX} days");
        return Err(FieldError::new("status.until", message));
    }
    Ok(())
}

/// Checks a trimmed text that identifies nothing, and so may have joiners and variation selectors
/// anywhere, like a topic, but must show something.
fn check_shown(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    // The flags of England, Scotland and Wales end in tags.
    let has_tags = text.starts_with('\u{1f3f4}');
    let is_allowed = |c: char| {
        let is_tag = has_tags && matches!(c, '\u{e0020}'..='\u{e007f}');
        is_joiner(c) || is_tag || matches!(c, '\u{fe00}'..='\u{fe0f}')
    };
    let hidden = text.chars().find(|&c| c != ' ' && is_blank(c) && !is_allowed(c));
    check_name(field, text, max, hidden)?;
    match text.chars().all(is_blank) {
        true => Err(FieldError::new(field, "must contain something visible")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn display_names_are_checked_like_names_of_rooms() {
        assert_eq!(validate_display_name(" A\u{30a}sa: ❤\u{fe0f} ").unwrap(), "\u{c5}sa: ❤");
        for name in ["", " ", "a\u{202e}b", "a\u{200b}", "a  b", "a\nb", "\u{301}a"] {
            let error = validate_display_name(name).unwrap_err();
            assert_eq!(error.field, "display_name", "{name:?}");
        }
        assert!(validate_display_name(&"ü".repeat(100)).is_ok());
        assert!(validate_display_name(&"ü".repeat(101)).is_err());
        assert!(validate_pronouns("she/her").is_ok() && validate_pronouns("\u{200b}").is_err());
        assert!(validate_pronouns(&"x".repeat(41)).is_err());
    }

    #[test]
    fn a_status_shows_something() {
        assert_eq!(validate_status_emoji(" 🏖\u{fe0f} ").unwrap(), "🏖\u{fe0f}");
        assert_eq!(validate_status_text(" On  holiday ").unwrap(), "On  holiday");
        let england = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
        assert_eq!(validate_status_emoji(england).unwrap(), england);
        for emoji in
            ["", " ", "\u{fe0f}", "a\u{202e}", "a\u{e0067}", &"x".repeat(33), &"é".repeat(17)]
        {
            assert_eq!(
                validate_status_emoji(emoji).unwrap_err().field,
                "status.emoji",
                "{emoji:?}"
            );
        }
        for text in ["", "\u{200d}", "a\u{7}b", &"x".repeat(101)] {
            assert_eq!(validate_status_text(text).unwrap_err().field, "status.text", "{text:?}");
        }
    }

    #[test]
    fn a_status_ends_in_the_future_and_within_a_year() {
        let now = Timestamp::UNIX_EPOCH;
        let end = |seconds| validate_status_end(now + TimeDelta::seconds(seconds), now);
        assert!(end(1).is_ok() && end(366 * 86_400).is_ok());
        for seconds in [0, -1, 367 * 86_400] {
            assert_eq!(end(seconds).unwrap_err().field, "status.until", "{seconds}");
        }
    }
}
