//! A text without what people do not type when they search, and where each character comes from.

use std::ops::Range;

use unicode_normalization::char::{compose, decompose_compatible};

use crate::search::chars::is_blank;

/// A folded character.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoldedChar {
    pub c: char,
    /// Whether it was a capital.
    pub is_upper: bool,
    /// The bytes of the text that it stands for; several may stand for the same.
    pub source: Range<usize>,
}

pub(super) fn fold_chars(text: &str) -> Vec<FoldedChar> {
    let mut folded = Vec::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        let at = start..start + c.len_utf8();
        // Most of what is said, and nothing of it is taken apart, dropped or joined.
        if c.is_ascii() {
            let plain = if is_blank(c) { ' ' } else { c.to_ascii_lowercase() };
            folded.push(FoldedChar { c: plain, is_upper: c.is_ascii_uppercase(), source: at });
            continue;
        }
        decompose_compatible(c, |part| fold_char(&mut folded, part, at.clone()));
    }
    folded
}

/// The bytes from the first to the last of some characters; there must be one.
pub(super) fn source_range(chars: &[FoldedChar]) -> Range<usize> {
    chars[0].source.start..chars[chars.len() - 1].source.end
}

fn fold_char(folded: &mut Vec<FoldedChar>, c: char, at: Range<usize>) {
    if is_dropped(c) {
        if let Some(last) = folded.last_mut() {
            last.source.end = at.end;
        }
        return;
    }
    if let Some(last) = folded.last_mut().filter(|_| composes(c))
        && let Some(whole) = compose(last.c, c)
    {
        last.c = whole;
        last.source.end = at.end;
        return;
    }
    let is_upper = c.is_uppercase();
    let mut push = |c: char| {
        let c = if is_blank(c) { ' ' } else { c };
        folded.push(FoldedChar { c, is_upper, source: at.clone() });
    };
    for c in c.to_lowercase() {
        match transliterate(c) {
            Some(letters) => letters.chars().for_each(&mut push),
            None => push(c),
        }
    }
}

/// Letters that Unicode does not take apart and keyboards elsewhere do not have.
fn transliterate(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

/// What makes one character of two for good: the vowels and endings of Hangul, the voice of Kana.
fn composes(c: char) -> bool {
    matches!(c, '\u{1161}'..='\u{1175}' | '\u{11a8}'..='\u{11c2}' | '\u{3099}' | '\u{309a}')
}

fn is_dropped(c: char) -> bool {
    is_accent(c) || is_vowel_point(c) || is_invisible(c) || is_modifier(c)
}

/// Of Latin, Greek, Cyrillic and symbols.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Of Hebrew, Arabic (with the stroke that only lengthens a word) and Syriac.
fn is_vowel_point(c: char) -> bool {
    matches!(c,
        '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}'
        | '\u{6ea}'..='\u{6ed}' | '\u{711}' | '\u{730}'..='\u{74a}'
        | '\u{8ca}'..='\u{8e1}' | '\u{8e3}'..='\u{8ff}')
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Skin tones, and the letters inside of the flags of countries' parts.
fn is_modifier(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}
