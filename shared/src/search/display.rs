//! Writes a query as its canonical text.

use std::fmt::{self, Display, Formatter};

use super::{
    AnyOf, Filter, Person, Predicate, Query, RoomRef, Sort, Term,
    lexer::{self, LexemeKind},
    operators::{self, Clause},
};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut elements: Vec<String> = self.all_of.iter().map(AnyOf::to_string).collect();
        elements.extend(self.none_of.iter().map(|term| format_term("-", term)));
        elements.extend(self.filters.iter().map(Filter::to_string));
        elements.extend(self.near.map(|seq| format!("near:{seq}")));
        if self.sort != Sort::default() {
            elements.push(format!("sort:{}", self.sort.name()));
        }
        f.write_str(&elements.join(" "))
    }
}

impl Display for AnyOf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(Term::to_string).collect();
        f.write_str(&texts.join(" OR "))
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&format_term("", self))
    }
}

/// Formats a term after a sign (`-` or nothing), in quotes if the parser would read the bare text as
/// something else.
fn format_term(sign: &str, term: &Term) -> String {
    let (before, after) = match term {
        Term::Word(_) => ("", ""),
        Term::Prefix(_) => ("", "*"),
        Term::Substring(_) => ("~", ""),
        Term::Phrase(phrase) => return format!("{sign}{}", operators::quote(phrase)),
    };
    let bare = format!("{sign}{before}{}{after}", term.as_str());
    let parses_back = match lexer::lex(&bare).as_slice() {
        [lexeme] => {
            lexeme.negation.is_some() != sign.is_empty()
                && matches!(
                    &lexeme.kind,
                    LexemeKind::Term(Some(parsed)) | LexemeKind::UnknownOperator { term: parsed, .. }
                        if parsed == term
                )
        }
        _ => false,
    };
    if parses_back { bare } else { format!("{sign}{before}{}", operators::quote(term.as_str())) }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = if self.negated { "-" } else { "" };
        write!(f, "{sign}{}", self.predicate)
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(person) => write_operator(f, "from:", self, person.value()),
            Self::Mentions(person) => write_operator(f, "mentions:", self, person.value()),
            Self::In(RoomRef::Name(name)) => write_operator(f, "in:", self, name),
            Self::In(RoomRef::Id(id)) => write!(f, "in:#{id}"),
            Self::Before(when) => write!(f, "before:{when}"),
            Self::After(when) => write!(f, "after:{when}"),
            Self::On(when) => write!(f, "on:{when}"),
            Self::Has(has) => write!(f, "has:{}", has.name()),
            Self::Is(is) => write!(f, "is:{}", is.name()),
        }
    }
}

impl Person {
    fn value(&self) -> &str {
        match self {
            Self::Me => "me",
            Self::Name(name) => name,
        }
    }
}

/// Writes an operator with a name as its value, in quotes if the parser would read the bare name as
/// something else.
fn write_operator(
    f: &mut Formatter<'_>,
    operator: &str,
    predicate: &Predicate,
    value: &str,
) -> fmt::Result {
    let bare = format!("{operator}{value}");
    let parses_back = match lexer::lex(&bare).as_slice() {
        [lexeme] => match &lexeme.kind {
            LexemeKind::Operator { operator, value } => {
                matches!(operators::parse_clause(lexeme.at.clone(), operator, value), Ok(Clause::Predicate(parsed)) if parsed == *predicate)
            }
            _ => false,
        },
        _ => false,
    };
    if parses_back {
        f.write_str(&bare)
    } else {
        write!(f, "{operator}{}", operators::quote(value))
    }
}
