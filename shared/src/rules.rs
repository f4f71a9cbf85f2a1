//! All limits, and the validation of user input. Server and browser use the same functions, and every
//! error names the limit.

use std::collections::BTreeSet;

use crate::{
    ids::UserId,
    problem::FieldError,
    unicode::{self, is_bidi_control, is_blank, is_joiner, is_mark},
};

mod profile;

pub use profile::{
    DISPLAY_NAME_MAX_CHARS, PRONOUNS_MAX_CHARS, STATUS_DAYS_MAX, STATUS_EMOJI_MAX_BYTES,
    STATUS_TEXT_MAX_CHARS, validate_display_name, validate_pronouns, validate_status_emoji,
    validate_status_end, validate_status_text,
};

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
/// The maximum length of the name of the server in characters.
pub const SERVER_NAME_MAX_CHARS: usize = 60;
/// The maximum number of rooms of an invitation.
pub const INVITATION_ROOMS_MAX: usize = 50;
/// The maximum number of people who may use an invitation.
pub const INVITATION_USES_MAX: u32 = 100;
/// The maximum number of days for which an invitation is valid.
pub const INVITATION_DAYS_MAX: i64 = 30;
/// The default number of days for which an invitation is valid.
pub const INVITATION_DAYS_DEFAULT: i64 = 7;
/// The maximum number of favourite rooms of an account.
pub const FAVOURITES_MAX: usize = 100;
/// The maximum number of rooms that new accounts join.
pub const DEFAULT_ROOMS_MAX: usize = 20;
/// The maximum length of a topic in characters.
pub const TOPIC_MAX_CHARS: usize = 255;
/// The maximum number of seconds between two messages of a member in slow mode.
pub const SLOW_MAX_S: u32 = 21_600;
/// The maximum length of a time-out in minutes: 28 days.
pub const TIME_OUT_MAX_MINUTES: u32 = 40_320;
/// The maximum length of the reason of a report in characters.
pub const REPORT_REASON_MAX_CHARS: usize = 500;
/// The number of days for which a deleted room can be restored.
pub const BIN_DAYS: i64 = 30;
/// The maximum length of a message in bytes of UTF-8, after trimming.
pub const CONTENT_MAX_BYTES: usize = 16_384;
/// The maximum number of mentions in a message. Further ones have no effect.
pub const MENTIONS_MAX: usize = 50;
/// The maximum number of different emoji of the reactions to a message.
pub const REACTION_EMOJIS_MAX: usize = 50;
/// The maximum number of reactions to a message, counted once for each person and emoji.
pub const REACTIONS_MAX: usize = 2_000;
/// The maximum number of `longer_names` in the live frame `welcome`.
pub const LONGER_NAMES_MAX: usize = 50;
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
/// The maximum number of people in a direct room.
pub const DIRECT_MAX_PEOPLE: usize = 9;
/// The maximum number of people whom one account blocks.
pub const BLOCKS_MAX: u64 = 1_000;
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

/// Checks a new username, trims it, and composes it (NFC). It must not contain a colon, because HTTP
/// Basic authentication ends the username there.
pub fn validate_username(text: &str) -> Result<String, FieldError> {
    let name = unicode::nfc(text.trim());
    if name.contains(':') {
        return Err(FieldError::new("username", "must not contain a colon (U+003A)"));
    }
    validate_name("username", &name, USERNAME_MAX_CHARS)
}

/// Checks a new room name, trims it, and composes it (NFC). Emoji lose their presentation selectors,
/// which keyboards add and nobody sees.
pub fn validate_room_name(text: &str) -> Result<String, FieldError> {
    let name = unicode::without_presentation_selectors(&unicode::nfc(text.trim()));
    validate_name("name", &name, ROOM_NAME_MAX_CHARS)
}

/// Checks a new name of the server, trims it, and composes it (NFC).
pub fn validate_server_name(text: &str) -> Result<String, FieldError> {
    let name = unicode::without_presentation_selectors(&unicode::nfc(text.trim()));
    validate_name("name", &name, SERVER_NAME_MAX_CHARS)
}

