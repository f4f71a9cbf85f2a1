//! All limits, and the validation of user input. Server and browser use the same functions, and every
//! error names the limit.

use crate::problem::FieldError;

/// The maximum length of a username in characters, the same as in the classic chat.
pub const USERNAME_MAX_CHARS: usize = 150;
/// The minimum length of a new password in characters.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// The maximum length of a new password in characters.
pub const PASSWORD_MAX_CHARS: usize = 1_024;
/// The maximum length of a password in bytes of UTF-8. It bounds the work of hashing.
pub const PASSWORD_MAX_BYTES: usize = 4 * PASSWORD_MAX_CHARS;
/// The maximum length of a room name in characters.
pub const ROOM_NAME_MAX_CHARS: usize = 255;
/// The maximum length of a topic in characters.
pub const TOPIC_MAX_CHARS: usize = 255;
/// The maximum length of a message in bytes of UTF-8, after trimming.
pub const CONTENT_MAX_BYTES: usize = 16_384;
/// The maximum size of a websocket frame from a client in bytes. The longest message fits even if every
/// character is escaped: JSON makes six bytes of one (`\u003c`), and twelve of a line end that is sent
/// as `\u000d\u000a`.
pub const FRAME_MAX_BYTES: usize = 256 * 1_024;
/// The maximum size of a request body in bytes, for the same reason.
pub const BODY_MAX_BYTES: usize = 256 * 1_024;
/// The size in bytes at which a list of rooms continues in a further frame. Every frame to a client
/// must fit into the server's write buffer of 1 MiB.
pub const ROOMS_FRAME_BYTES: usize = 64 * 1_024;
/// The maximum number of rooms or users in a `heartbeat` or `presence` frame; further ones are in
/// further frames.
pub const FRAME_MAX_ITEMS: usize = 2_000;
/// The default number of messages in a page.
pub const PAGE_DEFAULT: u64 = 50;
/// The maximum number of rooms or members in a page, or of messages on one side of an anchor.
pub const PAGE_MAX: u64 = 200;
/// The maximum size of the texts in a page of messages, changes or hits, in bytes of UTF-8. A page ends
/// early before it exceeds this, and has at least one message.
pub const PAGE_MAX_BYTES: usize = 1_024 * 1_024;
/// The number of messages whose texts always fit into a page.
pub const PAGE_ALWAYS_FITS: u64 = (PAGE_MAX_BYTES / CONTENT_MAX_BYTES) as u64;
/// The maximum number of people in a response.
pub const PEOPLE_MAX: u64 = 20;
/// The maximum number of mentions of the caller in a room map.
pub const MAP_MENTIONS_MAX: u64 = 500;
/// The number of buckets of a room map. The map has at most one hit per bucket.
pub const MAP_BUCKETS: i64 = 1_000;
/// The maximum number of changes in a response. A live subscription that missed more gets a `gap`.
pub const CHANGES_MAX: u64 = 1_000;
/// The maximum length of a search query in characters. Percent-encoded, the longest one has 48 000 bytes
/// and so fits into the head of a request (64 KiB).
pub const QUERY_MAX_CHARS: usize = 4_000;
/// The maximum number of hits that a search summary counts.
pub const SUMMARY_MAX_HITS: u64 = 1_000;
/// The maximum number of days that the insights of a room cover.
pub const INSIGHTS_MAX_DAYS: u64 = 90;
/// The maximum number of messages that the insights of a room count, from the newest back.
pub const INSIGHTS_MAX_MESSAGES: i64 = 50_000;
/// The interval between the heartbeats of the server, in seconds.
pub const HEARTBEAT_S: u64 = 25;
/// The time without a received frame after which a socket is dead, in seconds.
pub const SOCKET_TIMEOUT_S: u64 = 35;
/// The time limit for the authentication of a socket, in seconds.
pub const AUTHENTICATE_TIMEOUT_S: u64 = 5;
/// The minimum interval between two typing events of a user in a room, in seconds.
pub const TYPING_INTERVAL_S: u64 = 2;

