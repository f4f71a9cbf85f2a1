//! Every limit, in one place. Both ends check with these, and every error names the limit it broke.

use crate::problem::FieldError;

/// A username's greatest length, in characters (the classic chat's own limit).
pub const USERNAME_MAX_CHARS: usize = 150;
/// A password's least length, in bytes.
pub const PASSWORD_MIN_BYTES: usize = 8;
/// A password's greatest length, in bytes: hashing a longer one would be work for nothing.
pub const PASSWORD_MAX_BYTES: usize = 1_024;
/// A room name's greatest length, in characters.
pub const ROOM_NAME_MAX_CHARS: usize = 255;
/// A topic's greatest length, in characters.
pub const TOPIC_MAX_CHARS: usize = 255;
/// A message's greatest length, in bytes of UTF-8 after trimming.
pub const CONTENT_MAX_BYTES: usize = 16_384;
/// The greatest websocket frame, in bytes: the longest message twice over (JSON may escape every
/// byte of it) and room for the rest.
pub const FRAME_MAX_BYTES: usize = 64 * 1_024;
/// The greatest request body, in bytes.
pub const BODY_MAX_BYTES: usize = 128 * 1_024;
/// Messages in a page unless asked for otherwise.
pub const PAGE_DEFAULT: u64 = 50;
/// Rooms or members in a page, or messages on one side of an anchor, at most.
pub const PAGE_MAX: u64 = 200;
/// People in one answer at most.
pub const PEOPLE_MAX: u64 = 20;
/// Mentions of oneself on a room's map at most.
pub const MAP_MENTIONS_MAX: u64 = 500;
/// Parts of a room, of each of which its map has one hit at most.
pub const MAP_BUCKETS: i64 = 1_000;
/// Changes in one answer at most; a live subscription that would need more gets a `gap`.
pub const CHANGES_MAX: u64 = 1_000;
/// A search query's greatest length, in characters.
pub const QUERY_MAX_CHARS: usize = 10_000;
/// Hits that are counted at most.
pub const SUMMARY_MAX_HITS: u64 = 1_000;
/// Days back that are counted at most.
pub const INSIGHTS_MAX_DAYS: u64 = 90;
/// Messages of a room that are counted at most, the newest.
pub const INSIGHTS_MAX_MESSAGES: i64 = 50_000;
/// How often the server says that it is there, in seconds.
pub const HEARTBEAT_S: u64 = 25;
/// A socket on which nothing came for this long is dead, in seconds.
pub const SOCKET_TIMEOUT_S: u64 = 35;
/// How long a socket may stay without saying who it is, in seconds.
pub const AUTHENTICATE_TIMEOUT_S: u64 = 5;
/// How often one person's typing in one room is passed on, in seconds.
pub const TYPING_INTERVAL_S: u64 = 2;

/// A username as it is kept: trimmed. The server also brings it to NFC before checking.
pub fn validate_username(text: &str) -> Result<String, FieldError> {
    validate_name("username", text, USERNAME_MAX_CHARS)
}

/// A room's name as it is kept: trimmed.
pub fn validate_room_name(text: &str) -> Result<String, FieldError> {
    validate_name("name", text, ROOM_NAME_MAX_CHARS)
}

/// A topic as it is kept: trimmed, possibly empty.
pub fn validate_topic(text: &str) -> Result<String, FieldError> {
    if text.trim().is_empty() {
        Ok(String::new())
    } else {
        validate_name("topic", text, TOPIC_MAX_CHARS)
    }
}

/// Whether a new password will do. It is taken as it is, blanks included.
pub fn validate_password(text: &str) -> Result<(), FieldError> {
    match text.len() {
        PASSWORD_MIN_BYTES..=PASSWORD_MAX_BYTES => Ok(()),
        length => Err(FieldError::new(
            "password",
            format!(
                "must be {PASSWORD_MIN_BYTES} to {PASSWORD_MAX_BYTES} bytes long, and is {length}"
            ),
        )),
    }
}

/// A message's text as it is kept: trimmed, line ends as `\n`.
pub fn validate_content(text: &str) -> Result<String, FieldError> {
    let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
    let wrong = |message: String| Err(FieldError::new("content", message));
    if text.is_empty() {
        return wrong("must not be empty".into());
    }
    if text.len() > CONTENT_MAX_BYTES {
        return wrong(format!(
            "must be at most {CONTENT_MAX_BYTES} bytes of UTF-8, and is {}",
            text.len()
        ));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(c) => wrong(format!("must not hold control characters (U+{:04X})", c as u32)),
        None => Ok(text),
    }
}

/// The form in which names are unique: without regard to case.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

fn validate_name(field: &str, text: &str, max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(FieldError::new(field, "must not be empty"));
    }
    if length > max {
        return Err(FieldError::new(
            field,
            format!("must be at most {max} characters, and is {length}"),
        ));
    }
    match text.chars().find(|&c| is_invisible(c)) {
        Some(c) => Err(FieldError::new(
            field,
            format!("must not hold control or invisible characters (U+{:04X})", c as u32),
        )),
        None => Ok(text.to_owned()),
    }
}

/// Characters that take part in no honest name: two names that differ only in these look the same,
/// and the bidirectional ones turn the text around them (Unicode TR 36, section 2).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_limit_is_named() {
        let error = validate_username(&"x".repeat(151)).unwrap_err();
        assert_eq!(error.message, "must be at most 150 characters, and is 151");
        assert!(validate_username(&"ü".repeat(150)).is_ok());
        assert!(validate_password("1234567").unwrap_err().message.contains("8 to 1024"));
        assert!(
            validate_content(&"x".repeat(CONTENT_MAX_BYTES + 1))
                .unwrap_err()
                .message
                .contains("16384")
        );
    }

    #[test]
    fn names_hold_nothing_that_cannot_be_seen() {
        for text in ["a\u{200b}b", "a\u{202e}b", "a\nb", "a\u{0}b", "a\u{a0}b", "   ", "\u{3164}"] {
            assert!(validate_username(text).is_err(), "{text:?}");
        }
        assert_eq!(validate_username("  Jörg Müller ").unwrap(), "Jörg Müller");
    }

    #[test]
    fn content_is_trimmed_and_keeps_its_lines() {
        assert_eq!(validate_content(" a\r\n\tb \n").unwrap(), "a\n\tb");
        assert!(validate_content(" \n ").is_err());
        assert!(validate_content("a\u{0}b").is_err());
    }
}
