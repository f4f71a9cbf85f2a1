//! The properties from ICU4X.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        CanonicalCombiningClass, DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory,
        GeneralCategoryGroup, JoiningType,
    },
};
use unicode_normalization::UnicodeNormalization;

/// The maximum length of a folded name: that of the columns that store one.
const FOLDED_MAX_CHARS: usize = 300;

pub(super) fn compose(text: &str) -> String {
    text.nfc().collect()
}

/// The form of a name that it shares with its look-alikes: without compatibility characters, such as letters
/// of full width and ligatures (NFKC), and without case. At most 300 characters, because one character can
/// stand for a sentence, and the indices of databases have limits.
///
/// Not in the browser, whose page would need it only to say before the server that a name is taken.
pub fn fold_name(name: &str) -> String {
    // By upper case, which also unites letters that differ in lower case: the two forms of sigma, ß and ss.
    let folded = name.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    folded.nfkc().take(FOLDED_MAX_CHARS).collect()
}

/// Whether `c` is a character that is not shown unless a font supports it
/// (Default_Ignorable_Code_Point): joiners, bidi controls, variation selectors, fillers, tags.
pub fn is_default_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether `c` combines with the character before it (general category M).
pub fn is_mark(c: char) -> bool {
    is_in(c, GeneralCategoryGroup::Mark)
}

/// Whether `c` is punctuation (general category P).
pub fn is_punctuation(c: char) -> bool {
    is_in(c, GeneralCategoryGroup::Punctuation)
}

/// Whether `c` is a mathematical sign, a currency sign, or another symbol that stands for itself
/// (general categories Sm, Sc and So).
pub fn is_symbol(c: char) -> bool {
    is_in(c, GeneralCategoryGroup::Symbol) && !is_in(c, GeneralCategoryGroup::ModifierSymbol)
}

/// Whether `c` is an emoji or may become one (Extended_Pictographic).
pub fn is_pictographic(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

fn is_in(c: char, group: GeneralCategoryGroup) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// The rules of RFC 5892: both joiners after a virama, and U+200C also where it separates two
/// letters that would join.
pub(super) fn is_joiner_allowed(joiner: char, before: &str, after: &str) -> bool {
    let combining_class = CodePointMapData::<CanonicalCombiningClass>::new();
    let is_virama = |c: char| combining_class.get(c) == CanonicalCombiningClass::Virama;
    if before.ends_with(is_virama) {
        return true;
    }
    let joining_type = |c: char| CodePointMapData::<JoiningType>::new().get(c);
    let mut backwards = before.chars().rev().map(joining_type);
    let mut forwards = after.chars().map(joining_type);
    let is_letter = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let left = backwards.find(is_letter);
    let right = forwards.find(is_letter);
    joiner == '\u{200c}'
        && matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}
