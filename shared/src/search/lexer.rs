//! Splits a query into lexemes. Every input is valid here; `parse` checks the meaning.

use std::ops::Range;

use winnow::{
    LocatingSlice, Parser,
    combinator::{alt, eof, not, opt, peek, preceded, repeat, terminated},
    error::EmptyError,
    token::{any, one_of, take_while},
};

use super::{
    Term,
    chars::{is_blank, is_quote, is_searchable},
    operators::{self, Operator, Value},
};

type Input<'i> = LocatingSlice<&'i str>;
type Result<O> = std::result::Result<O, EmptyError>;

/// One element of a query.
#[derive(Debug, PartialEq)]
pub(super) struct Lexeme<'i> {
    /// The position of the `-` before it.
    pub negation: Option<Range<usize>>,
    /// Its position, without the `-`.
    pub at: Range<usize>,
    pub kind: LexemeKind<'i>,
}

#[derive(Debug, PartialEq)]
pub(super) enum LexemeKind<'i> {
    Or,
    /// A term; `None` if its text has nothing to search for.
    Term(Option<Term>),
    /// `name:value` with the name of an operator.
    Operator {
        operator: &'static Operator,
        value: Value,
    },
    /// `name:value` with a name that is no operator: a text, which may be a misspelled operator.
    UnknownOperator {
        name: &'i str,
        /// The byte in the query at which the value starts.
        value_start: usize,
        term: Term,
    },
}

pub(super) fn lex(query: &str) -> Vec<Lexeme<'_>> {
    preceded(blanks, repeat(0.., terminated(lexeme, blanks)))
        .parse(LocatingSlice::new(query))
        .unwrap_or_default()
}

fn lexeme<'i>(input: &mut Input<'i>) -> Result<Lexeme<'i>> {
    alt((
        or.with_span().map(|(kind, at)| Lexeme { negation: None, at, kind }),
        (opt(minus.span()), lexeme_kind.with_span()).map(|(negation, (kind, at))| Lexeme {
            negation,
            at,
            kind,
        }),
    ))
    .parse_next(input)
}

fn blanks(input: &mut Input<'_>) -> Result<()> {
    take_while(0.., is_blank).void().parse_next(input)
}

fn or<'i>(input: &mut Input<'i>) -> Result<LexemeKind<'i>> {
    let end = alt((one_of(is_blank).void(), eof.void()));
    ("OR", peek(end)).map(|_| LexemeKind::Or).parse_next(input)
}

/// A `-` directly before an element that does not start with `-`: `--flag` is a word.
fn minus(input: &mut Input<'_>) -> Result<()> {
    let start = one_of(|c: char| !is_blank(c) && c != '-');
    ('-', peek(start)).void().parse_next(input)
}

fn lexeme_kind<'i>(input: &mut Input<'i>) -> Result<LexemeKind<'i>> {
    alt((
        preceded('~', alt((quoted, bare.map(str::to_owned)))).map(substring),
        quoted.map(|text| LexemeKind::Term(is_searchable(&text).then_some(Term::Phrase(text)))),
        operator,
        bare.map(word),
    ))
    .parse_next(input)
}

fn substring<'i>(text: String) -> LexemeKind<'i> {
    LexemeKind::Term((!text.trim().is_empty()).then_some(Term::Substring(text)))
}

fn word<'i>(text: &str) -> LexemeKind<'i> {
    LexemeKind::Term(word_term(text))
}

fn word_term(text: &str) -> Option<Term> {
    let stem = text.trim_end_matches('*');
    match is_searchable(stem) {
        false => None,
        true if stem.len() < text.len() => Some(Term::Prefix(stem.to_owned())),
        true => Some(Term::Word(text.to_owned())),
    }
}

fn bare<'i>(input: &mut Input<'i>) -> Result<&'i str> {
    take_while(1.., |c| !is_blank(c)).parse_next(input)
}

/// A string in quotes. `""` is a quote inside `"`; curly quotes have no such escape.
fn quoted(input: &mut Input<'_>) -> Result<String> {
    let open = one_of(is_quote).parse_next(input)?;
    let is_end = move |c: char| if open == '"' { c == '"' } else { matches!(c, '”' | '“') };
    let doubled = "\"\"".value('"').verify(move |_| open == '"');
    let plain = preceded(not(one_of(is_end)), any).map(|c: char| if is_blank(c) { ' ' } else { c });
    let text = repeat(0.., alt((doubled, plain))).parse_next(input)?;
    opt(one_of(is_end)).parse_next(input)?;
    Ok(text)
}

fn operator<'i>(input: &mut Input<'i>) -> Result<LexemeKind<'i>> {
    let letters = take_while(1.., |c: char| c.is_ascii_alphabetic());
    let name: &str = terminated(letters, ':').parse_next(input)?;
    let bare_value = peek(opt(bare)).parse_next(input)?.unwrap_or_default();
    if operators::is_plain(name, bare_value) {
        return Err(EmptyError);
    }
    let quoted_value = quoted.map(|text| (text, true));
    let bare_value = opt(bare).map(|text| (text.unwrap_or_default().to_owned(), false));
    let ((text, quoted), at) = alt((quoted_value, bare_value)).with_span().parse_next(input)?;
    if let Some(operator) = operators::find(name) {
        return Ok(LexemeKind::Operator { operator, value: Value { at, text, quoted } });
    }
    let text = format!("{name}:{text}");
    let term = if quoted { Term::Phrase(text) } else { word_term(&text).ok_or(EmptyError)? };
    Ok(LexemeKind::UnknownOperator { name, value_start: at.start, term })
}
