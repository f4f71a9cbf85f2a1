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
        elements.extend(self.none_of.iter().map(|term| signed("-", term)));
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

/// Writes a term, in quotes if the parser would read it as something else.
impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&signed("", self))
    }
}

fn signed(sign: &str, text: &Term) -> String {
    let (before, after) = match text {
        Term::Word(_) => ("", ""),
        Term::Prefix(_) => ("", "*"),
        Term::Substring(_) => ("~", ""),
        Term::Phrase(phrase) => return format!("{sign}{}", operators::quote(phrase)),
    };
    let bare = format!("{sign}{before}{}{after}", text.as_str());
    let is_read_back = match lexer::lex(&bare).as_slice() {
        [lexeme] => {
            lexeme.negation.is_some() != sign.is_empty()
                && matches!(&lexeme.kind, LexemeKind::Term(Some(read)) if read == text)
        }
        _ => false,
    };
    if is_read_back { bare } else { format!("{sign}{before}{}", operators::quote(text.as_str())) }
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
            Self::From(person) => write_named(f, "from:", self, person.value()),
            Self::Mentions(person) => write_named(f, "mentions:", self, person.value()),
            Self::In(RoomRef::Name(name)) => write_named(f, "in:", self, name),
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

fn write_named(f: &mut Formatter<'_>, operator: &str, by: &Predicate, value: &str) -> fmt::Result {
    let bare = format!("{operator}{value}");
    let is_read_back = match lexer::lex(&bare).as_slice() {
        [lexeme] => match &lexeme.kind {
            LexemeKind::Operator { name, value } => {
                matches!(operators::parse_clause(lexeme.at.clone(), name, value), Ok(Clause::Predicate(read)) if read == *by)
            }
            _ => false,
        },
        _ => false,
    };
    if is_read_back {
        f.write_str(&bare)
    } else {
        write!(f, "{operator}{}", operators::quote(value))
    }
}
