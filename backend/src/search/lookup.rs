//! What an engine is asked for: the texts of a query and the marks of its filters, in the engine's
//! own language. Everything in it is an encoded token (letters and digits), so nothing that anybody
//! typed is syntax.

use sea_orm::DbBackend;
use shared::search::{
    Query, Term,
    tokenizer::{CompiledTerm, QueryToken, compile_term, encode},
};

use crate::tables::search_index::Facet;

/// Texts that an engine is asked for at most; whether the others are there is looked at in what it
/// finds.
const TERMS_MAX: usize = 100;
/// Characters of a part of a word that SQLite can look for: its index is of three at a time.
const GRAM: usize = 3;
/// Such threes of one text that are looked for at most.
const GRAMS_MAX: usize = 32;

/// What an engine is asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Lookup {
    /// In the engine's own language; none asks for nothing, and finds every message.
    pub tokens: Option<String>,
    /// What the folded text must hold: one of each list.
    pub folded: Vec<Vec<String>>,
    /// Whether whatever is found is meant. Else it is more, and must be looked at.
    pub is_exact: bool,
}

impl Lookup {
    /// For a query and marks, of each list of which one must be there.
    pub fn new(backend: DbBackend, query: &Query, marks: &[Vec<Facet>]) -> Self {
        let engine = Engine(backend);
        let mut lookup = Self { is_exact: true, ..Self::default() };
        let mut terms: Vec<String> = marks
            .iter()
            .map(|any| engine.any(any.iter().map(|mark| mark.token()).collect()))
            .collect();
        for any_of in &query.all_of {
            lookup.require(engine, &any_of.0, &mut terms);
        }
        let not = lookup.without(engine, &query.none_of, !terms.is_empty());
        lookup.tokens = engine.all(terms, not);
        lookup
    }

    fn require(&mut self, engine: Engine, any_of: &[Term], terms: &mut Vec<String>) {
        let compiled: Vec<_> =
            any_of.iter().map(compile_term).filter(|term| *term != CompiledTerm::Nothing).collect();
        if compiled.is_empty() {
            return;
        }
        let mut tokens = Vec::new();
        let mut folded = Vec::new();
        for term in compiled {
            match term {
                CompiledTerm::Tokens { tokens: some, in_subwords } => {
                    self.is_exact &= engine.is_exact(&some, in_subwords);
                    tokens.push(engine.term(&some, in_subwords));
                }
                CompiledTerm::Substring(text) => folded.push(text),
                CompiledTerm::Nothing => {}
            }
        }
        let is_short = |text: &String| text.chars().count() < GRAM;
        let is_short = engine.0 == DbBackend::Sqlite && folded.iter().any(is_short);
        let count = terms.len() + tokens.len() + folded.len();
        // What an engine cannot be asked for in this form is looked for in what it finds.
        if is_short || count > TERMS_MAX || (!tokens.is_empty() && !folded.is_empty()) {
            self.is_exact = false;
        } else if folded.is_empty() {
            terms.push(engine.any(tokens));
        } else {
            self.is_exact &= engine.0 != DbBackend::Sqlite;
            self.folded.push(folded);
        }
    }

    /// What must not be found. An engine can only take it away from something.
    fn without(&mut self, engine: Engine, none_of: &[Term], has_terms: bool) -> Vec<String> {
        let mut not = Vec::new();
        for text in none_of {
            match compile_term(text) {
                CompiledTerm::Tokens { tokens, in_subwords }
                    if has_terms
                        && not.len() < TERMS_MAX
                        && engine.is_exact(&tokens, in_subwords) =>
                {
                    not.push(engine.term(&tokens, in_subwords));
                }
                CompiledTerm::Nothing => {}
                _ => self.is_exact = false,
            }
        }
        not
    }

    /// The folded texts for SQLite's index of three characters at a time; none if there are none.
    pub fn grams(&self) -> Option<String> {
        let groups = self.folded.iter().map(|any| {
            let texts = any.iter().map(|text| {
                let chars: Vec<char> = text.chars().collect();
                let grams = chars.windows(GRAM).take(GRAMS_MAX);
                let quoted = |gram: &[char]| {
                    format!("\"{}\"", gram.iter().collect::<String>().replace('"', "\"\""))
                };
                format!("({})", grams.map(quoted).collect::<Vec<_>>().join(" AND "))
            });
            format!("({})", texts.collect::<Vec<_>>().join(" OR "))
        });
        let groups: Vec<_> = groups.collect();
        (!groups.is_empty()).then(|| groups.join(" AND "))
    }
}

/// The languages: FTS5, tsquery, and MySQL's boolean mode.
#[derive(Clone, Copy)]
struct Engine(DbBackend);

impl Engine {
    /// Tokens next to each other, or the one that there is.
    fn term(self, tokens: &[QueryToken], in_subwords: bool) -> String {
        let is_prefix = tokens.last().is_some_and(|token| token.is_prefix);
        let encoded: Vec<_> = tokens.iter().take(TERMS_MAX).map(|t| encode(&t.text)).collect();
        let is_whole = encoded.len() == tokens.len();
        let star = if is_prefix && is_whole { "*" } else { "" };
        match self.0 {
            DbBackend::Sqlite => {
                let column = if in_subwords { "" } else { "words : " };
                format!("({column}\"{}\"{star})", encoded.join(" "))
            }
            DbBackend::Postgres => {
                let weight = if in_subwords { "" } else { "D" };
                let last = encoded.len() - 1;
                let each = encoded.iter().enumerate().map(|(nth, token)| {
                    let star = if nth == last { star } else { "" };
                    let colon = if star.is_empty() && weight.is_empty() { "" } else { ":" };
                    format!("{token}{colon}{star}{weight}")
                });
                format!("({})", each.collect::<Vec<_>>().join(" <-> "))
            }
            // A phrase takes no star.
            _ if star.is_empty() && encoded.len() > 1 => format!("\"{}\"", encoded.join(" ")),
            _ if encoded.len() == 1 => format!("{}{star}", encoded[0]),
            _ => format!("(+{}{star})", encoded.join(" +")),
        }
    }

