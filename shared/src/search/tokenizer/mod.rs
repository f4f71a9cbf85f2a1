//! The tokenizer of the search, the same for all databases. The server writes the tokens of a
//! message into two columns, and the search engine of the database only looks tokens up.
//!
//! **Folding** ([`fold()`]) makes letters comparable. It replaces compatibility forms (`Ａ` `①` `ﬁ`) and
//! capitals, writes `ß` as `ss`, `æ` as `ae`, `ø` as `o`, `ł` as `l`, and removes the accents of
//! Latin, Greek and Cyrillic, the points of Hebrew and Arabic, invisible characters and skin tones.
//! Marks that form another letter stay: й is not и (but ё is е), が is not か, क़ is not क, and Indic
//! vowel signs are letters.
//!
//! **Words.** A run of letters and digits is one token, and every other character separates tokens:
//! `PLT-3699` is `plt` `3699`, `10.4.1.74` four tokens, `get_user` two. A run of more than 80 encoded
//! characters continues in the next token. One letter with `#`, and one or two letters with `++`, form
//! a token with the sign (`c#`, `c++`, `g++`). An emoji is a token, and so are a flag and each symbol
//! outside of ASCII (`€`, `™`, `↩`).
//!
//! **Scripts without blanks** (Han, Kana, Hangul, Thai, Lao, Khmer, Burmese) become bigrams: each
//! character of a run starts a token of two characters, except for the last, which is a token of one.
//! 病院内 is `病院` `院内` `内`. So a query of any length matches at any position of the run.
//!
//! **Subwords.** A camel-case name with at most 12 humps is one word. Its humps, and the suffixes
//! of the name that start at an inner hump, are its subwords: `getUserName` is the word
//! `getusername` with the subwords `get`, `user`, `name`, `username`. They have a column of their
//! own, because in the column of the words they would stand between neighbours, and phrases would
//! not match.
//!
//! **Queries** ([`compile_term`]). The tokens of a term must occur next to each other. The last
//! token of a [`Term::Prefix`] is a prefix. The last token of a [`Term::Word`] is a prefix too if
//! it has at least three characters and a letter: `host` matches `hostname`, `369` does not match
//! `3699`. The last token of a [`Term::Phrase`] must match a whole token. A word or prefix of one
//! token also matches subwords. A term without tokens is ignored. A [`Term::Substring`] matches in
//! the folded text.
//!
//! **Engines** get each token in the form of [`encode()`], which all of them treat as one word.
//!
//! ```
//! use shared::search::{parse, tokenizer::Matcher};
//!
//! let text = "PLT-3699: die Fräse hat einen neuen Hostnamen";
//! let matcher = Matcher::new(&parse("plt-3699 frase host -\"host\"")?);
//! assert!(matcher.is_match(text));
//! assert_eq!(&text[matcher.ranges(text)[0].clone()], "PLT-3699");
//! # Ok::<(), shared::search::QueryError>(())
//! ```

use std::ops::Range;

#[cfg(doc)]
use super::Term;

mod compiled_term;
mod encode;
mod fold;
#[cfg(any(test, feature = "golden"))]
pub mod golden;
mod matcher;
mod segment;
#[cfg(test)]
mod tests;

pub use compiled_term::{CompiledTerm, QueryToken, compile_term};
pub use encode::{decode, encode};
pub use matcher::Matcher;

/// A token of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token, folded; never empty.
    pub text: String,
    /// Its byte range in the text, half-open, on character boundaries.
    pub range: Range<usize>,
    /// The number of the word in the text, from 0. Subwords have the number of their word.
    pub position: usize,
    /// Whether it is a subword.
    pub is_subword: bool,
}

/// The tokens of a string, each word followed by its subwords.
///
/// ```
/// use shared::search::tokenizer::index_tokens;
///
/// let tokens = index_tokens("C++: getName");
/// let texts: Vec<_> = tokens.iter().map(|token| token.text.as_str()).collect();
/// assert_eq!(texts, ["c++", "getname", "get", "name"]);
/// assert_eq!((tokens[3].range.clone(), tokens[3].position, tokens[3].is_subword), (8..12, 1, true));
/// ```
pub fn index_tokens(text: &str) -> Vec<Token> {
    let folded = fold::fold_chars(text);
    let mut tokens = Vec::new();
    for (position, segment) in segment::segment(&folded).into_iter().enumerate() {
        let token = |chars: &Range<usize>, is_subword: bool| Token {
            text: folded[chars.clone()].iter().map(|folded| folded.c).collect(),
            range: fold::source_range(&folded[chars.clone()]),
            position,
            is_subword,
        };
        tokens.push(token(&segment.chars, false));
        tokens.extend(
            segment::subwords(&folded, &segment).iter().map(|subword| token(subword, true)),
        );
    }
    tokens
}

/// The values of the index columns of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexColumns {
    /// The encoded words, separated by spaces, in the order of the text.
    pub words: String,
    /// The encoded subwords, separated by spaces. Their order has no meaning.
    pub subwords: String,
    /// The folded text, for substring searches. See [`fold()`].
    pub folded: String,
}

/// The index columns of a string: its encoded [`index_tokens`] and its folded form.
pub fn index_columns(text: &str) -> IndexColumns {
    let folded = fold::fold_chars(text);
    let mut columns = IndexColumns::default();
    let push = |column: &mut String, chars: Range<usize>| {
        if !column.is_empty() {
            column.push(' ');
        }
        encode::push(column, folded[chars].iter().map(|folded| folded.c));
    };
    for segment in segment::segment(&folded) {
        segment::subwords(&folded, &segment)
            .into_iter()
            .for_each(|subword| push(&mut columns.subwords, subword));
        push(&mut columns.words, segment.chars);
    }
    columns.folded = folded.iter().map(|folded| folded.c).collect();
    columns
}

/// The folded form of a string, for substring searches. Each blank becomes a space, and punctuation
/// stays.
pub fn fold(text: &str) -> String {
    fold::fold_chars(text).into_iter().map(|folded| folded.c).collect()
}
