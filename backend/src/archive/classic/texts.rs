//! Converts messages that the classic chat allowed and Hallway rejects: too long, empty, or with control
//! characters.

use shared::{rules::CONTENT_MAX_BYTES, unicode::is_blank};

/// The replacement for an empty message.
const EMPTY: &str = "\u{2205}";
/// A shorter text always fits into one message, because a replaced character takes at most 3 bytes.
pub const FITS_BYTES: i64 = (CONTENT_MAX_BYTES / 3) as i64;

pub struct Converted {
    /// One or more valid messages.
    pub parts: Vec<String>,
    /// The changes, for the notes.
    pub changes: Vec<&'static str>,
}

/// Splits a message text, replaces control characters, and normalizes line ends and both ends as
/// Hallway does for every message.
pub fn convert(original: &str) -> Converted {
    let text = original.replace("\r\n", "\n").replace(['\r', '\u{85}'], "\n");
    // The server removes control characters from new messages; those of old ones become visible.
    let visible: String = text.chars().map(control_picture).collect();
    let trimmed = visible.trim();
    let mut changes = Vec::new();
    let mut parts = Vec::new();
    let mut rest = trimmed;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(split_position(rest));
        // A part of nothing but invisible characters is not a message.
        if !part.chars().all(is_blank) {
            parts.push(part.trim_end().to_owned());
        }
        rest = after.trim_start();
    }
    if parts.is_empty() {
        return Converted { parts: vec![EMPTY.into()], changes: vec!["was empty"] };
    }
    if text != original {
        changes.push("its line ends are now line feeds");
    }
    if trimmed.len() < visible.len() {
        changes.push("lost the blanks around it");
    }
    if visible != text {
        changes.push("control characters were replaced by visible ones");
    }
    if parts.len() > 1 {
        changes.push("was too long and is split");
    }
    Converted { parts, changes }
}

/// The Unicode control picture of a control character, or U+FFFD if it has none.
fn control_picture(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// The byte position at which to split a message that is too long: the last line end in the second half of
/// the part that fits, or else the last space there, or else the end of that part.
fn split_position(text: &str) -> usize {
    if text.len() <= CONTENT_MAX_BYTES {
        return text.len();
    }
    let max = text.floor_char_boundary(CONTENT_MAX_BYTES);
    let half = text.floor_char_boundary(CONTENT_MAX_BYTES / 2);
    let window = &text[half..max];
    let split = window.rfind('\n').or_else(|| window.rfind(char::is_whitespace));
    split.map_or(max, |at| half + at)
}

#[cfg(test)]
mod tests {
    use shared::rules;

    use super::*;

    fn parts(text: &str) -> Vec<String> {
        let converted = convert(text);
        for part in &converted.parts {
            assert_eq!(rules::validate_content(part).as_ref(), Ok(part));
        }
        converted.parts
    }

    #[test]
    fn valid_texts_stay_and_normalization_is_named() {
        for (text, converted, changes) in [
            ("a\n\tb  c\u{200b}", "a\n\tb  c\u{200b}", &[][..]),
            ("a\r\nb", "a\nb", &["its line ends are now line feeds"]),
            ("    a\n", "a", &["lost the blanks around it"]),
            ("\ra\r", "a", &["its line ends are now line feeds", "lost the blanks around it"]),
        ] {
            assert_eq!(parts(text), [converted]);
            assert_eq!(convert(text).changes, changes, "{text:?}");
        }
        let long = "x".repeat(CONTENT_MAX_BYTES);
        assert_eq!(parts(&format!("  {long}\n")), [long]);
    }

    #[test]
    fn empty_texts_and_control_characters_become_visible() {
        for text in ["", " \n\t ", "\r\n", "\u{200b}\n\u{2800}"] {
            assert_eq!(parts(text), [EMPTY]);
            assert_eq!(convert(text).changes, ["was empty"]);
        }
        assert_eq!(convert("a\u{7}").changes.len(), 1);
        assert_eq!(
            parts("a\u{0}b\u{7f}\u{90}\u{1b}[1m"),
            ["a\u{2400}b\u{2421}\u{fffd}\u{241b}[1m"]
        );
    }

    #[test]
    fn long_texts_are_split_without_losing_words() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let long: String = (0..9_000).map(|n| format!("wörd{n} ")).collect();
        let found = parts(&long);
        assert!(found.len() >= 6, "{}", found.len());
        assert_eq!(found.iter().flat_map(|part| words(part)).collect::<Vec<_>>(), words(&long));
        // Without a space to split at.
        let solid = "\u{1f642}".repeat(10_000);
        assert_eq!(parts(&solid).concat(), solid);
        let lines = format!("{}\n{}", "a ".repeat(6_000).trim(), "b ".repeat(6_000));
        assert!(parts(&lines)[1].starts_with("b b"), "split at the line end");
        // Control pictures take more bytes.
        assert_eq!(parts(&"\u{1}".repeat(CONTENT_MAX_BYTES)).len(), 4);
        assert_eq!(parts(&format!("a{}b", " ".repeat(40_000))), ["a", "b"]);
    }
}
