//! The properties from the regular expressions of the browser.

use std::thread::LocalKey;

use js_sys::{JsString, RegExp};

thread_local! {
    static DEFAULT_IGNORABLE: RegExp = RegExp::new(r"\p{DI}", "u");
    static MARK: RegExp = RegExp::new(r"\p{M}", "u");
    static PUNCTUATION: RegExp = RegExp::new(r"\p{P}", "u");
    static SYMBOL: RegExp = RegExp::new(r"[\p{Sm}\p{Sc}\p{So}]", "u");
    static PICTOGRAPHIC: RegExp = RegExp::new(r"\p{ExtPict}", "u");
}

fn matches(class: &'static LocalKey<RegExp>, c: char) -> bool {
    class.with(|class| class.test(c.encode_utf8(&mut [0; 4])))
}

pub(super) fn compose(text: &str) -> String {
    JsString::from(text).normalize("NFC").into()
}

/// Whether `c` is not shown unless a font supports it (Default_Ignorable_Code_Point).
pub fn is_default_ignorable(c: char) -> bool {
    let is_filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    c >= '\u{ad}' && (is_filler || !c.is_alphanumeric() && matches(&DEFAULT_IGNORABLE, c))
}

/// Whether `c` combines with the character before it (general category M).
pub fn is_mark(c: char) -> bool {
    c >= '\u{300}' && matches(&MARK, c)
}

/// Whether `c` is punctuation (general category P).
pub fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c)
    } else {
        matches(&PUNCTUATION, c)
    }
}

/// Whether `c` is a symbol that stands for itself (general categories Sm, Sc and So).
pub fn is_symbol(c: char) -> bool {
    matches(&SYMBOL, c)
}

/// Whether `c` is an emoji or may become one (Extended_Pictographic).
pub fn is_pictographic(c: char) -> bool {
    c >= '\u{a9}' && matches(&PICTOGRAPHIC, c)
}

/// Browsers do not know how letters join, so the server alone checks that.
pub(super) fn is_joiner_allowed(_: char, _: &str, _: &str) -> bool {
    true
}
