//! What the parts of a query mean.

use std::ops::Range;

use super::{
    AnyOf, Filter, Predicate, Query, QueryError, Sort, Term,
    lexer::{self, Part, What},
    operators::{self, Said},
};
use crate::{ids::Seq, rules::QUERY_MAX_CHARS};

/// What a text asks for.
///
/// # Errors
/// The first [`QueryError`]: an unknown operator, a value that an operator does not take, a second
/// `near:` or `sort:` that says something else, an `OR` between what are not two texts, or more
/// than [`QUERY_MAX_CHARS`] characters.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    if let Some(mistake) = too_long(text) {
        return Err(mistake);
    }
    let reader = read(&lexer::parts(text));
    match reader.mistakes.into_iter().next() {
        Some(mistake) => Err(mistake),
        None => Ok(reader.query),
    }
}

pub(super) fn too_long(text: &str) -> Option<QueryError> {
    let (limit, _) = text.char_indices().nth(QUERY_MAX_CHARS)?;
    Some(QueryError {
        at: limit..text.len(),
        message: format!(
            "A query is at most {QUERY_MAX_CHARS} characters long, and this one is {}.",
            text.chars().count()
        ),
        suggestion: None,
    })
}

pub(super) fn read(parts: &[Part<'_>]) -> Reader {
    let mut reader = Reader::default();
    parts.iter().for_each(|part| reader.part(part));
    reader
}

#[derive(Default)]
pub(super) struct Reader {
    query: Query,
    sort: Option<Sort>,
    /// In the order of their places.
    pub mistakes: Vec<QueryError>,
    /// An `OR` that waits for what stands behind it.
    or: Option<Range<usize>>,
    before: Before,
}

/// What an `OR` has on its left.
#[derive(Default, PartialEq)]
enum Before {
    #[default]
    Nothing,
    Term,
    Filter,
    Other,
}

impl Reader {
    fn part(&mut self, part: &Part<'_>) {
        match &part.what {
            What::Or if self.before == Before::Nothing => {}
            What::Or => self.or = Some(part.at.clone()),
            What::Term(None) => {}
            What::Term(Some(text)) => self.text(text.clone(), part.not.is_some()),
            What::Operator { name, value } => match operators::read(part.at.clone(), name, value) {
                Ok(said) => self.said(said, part),
                Err(mistake) => {
                    self.mistakes.push(mistake);
                    self.or = None;
                    self.before = Before::Nothing;
                }
            },
        }
    }

    fn text(&mut self, text: Term, negated: bool) {
        let or = self.or.take();
        if negated {
            self.lone(or);
            self.query.none_of.push(text);
            self.before = Before::Other;
            return;
        }
        match (or, self.query.all_of.last_mut()) {
            (Some(_), Some(any_of)) if self.before == Before::Term => any_of.0.push(text),
            (or, _) => {
                self.lone(or);
                self.query.all_of.push(AnyOf(vec![text]));
            }
        }
        self.before = Before::Term;
    }

    fn said(&mut self, said: Said, part: &Part<'_>) {
        let or = self.or.take();
        let negated = part.not.is_some();
        match said {
            Said::Predicate(by) => {
                if negated || !self.follows_its_kind(&by) {
                    self.lone(or);
                }
                self.before = if negated { Before::Other } else { Before::Filter };
                self.query.filters.push(Filter { negated, predicate: by });
            }
            Said::Near(seq) => {
                self.lone(or);
                self.near(seq, part);
            }
            Said::Sort(sort) => {
                self.lone(or);
                self.sort(sort, part);
            }
        }
    }

    fn near(&mut self, seq: Seq, part: &Part<'_>) {
        self.before = Before::Other;
        self.once("near", self.query.near.is_some_and(|near| near != seq), part);
        self.query.near = Some(seq);
    }

    fn sort(&mut self, sort: Sort, part: &Part<'_>) {
        self.before = Before::Other;
        self.once("sort", self.sort.is_some_and(|before| before != sort), part);
        self.sort = Some(sort);
        self.query.sort = sort;
    }

    fn follows_its_kind(&self, by: &Predicate) -> bool {
        self.before == Before::Filter
            && self.query.filters.last().is_some_and(|last| last.predicate.is_same_kind(by))
    }

    fn once(&mut self, name: &str, contradicts: bool, part: &Part<'_>) {
        if let Some(not) = &part.not {
            self.mistake(not, format!("{name}: cannot be negated."), None);
        } else if contradicts {
            self.mistake(&part.at, format!("{name}: can be said once."), None);
        }
    }

    /// An `OR` whose sides are not two texts.
    fn lone(&mut self, or: Option<Range<usize>>) {
        if let Some(at) = or {
            let message = "OR stands between two texts, neither negated. Operators of one kind are \
                           alternatives without it; to look for the word, put it in quotes.";
            self.mistake(&at, message.into(), Some("\"OR\""));
        }
    }

    fn mistake(&mut self, at: &Range<usize>, message: String, suggestion: Option<&str>) {
        let suggestion = suggestion.map(str::to_owned);
        self.mistakes.push(QueryError { at: at.clone(), message, suggestion });
    }
}