/// Checks a topic, trims it, and composes it (NFC). It may be empty. Unlike a name it identifies
/// nothing, so it may have joiners and variation selectors anywhere.
pub fn validate_topic(text: &str) -> Result<String, FieldError> {
    let topic = unicode::nfc(text.trim());
    let is_shown = |c: char| is_joiner(c) || matches!(c, '\u{fe00}'..='\u{fe0f}');
    let hidden = topic.chars().find(|&c| c != ' ' && is_blank(c) && !is_shown(c));
    check_name("topic", &topic, TOPIC_MAX_CHARS, hidden)?;
    Ok(topic.into_owned())
}

/// Checks a name that some version of the server may have stored: its length, and that it is trimmed
/// and without controls. Names that are older than a rule stay valid.
pub fn validate_stored_name(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    if text != text.trim() {
        return Err(FieldError::new(field, "must be trimmed"));
    }
    let hidden = text.chars().find(|&c| c.is_control() || is_bidi_control(c));
    check_name(field, text, max, hidden)
}

/// Checks the number of people in a direct room, with the caller.
pub fn validate_direct_people(people: &BTreeSet<UserId>) -> Result<(), FieldError> {
    let count = people.len();
    if count <= DIRECT_MAX_PEOPLE {
        return Ok(());
    }
    let message = format!("must be at most {DIRECT_MAX_PEOPLE} people with you, but are {count}");
    Err(FieldError::new("users", message))
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

/// Checks the text of a message, normalizes it ([`normalize_content`]) and trims it.
pub fn validate_content(text: &str) -> Result<String, FieldError> {
    let text = normalize_content(text);
    validate_stored_content(&text)?;
    if text.chars().all(is_blank) {
        let message = "must contain something visible: it has only spaces and invisible characters";
        return Err(FieldError::new("content", message));
    }
    Ok(text)
}

/// Checks the length of a text that some version of the server may have stored.
pub fn validate_stored_content(text: &str) -> Result<(), FieldError> {
    let error = |message: String| Err(FieldError::new("content", message));
    match text.len() {
        0 => error("must not be empty".into()),
        1..=CONTENT_MAX_BYTES => Ok(()),
        length => {
            error(format!("must be at most {CONTENT_MAX_BYTES} bytes of UTF-8, but is {length}"))
        }
    }
}

/// Trims a text and removes its control characters, which programs paste and nobody sees. Line ends
/// of every kind become `\n`: CR LF, CR, NEL (U+0085), vertical tab and form feed. Tabs stay.
pub fn normalize_content(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{b}', '\u{c}'], "\n");
    let text: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.trim().to_owned()
}

/// The form of a name by which it is looked up and unique: composed (NFC) and in lower case.
///
/// ```
/// use shared::rules::name_key;
/// assert_eq!(name_key("A\u{30a}sa"), name_key("\u{c5}SA"));
/// ```
pub fn name_key(name: &str) -> String {
    unicode::nfc(name).to_lowercase()
}

/// Checks a new name. Names are for people to tell apart, so nothing in a name may be invisible:
/// blanks other than a single U+0020, default ignorable characters, and joiners outside of the
/// scripts and emoji that need them (RFC 5892; Unicode TR 36, section 2).
fn validate_name(field: &str, text: &str, max: usize) -> Result<String, FieldError> {
    let hidden = text.chars().find(|&c| c != ' ' && is_blank(c) && !is_joiner(c));
    check_name(field, text, max, hidden.or_else(|| unicode::misplaced_joiner(text)))?;
    if text.contains("  ") {
        return Err(FieldError::new(field, "must not contain two spaces in a row (U+0020)"));
    }
    match text.chars().next().filter(|&c| is_mark(c)) {
        Some(c) => Err(FieldError::new(
            field,
            format!("must not begin with a combining mark (U+{:04X})", c as u32),
        )),
        None => Ok(text.to_owned()),
    }
}

/// Checks the length of a trimmed name. `hidden` is its first character that it must not contain.
fn check_name(field: &str, text: &str, max: usize, hidden: Option<char>) -> Result<(), FieldError> {
    let length = text.chars().count();
    if length == 0 && field != "topic" {
        return Err(FieldError::new(field, "must not be empty"));
    }
    if length > max {
        return Err(FieldError::new(
            field,
            format!("must be at most {max} characters, but is {length}"),
        ));
    }
    match hidden {
        Some(c) => Err(FieldError::new(
            field,
            format!("must not contain control or invisible characters (U+{:04X})", c as u32),
        )),
        None => Ok(()),
    }
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
        for c in "\u{200b}\u{202e}\n\u{0}\u{a0}\u{3164}\u{fe0f}\u{fe00}\u{2800}\u{1d173}\u{1d17a}\u{1d159}\u{200d}\u{200c}\u{180e}\u{2003}\u{3000}\u{feff}\u{e0041}\u{fffc}\u{85}\u{ad}".chars() {
            let code = format!("(U+{:04X})", c as u32);
            for validate in [validate_username, validate_room_name] {
                let error = validate(&format!("a{c}b")).unwrap_err();
                assert!(error.message.ends_with(&code), "{code}: {error:?}");
            }
        }
        assert!(validate_username("   ").is_err() && validate_room_name("\u{a0}").is_err());
        assert_eq!(validate_username("  Jörg Müller ").unwrap(), "Jörg Müller");
        assert!(validate_username("a  b").unwrap_err().message.contains("two spaces"));
        assert!(validate_username("\u{301}a").unwrap_err().message.contains("(U+0301)"));
        assert!(validate_username("a:b").unwrap_err().message.contains("colon (U+003A)"));
        assert!(validate_room_name("a:b").is_ok());
    }

    #[test]
    fn names_are_composed_and_keep_the_joiners_of_their_script() {
        assert_eq!(validate_username("A\u{30a}sa").unwrap(), "\u{c5}sa");
        assert_eq!(validate_room_name("A\u{30a}sa").unwrap(), "\u{c5}sa");
        assert_eq!(name_key("A\u{30a}sa"), name_key("\u{e5}sa"));
        for name in ["می\u{200c}خواهم", "शर्\u{200d}मा", "👩\u{200d}💻 ops"] {
            assert_eq!(validate_username(name).unwrap(), name);
        }
        assert_eq!(validate_room_name("⚙\u{fe0f} ops").unwrap(), "⚙ ops");
        assert!(validate_username("⚙\u{fe0f}").is_err());
        assert_eq!(validate_topic(" ⚙\u{fe0f}  👩\u{200d}💻 ").unwrap(), "⚙\u{fe0f}  👩\u{200d}💻");
        assert!(validate_topic("a\u{202e}b").is_err() && validate_topic("a\u{a0}b").is_err());
        assert_eq!(validate_topic(" ").unwrap(), "");
    }

    #[test]
    fn names_that_are_older_than_a_rule_stay_valid() {
        for name in ["a:b", "a  b", "a\u{fe0f}", "a\u{2800}b"] {
            assert!(validate_stored_name("username", name, 150).is_ok(), "{name:?}");
        }
        for name in ["", " a", "a\u{0}b", &"x".repeat(151)] {
            assert!(validate_stored_name("username", name, 150).is_err(), "{name:?}");
        }
    }

    #[test]
    fn content_is_trimmed_and_control_characters_are_removed() {
        assert_eq!(validate_content(" a\r\n\tb \n").unwrap(), "a\n\tb");
        assert_eq!(validate_content("a\u{b}b\u{c}c\u{85}d\re").unwrap(), "a\nb\nc\nd\ne");
        assert_eq!(validate_content("\u{0}a\u{1b}[1m\u{7f}\u{9b}b \u{0}").unwrap(), "a[1mb");
    }

    #[test]
    fn content_without_anything_visible_is_rejected() {
        for text in ["", " \n ", "\u{1b}\u{0}"] {
            assert_eq!(validate_content(text).unwrap_err().message, "must not be empty");
        }
        for text in ["\u{200b}", "\u{2800} \u{fe0f}", "\u{3164}\n\u{feff}", "\u{202e}\u{ad}"] {
            let error = validate_content(text).unwrap_err();
            assert!(error.message.starts_with("must contain something visible"), "{text:?}");
        }
        for text in [".", "\u{200b}a", "❤\u{fe0f}", "ㄱ"] {
            assert_eq!(validate_content(text).unwrap(), text);
        }
    }
}
