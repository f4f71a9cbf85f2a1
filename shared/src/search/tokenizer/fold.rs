//! Folds a string and maps each folded character to its source bytes.

use std::ops::Range;

use unicode_normalization::char::{compose, decompose_compatible};

use crate::search::chars::{is_blank, is_skin_tone};

/// A folded character.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoldedChar {
    pub c: char,
    /// Whether its source is upper-case.
    pub is_upper: bool,
    /// Its bytes in the text. Several folded characters can have the same source.
    pub source: Range<usize>,
}

pub(super) fn fold_chars(text: &str) -> Vec<FoldedChar> {
    let mut folded = Vec::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        let at = start..start + c.len_utf8();
        // A fast path: ASCII needs no decomposition and is never dropped or composed.
        if c.is_ascii() {
            let plain = if is_blank(c) { ' ' } else { c.to_ascii_lowercase() };
            folded.push(FoldedChar { c: plain, is_upper: c.is_ascii_uppercase(), source: at });
            continue;
        }
        match c {
            // Their letters would become part of the word beside them.
            '№' | '™' | '℠' => fold_char(&mut folded, c, at),
            _ => decompose_compatible(c, |c| fold_char(&mut folded, c, at.clone())),
        }
    }
    folded
}

/// The source bytes from the first to the last character. `chars` must not be empty.
pub(super) fn source_range(chars: &[FoldedChar]) -> Range<usize> {
    chars[0].source.start..chars[chars.len() - 1].source.end
}

fn fold_char(folded: &mut Vec<FoldedChar>, c: char, at: Range<usize>) {
    if let Some(last) = folded.last_mut()
        && let Some(letter) = compose(last.c, c).filter(|&letter| composes(c) || is_letter(letter))
    {
        last.c = letter;
        last.source.end = at.end;
        return;
    }
    if is_dropped(c) {
        if let Some(last) = folded.last_mut() {
            last.source.end = at.end;
        }
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

/// Replaces letters that Unicode does not decompose and that many keyboards lack.
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

/// Whether `c` composes with the previous character: Hangul vowels and finals, Kana voicing marks.
fn composes(c: char) -> bool {
    matches!(c, '\u{1161}'..='\u{1175}' | '\u{11a8}'..='\u{11c2}' | '\u{3099}' | '\u{309a}')
}

/// Whether an accented letter is a letter of its own in the alphabets that have it, as й is in all
/// of Cyrillic (Unicode Technical Standard 10 gives it a primary weight of its own), and ї, ў, ѓ, ќ
/// and the letters of the smaller languages are in theirs. ё is not, because most texts write е for
/// it, nor are ѐ and ѝ, which only mark the stress.
fn is_letter(accented: char) -> bool {
    matches!(accented, '\u{400}'..='\u{52f}') && !matches!(accented, 'ё' | 'ѐ' | 'ѝ')
}

fn is_dropped(c: char) -> bool {
    is_accent(c) || is_vowel_point(c) || is_invisible(c) || is_modifier(c)
}

/// The accents of Latin, Greek, Cyrillic and symbols.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The points of Hebrew, Arabic (and its tatweel, which only stretches a word) and Syriac.
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

/// Skin tones, and the tag characters of subdivision flags.
fn is_modifier(c: char) -> bool {
    is_skin_tone(c) || matches!(c, '\u{e0000}'..='\u{e0fff}')
}