    /// Whether a term finds nothing but what is meant.
    fn is_exact(self, tokens: &[QueryToken], in_subwords: bool) -> bool {
        match self.0 {
            DbBackend::Sqlite | DbBackend::Postgres => tokens.len() <= TERMS_MAX,
            // Its columns are one text to it.
            _ => in_subwords,
        }
    }

    fn any(self, terms: Vec<String>) -> String {
        let or = match self.0 {
            DbBackend::Sqlite => " OR ",
            DbBackend::Postgres => " | ",
            _ => " ",
        };
        if terms.len() == 1 { terms.concat() } else { format!("({})", terms.join(or)) }
    }

    fn all(self, terms: Vec<String>, not: Vec<String>) -> Option<String> {
        if terms.is_empty() {
            return None;
        }
        let each = |sign: &str, terms: &[String]| -> Vec<String> {
            terms.iter().map(|term| format!("{sign}{term}")).collect()
        };
        Some(match self.0 {
            DbBackend::Sqlite if not.is_empty() => terms.join(" AND "),
            DbBackend::Sqlite => format!("({}) NOT ({})", terms.join(" AND "), not.join(" OR ")),
            DbBackend::Postgres => [terms, each("!", &not)].concat().join(" & "),
            _ => [each("+", &terms), each("-", &not)].concat().join(" "),
        })
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DatabaseBackend::{MySql, Postgres, Sqlite};
    use shared::search::parse;

    use super::*;

    fn tokens(backend: DbBackend, q: &str, marks: &[Vec<Facet>]) -> (String, bool) {
        let lookup = Lookup::new(backend, &parse(q).unwrap(), marks);
        (lookup.tokens.unwrap_or_default(), lookup.is_exact)
    }

    #[test]
    fn each_engine_is_asked_in_its_language() {
        let marks = [vec![Facet::Room(1), Facet::Room(2)], vec![Facet::Link]];
        let q = "host OR ab db.json \"tape\" -full";
        let (sqlite, is_exact) = tokens(Sqlite, q, &marks);
        assert_eq!(
            sqlite,
            "((zxr1 OR zxr2) AND zxlink AND ((\"zqhost\"*) OR (\"zqab\")) \
             AND (words : \"zqdb zqjson\"*) AND (words : \"zqtape\")) NOT ((\"zqfull\"*))"
        );
        assert!(is_exact);
        let (postgres, is_exact) = tokens(Postgres, q, &marks);
        assert_eq!(
            postgres,
            "(zxr1 | zxr2) & zxlink & ((zqhost:*) | (zqab)) & (zqdb:D <-> zqjson:*D) \
             & (zqtape:D) & !(zqfull:*)"
        );
        assert!(is_exact);
        let (mysql, is_exact) = tokens(MySql, q, &marks);
        assert_eq!(
            mysql,
            "+(zxr1 zxr2) +zxlink +(zqhost* zqab) +(+zqdb +zqjson*) +zqtape -zqfull*"
        );
        assert!(!is_exact, "a phrase and a whole word are looked at again");
    }

    #[test]
    fn what_an_engine_cannot_find_is_left_to_a_second_look() {
        for (q, exact) in [
            ("~stna", [false, true, true]),
            ("~ab", [false, true, true]),
            ("~stna OR disk", [false, false, false]),
            ("disk -~stna", [false, false, false]),
            ("-disk", [false, false, false]),
            ("disk -tape", [true, true, true]),
            ("disk -\"tape\"", [true, true, false]),
            ("—", [true, true, true]),
        ] {
            let found = [Sqlite, Postgres, MySql].map(|backend| tokens(backend, q, &[]).1);
            assert_eq!(found, exact, "{q}");
        }
    }

    #[test]
    fn sqlite_looks_for_parts_of_words_by_three_characters() {
        let grams = |q: &str| Lookup::new(Sqlite, &parse(q).unwrap(), &[]).grams();
        assert_eq!(grams("~stna").unwrap(), "((\"stn\" AND \"tna\"))");
        assert_eq!(grams("~\"a\"\"b\" OR ~abc").unwrap(), "((\"a\"\"b\") OR (\"abc\"))");
        assert_eq!(grams("~ab"), None);
    }

    #[test]
    fn long_searches_are_cut_and_looked_at_again() {
        let many: Vec<_> = (0..500).map(|nth| format!("w{nth}")).collect();
        let (asked, is_exact) = tokens(Sqlite, &many.join(" "), &[]);
        assert_eq!(asked.matches(" AND ").count() + 1, TERMS_MAX);
        assert!(!is_exact);
        assert_eq!(tokens(Sqlite, &many.join(" OR "), &[]), (String::new(), false));
        let phrase = format!("\"{}\"", many.join(" "));
        assert!(!tokens(Postgres, &phrase, &[]).1);
    }
}
