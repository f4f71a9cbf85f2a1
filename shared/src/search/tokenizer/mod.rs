//! How a text is cut into search tokens, the same for every database: the server writes the tokens
//! into two columns, and the engine only looks tokens up.
//!
//! **Folding** ([`fold`]). Compatibility forms become plain ones (`Ａ` `①` `ﬁ`), capitals small,
//! `ß` `ss`, `æ` `ae`, `ø` `o`, `ł` `l`; the accents of Latin, Greek and Cyrillic and the points of
//! Hebrew and Arabic go, and so do invisible characters and skin tones. Marks that make another
//! letter stay (が is not か, and Indic vowel signs are letters).
//!
//! **Words.** A run of letters and digits is a token; everything else divides. So `PLT-3699` is
//! `plt` `3699`, `10.4.1.74` four tokens, `get_user` two. A run longer than 80 encoded characters
//! goes on in the next token. One letter with `#`, and one or two with `++`, are a token with the
//! sign (`c#`, `c++`, `g++`). An emoji is a token; so is a flag.
//!
//! **Scripts without blanks** (Han, Kana, Hangul, Thai, Lao, Khmer, Burmese). From each character of
//! a run begins a token of two, and the last one is of one: 病院内 is `病院` `院内` `内`. So one, two
//! and more characters are found wherever they stand.
//!
//! **Parts.** A name in camel case of at most 12 humps is one word, and its humps and what follows
//! each of them are its parts: `getUserName` is the word `getusername` with the parts `get`,
//! `user`, `name`, `username`. They are kept in a stream of their own, so that words that stand next
//! to each other are next to each other in theirs.
//!
//! **Queries** ([`wanted`]). The tokens of a text must be found next to each other. The last one of
//! a [`Term::Prefix`] may be the beginning of a token; that of a [`Term::Word`] may too when it
//! has three characters and a letter among them (`host` finds `hostname`, `369` does not find
//! `3699`); in a [`Term::Phrase`] it is the whole token. A word or prefix of one token is looked for
//! among the parts too. A text without tokens asks for nothing. A [`Term::Substring`] is looked for
//! in the folded text.
//!
//! **Engines** get every token in the form of [`encode`], which all of them keep whole.
//!
//! ```
//! use shared::search::{parse, tokenizer::Matcher};
//!
//! let text = "PLT-3699: die Fräse hat einen neuen Hostnamen";
//! let sought = Matcher::new(&parse("plt-3699 frase host -\"host\"")?);
//! assert!(sought.is_match(text));
//! assert_eq!(&text[sought.ranges(text)[0].clone()], "PLT-3699");
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

/// A token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token, folded; never empty.
    pub text: String,
    /// The bytes of the text that it stands for, half-open, on character boundaries.
    pub range: Range<usize>,
    /// Which word of the text it is, from 0. The parts of a word have its number.
    pub position: usize,
    /// Whether it is a part of a word, and not the word.
    pub is_subword: bool,
}

/// The tokens of a text, each word followed by its parts.
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

/// The columns of a text, as an engine gets them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexColumns {
    /// The words, encoded, with a blank between two: the n-th is at position n.
    pub words: String,
    /// The parts of the words, encoded, with a blank between two. Their order says nothing.
    pub subwords: String,
    /// The text as substrings are looked for in it: see [`fold`].
    pub folded: String,
}

/// What to index of a text: the tokens of [`index_tokens`], and the folded text.
pub fn index_columns(text: &str) -> IndexColumns {
    let folded = fold::fold_chars(text);
    let mut streams = IndexColumns::default();
    let push = |stream: &mut String, chars: Range<usize>| {
        if !stream.is_empty() {
            stream.push(' ');
        }
        encode::push(stream, folded[chars].iter().map(|folded| folded.c));
    };
    for segment in segment::segment(&folded) {
        segment::subwords(&folded, &segment)
            .into_iter()
            .for_each(|subword| push(&mut streams.subwords, subword));
        push(&mut streams.words, segment.chars);
    }
    streams.folded = folded.iter().map(|folded| folded.c).collect();
    streams
}

/// A text as substrings are looked for in it: folded, each blank as a space, punctuation as it is.
pub fn fold(text: &str) -> String {
    fold::fold_chars(text).into_iter().map(|folded| folded.c).collect()
}