/// Checks a username and trims it. The server normalizes it to NFC first.
pub fn validate_username(text: &str) -> Result<String, FieldError> {
    validate_name("username", text, USERNAME_MAX_CHARS)
}

/// Checks a room name and trims it.
pub fn validate_room_name(text: &str) -> Result<String, FieldError> {
    validate_name("name", text, ROOM_NAME_MAX_CHARS)
}

/// Checks a topic and trims it. It may be empty.
pub fn validate_topic(text: &str) -> Result<String, FieldError> {
    if text.trim().is_empty() {
        Ok(String::new())
    } else {
        validate_name("topic", text, TOPIC_MAX_CHARS)
    }
}

/// Checks a new password. Whitespace at its ends counts, because passwords are not trimmed. Control
/// characters are refused (RFC 8265), because many keyboards and programs cannot type them.
pub fn validate_password(text: &str) -> Result<(), FieldError> {
    let length = text.chars().count();
    let error = |message: String| Err(FieldError::new("password", message));
    if !(PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&length) {
        return error(format!(
            "must be {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters long, but is {length}"
        ));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(c) => error(format!("must not contain control characters (U+{:04X})", u32::from(c))),
        None => Ok(()),
    }
}

/// Checks the text of a message, trims it, and replaces each line ending by `\n`.
pub fn validate_content(text: &str) -> Result<String, FieldError> {
    let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
    let error = |message: String| Err(FieldError::new("content", message));
    if text.is_empty() {
        return error("must not be empty".into());
    }
    if text.len() > CONTENT_MAX_BYTES {
        return error(format!(
            "must be at most {CONTENT_MAX_BYTES} bytes of UTF-8, but is {}",
            text.len()
        ));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(c) => error(format!("must not contain control characters (U+{:04X})", c as u32)),
        None => Ok(text),
    }
}

/// The lower-case form of a name. Names are unique in this form.
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
            format!("must be at most {max} characters, but is {length}"),
        ));
    }
    match text.chars().find(|&c| is_invisible(c)) {
        Some(c) => Err(FieldError::new(
            field,
            format!("must not contain control or invisible characters (U+{:04X})", c as u32),
        )),
        None => Ok(text.to_owned()),
    }
}

/// Whether a name must not contain `c`. Two names that differ only in invisible characters look the
/// same, and bidirectional controls reorder the text around them (Unicode TR 36, section 2).
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
    fn an_error_names_the_exceeded_limit() {
        let error = validate_username(&"x".repeat(151)).unwrap_err();
        assert_eq!(error.message, "must be at most 150 characters, but is 151");
        assert!(validate_username(&"ü".repeat(150)).is_ok());
        let error = validate_password("пароль1").unwrap_err();
        assert_eq!(error.message, "must be 8 to 1024 characters long, but is 7");
        assert!(validate_password(&"🔑".repeat(1_024)).is_ok());
        assert!(validate_password(&"🔑".repeat(1_025)).is_err());
        assert!(validate_password("tab\tulator").unwrap_err().message.contains("U+0009"));
        assert!(
            validate_content(&"x".repeat(CONTENT_MAX_BYTES + 1))
                .unwrap_err()
                .message
                .contains("16384")
        );
    }

    #[test]
    fn names_with_invisible_characters_are_rejected() {
        for text in ["a\u{200b}b", "a\u{202e}b", "a\nb", "a\u{0}b", "a\u{a0}b", "   ", "\u{3164}"] {
            assert!(validate_username(text).is_err(), "{text:?}");
        }
        assert_eq!(validate_username("  Jörg Müller ").unwrap(), "Jörg Müller");
    }

    #[test]
    fn content_is_trimmed_and_line_endings_are_normalized() {
        assert_eq!(validate_content(" a\r\n\tb \n").unwrap(), "a\n\tb");
        assert!(validate_content(" \n ").is_err());
        assert!(validate_content("a\u{0}b").is_err());
    }
}
