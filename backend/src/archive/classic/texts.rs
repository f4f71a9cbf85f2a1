//! Texts that the classic chat took and Hallway does not: too long, empty, with control characters.

use shared::rules::{self, CONTENT_MAX_BYTES};

/// In the place of a text in which nothing is.
const EMPTY: &str = "\u{2205}";
/// A shorter text fits, whatever its characters become.
pub const FITS: i64 = (CONTENT_MAX_BYTES / 3) as i64;

/// What becomes of a text: messages in their order, at least one, and why they are not what it was.
pub struct Told {
    pub parts: Vec<String>,
    pub why: Vec<&'static str>,
}

/// A text as one or more that the rule takes. Blanks around it go, as they always do.
pub fn tell(text: &str) -> Told {
    if let Ok(text) = rules::validate_content(text) {
        return Told { parts: vec![text], why: Vec::new() };
    }
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{85}'], "\n");
    let mut why = Vec::new();
    let shown: String = text.chars().map(show).collect();
    if shown != text {
        why.push("shows its control characters as signs");
    }
    let mut parts = Vec::new();
    let mut rest = shown.trim();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(end_of_part(rest));
        parts.push(part.trim_end().to_owned());
        rest = after.trim_start();
    }
    match parts.len() {
        0 => {
            parts.push(EMPTY.into());
            why.push("was empty");
        }
        1 => {}
        _ => why.push("was too long for one"),
    }
    Told { parts, why }
}

/// A control character as the sign that Unicode has for it, if it has one.
fn show(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// Where to cut a text that begins with no blank: at the end of a line or a word, if one is in the
/// second half of what fits.
fn end_of_part(text: &str) -> usize {
    if text.len() <= CONTENT_MAX_BYTES {
        return text.len();
    }
    let most = text.floor_char_boundary(CONTENT_MAX_BYTES);
    let half = text.floor_char_boundary(CONTENT_MAX_BYTES / 2);
    let window = &text[half..most];
    let cut = window.rfind('\n').or_else(|| window.rfind(char::is_whitespace));
    cut.map_or(most, |at| half + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        let told = tell(text);
        for part in &told.parts {
            assert_eq!(rules::validate_content(part).as_ref(), Ok(part));
        }
        assert_eq!(told.why.is_empty(), rules::validate_content(text).is_ok());
        told.parts
    }

    #[test]
    fn what_is_good_stays() {
        assert_eq!(parts(" a\r\nb "), ["a\nb"]);
        let long = "x".repeat(CONTENT_MAX_BYTES);
        assert_eq!(parts(&format!("  {long}\n")), [long]);
    }

    #[test]
    fn nothing_is_said_visibly() {
        for text in ["", " \n\t ", "\r\n"] {
            assert_eq!(parts(text), [EMPTY]);
        }
        assert_eq!(
            parts("a\u{0}b\u{7f}\u{90}\u{1b}[1m"),
            ["a\u{2400}b\u{2421}\u{fffd}\u{241b}[1m"]
        );
    }

    #[test]
    fn what_is_too_long_comes_in_parts_with_all_of_its_words() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let long: String = (0..9_000).map(|n| format!("wörd{n} ")).collect();
        let found = parts(&long);
        assert!(found.len() >= 6, "{}", found.len());
        assert_eq!(found.iter().flat_map(|part| words(part)).collect::<Vec<_>>(), words(&long));
        // Without a place to cut at, and where a character would be cut.
        let solid = "\u{1f642}".repeat(10_000);
        assert_eq!(parts(&solid).concat(), solid);
        let lines = format!("{}\n{}", "a ".repeat(6_000).trim(), "b ".repeat(6_000));
        assert!(parts(&lines)[1].starts_with("b b"), "cut at the line");
        // What becomes longer by being shown.
        assert_eq!(parts(&"\u{1}".repeat(CONTENT_MAX_BYTES)).len(), 4);
        assert_eq!(parts(&format!("a{}b", " ".repeat(40_000))), ["a", "b"]);
    }
}
