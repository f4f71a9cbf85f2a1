//! Unicode properties of characters, and normalization.
//!
//! The server takes them from ICU4X. The page asks the browser, which has the same tables, so that
//! none of them are in the WASM.

use std::borrow::Cow;

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod icu;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "wasm32")]
use browser as tables;
#[cfg(not(target_arch = "wasm32"))]
use icu as tables;

#[cfg(not(target_arch = "wasm32"))]
pub use icu::fold_name;
pub use tables::{is_default_ignorable, is_mark, is_pictographic, is_punctuation, is_symbol};

/// U+200C ZERO WIDTH NON-JOINER and U+200D ZERO WIDTH JOINER.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
/// U+FE0E and U+FE0F, which ask for the text or the emoji form of the character before.
const PRESENTATION_SELECTORS: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];

/// The text in Normalization Form C (Unicode Standard Annex 15).
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { tables::compose(text).into() }
}

/// Whether `c` leaves no ink: whitespace, [`is_default_ignorable`], controls, and the blanks that
/// Unicode counts as letters or symbols (the empty Braille cell, the null notehead, the fillers and
/// blanks of Khitan and Egyptian, and the object replacement character).
pub fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{2800}' | '\u{fffc}' | '\u{13441}' | '\u{13442}' | '\u{16fe4}' | '\u{1d159}'
        )
        || is_default_ignorable(c)
}

/// Whether `c` reorders the text around it (Bidi_Control).
pub fn is_bidi_control(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name for use inside a sentence in another direction: if it has letters that are written from
/// right to left, it is put between isolates (U+2068, U+2069), so that it reorders nothing around it.
///
/// ```
/// use shared::unicode::isolate;
/// assert_eq!(isolate("ada"), "ada");
/// assert_eq!(isolate("דנה"), "\u{2068}דנה\u{2069}");
/// ```
pub fn isolate(name: &str) -> Cow<'_, str> {
    let is_right_to_left = |c: char| {
        matches!(c,
            '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
            || is_bidi_control(c)
    };
    if name.contains(is_right_to_left) {
        format!("\u{2068}{name}\u{2069}").into()
    } else {
        name.into()
    }
}

/// Whether `c` belongs to a script that writes words without blanks between them.
pub fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

/// The first joiner of a text that changes nothing where it stands. Allowed are joiners where the
/// script needs them (RFC 5892, appendix A.1 and A.2), and U+200D between two emoji.
pub fn misplaced_joiner(text: &str) -> Option<char> {
    let joiners = text.char_indices().filter(|(_, c)| JOINERS.contains(c));
    let is_misplaced = |&(at, joiner): &(usize, char)| {
        let (before, after) = (&text[..at], &text[at + joiner.len_utf8()..]);
        let joins_emoji = joiner == '\u{200d}'
            && before.trim_end_matches(is_emoji_modifier).ends_with(is_pictographic)
            && after.starts_with(is_pictographic);
        !joins_emoji && !tables::is_joiner_allowed(joiner, before, after)
    };
    joiners
        .map(|found| (found, is_misplaced(&found)))
        .find(|(_, misplaced)| *misplaced)
        .map(|((_, joiner), _)| joiner)
}

/// The text without the presentation selectors of its emoji: ❤ with and without U+FE0F look alike.
pub fn without_presentation_selectors(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    for c in text.chars() {
        if !PRESENTATION_SELECTORS.contains(&c) || !stripped.ends_with(is_pictographic) {
            stripped.push(c);
        }
    }
    stripped
}

/// Whether `c` is one of the joiners, which scripts and emoji need.
pub fn is_joiner(c: char) -> bool {
    JOINERS.contains(&c)
}

/// Presentation selectors and skin tones.
fn is_emoji_modifier(c: char) -> bool {
    PRESENTATION_SELECTORS.contains(&c) || matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}
