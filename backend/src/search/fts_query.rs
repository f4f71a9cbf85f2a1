//! Compiles a query and its facets to the query language of the engine. All terms are encoded tokens
//! (letters and digits), so no user input becomes syntax.

use sea_orm::DbBackend;
use shared::search::{
    Query, Term,
    tokenizer::{CompiledTerm, QueryToken, compile_term, encode},
};

use crate::tables::search_index::Facet;

/// The maximum number of terms in one engine query. A recheck in Rust matches the others.
const TERMS_MAX: usize = 100;
/// The length of the substrings in SQLite's trigram index, in characters.
const TRIGRAM: usize = 3;
/// The maximum number of trigrams of one substring in a query.
const TRIGRAMS_MAX: usize = 32;

/// A query for the engine of the index.
#[derive(Debug, Default, PartialEq)]
pub struct FtsQuery {
    /// In the engine's language; `None` matches every message.
    pub expression: Option<String>,
    /// Substrings of the folded text: a message must contain one of each list.
    pub substrings: Vec<Vec<String>>,
    /// Whether the engine returns exactly the messages that match. Otherwise it returns more, and
    /// they must be rechecked.
    pub is_exact: bool,
}

impl FtsQuery {
    /// Compiles a query and facets; a message must have at least one facet of each list.
    pub fn new(backend: DbBackend, query: &Query, facets: &[Vec<Facet>]) -> Self {
        let engine = Engine(backend);
        let mut fts_query = Self { is_exact: true, ..Self::default() };
        let mut terms: Vec<String> = facets
            .iter()
            .map(|any| engine.any(any.iter().map(|facet| facet.token()).collect()))
            .collect();
        for any_of in &query.all_of {
            fts_query.require(engine, &any_of.0, &mut terms);
        }
        let excluded = fts_query.exclude(engine, &query.none_of, !terms.is_empty());
        fts_query.expression = engine.all(terms, excluded);
        fts_query
    }

    /// Whether the engine answers a part of the query.
    pub fn uses_index(&self) -> bool {
        self.expression.is_some() || !self.substrings.is_empty()
    }

    /// Adds the condition that at least one of these alternatives matches.
    fn require(&mut self, engine: Engine, any_of: &[Term], terms: &mut Vec<String>) {
        let compiled: Vec<_> =
            any_of.iter().map(compile_term).filter(|term| *term != CompiledTerm::Nothing).collect();
        if compiled.is_empty() {
            return;
        }
        let mut alternatives = Vec::new();
        let mut substrings = Vec::new();
        for term in compiled {
            match term {
                CompiledTerm::Tokens { tokens, in_subwords } => {
                    self.is_exact &= engine.is_exact(&tokens, in_subwords);
                    alternatives.push(engine.term(&tokens, in_subwords));
                }
                CompiledTerm::Substring(text) => substrings.push(text),
                CompiledTerm::Nothing => {}
            }
        }
        let is_too_short = |text: &String| text.chars().count() < TRIGRAM;
        let has_too_short = engine.0 == DbBackend::Sqlite && substrings.iter().any(is_too_short);
        let count = terms.len() + alternatives.len() + substrings.len();
        // The engine cannot express these conditions, so the recheck applies them.
        if has_too_short
            || count > TERMS_MAX
            || (!alternatives.is_empty() && !substrings.is_empty())
        {
            self.is_exact = false;
        } else if substrings.is_empty() {
            terms.push(engine.any(alternatives));
        } else {
            self.is_exact &= engine.0 != DbBackend::Sqlite;
            self.substrings.push(substrings);
        }
    }

    /// Compiles the terms that must not match. An engine can only subtract them from other terms;
    /// the recheck applies the rest.
    fn exclude(&mut self, engine: Engine, none_of: &[Term], has_terms: bool) -> Vec<String> {
        let mut excluded = Vec::new();
        for term in none_of {
            match compile_term(term) {
                CompiledTerm::Tokens { tokens, in_subwords }
                    if has_terms
                        && excluded.len() < TERMS_MAX
                        && engine.is_exact(&tokens, in_subwords) =>
                {
                    excluded.push(engine.term(&tokens, in_subwords));
                }
                CompiledTerm::Nothing => {}
                _ => self.is_exact = false,
            }
        }
        excluded
    }

    /// The substrings as an expression for SQLite's trigram index; `None` if there are none.
    pub fn trigrams(&self) -> Option<String> {
        let groups = self.substrings.iter().map(|any| {
            let texts = any.iter().map(|text| {
                let chars: Vec<char> = text.chars().collect();
                let trigrams = chars.windows(TRIGRAM).take(TRIGRAMS_MAX);
                let quoted = |trigram: &[char]| {
                    format!("\"{}\"", trigram.iter().collect::<String>().replace('"', "\"\""))
                };
                format!("({})", trigrams.map(quoted).collect::<Vec<_>>().join(" AND "))
            });
            format!("({})", texts.collect::<Vec<_>>().join(" OR "))
        });
        let groups: Vec<_> = groups.collect();
        (!groups.is_empty()).then(|| groups.join(" AND "))
    }
}

/// The engine for which a query is compiled: FTS5, `tsquery`, or the boolean mode of MySQL.
#[derive(Clone, Copy)]
struct Engine(DbBackend);

impl Engine {
    /// A phrase of tokens, or a single token.
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
            // In MySQL, a phrase cannot end with a prefix.
            _ if star.is_empty() && encoded.len() > 1 => format!("\"{}\"", encoded.join(" ")),
            _ if encoded.len() == 1 => format!("{}{star}", encoded[0]),
            _ => format!("(+{}{star})", encoded.join(" +")),
        }
    }

    /// Whether the engine matches a term exactly.
    fn is_exact(self, tokens: &[QueryToken], in_subwords: bool) -> bool {
        match self.0 {
            DbBackend::Sqlite | DbBackend::Postgres => tokens.len() <= TERMS_MAX,
            // MySQL cannot search only the words, because one index covers both columns.
            _ => in_subwords,
        }
    }

    /// The alternatives, of which at least one must match.
    fn any(self, terms: Vec<String>) -> String {
        let or = match self.0 {
            DbBackend::Sqlite => " OR ",
            DbBackend::Postgres => " | ",
            _ => " ",
        };
        if terms.len() == 1 { terms.concat() } else { format!("({})", terms.join(or)) }
    }

    /// The whole expression: all terms must match, and no excluded one.
    fn all(self, terms: Vec<String>, excluded: Vec<String>) -> Option<String> {
        if terms.is_empty() {
            return None;
        }
        let each = |sign: &str, terms: &[String]| -> Vec<String> {
            terms.iter().map(|term| format!("{sign}{term}")).collect()
        };
        Some(match self.0 {
            DbBackend::Sqlite if excluded.is_empty() => terms.join(" AND "),
            DbBackend::Sqlite => {
                format!("({}) NOT ({})", terms.join(" AND "), excluded.join(" OR "))
            }
            DbBackend::Postgres => [terms, each("!", &excluded)].concat().join(" & "),
            _ => [each("+", &terms), each("-", &excluded)].concat().join(" "),
        })
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DatabaseBackend::{MySql, Postgres, Sqlite};
    use shared::search::parse;

    use super::*;

    fn compile(backend: DbBackend, q: &str, facets: &[Vec<Facet>]) -> (String, bool) {
        let fts_query = FtsQuery::new(backend, &parse(q).unwrap(), facets);
        (fts_query.expression.unwrap_or_default(), fts_query.is_exact)
    }

    #[test]
    fn each_engine_gets_its_own_language() {
        let facets = [vec![Facet::Room(1), Facet::Room(2)], vec![Facet::Link]];
        let q = "host OR ab db.json \"tape\" -full";
        let (sqlite, is_exact) = compile(Sqlite, q, &facets);
        assert_eq!(
            sqlite,
            "((zxr1 OR zxr2) AND zxlink AND ((\"zqhost\"*) OR (\"zqab\")) \
             AND (words : \"zqdb zqjson\"*) AND (words : \"zqtape\")) NOT ((\"zqfull\"*))"
        );
        assert!(is_exact);
        let (postgres, is_exact) = compile(Postgres, q, &facets);
        assert_eq!(
            postgres,
            "(zxr1 | zxr2) & zxlink & ((zqhost:*) | (zqab)) & (zqdb:D <-> zqjson:*D) \
             & (zqtape:D) & !(zqfull:*)"
        );
        assert!(is_exact);
        let (mysql, is_exact) = compile(MySql, q, &facets);
        assert_eq!(
            mysql,
            "+(zxr1 zxr2) +zxlink +(zqhost* zqab) +(+zqdb +zqjson*) +zqtape -zqfull*"
        );
        assert!(!is_exact, "phrases and whole words need a recheck");
    }

    #[test]
    fn conditions_an_engine_cannot_express_need_a_recheck() {
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
            let found = [Sqlite, Postgres, MySql].map(|backend| compile(backend, q, &[]).1);
            assert_eq!(found, exact, "{q}");
        }
    }

    #[test]
    fn sqlite_finds_substrings_by_trigrams() {
        let trigrams = |q: &str| FtsQuery::new(Sqlite, &parse(q).unwrap(), &[]).trigrams();
        assert_eq!(trigrams("~stna").unwrap(), "((\"stn\" AND \"tna\"))");
        assert_eq!(trigrams("~\"a\"\"b\" OR ~abc").unwrap(), "((\"a\"\"b\") OR (\"abc\"))");
        assert_eq!(trigrams("~ab"), None);
    }

    #[test]
    fn long_queries_are_truncated_and_need_a_recheck() {
        let many: Vec<_> = (0..500).map(|nth| format!("w{nth}")).collect();
        let (expression, is_exact) = compile(Sqlite, &many.join(" "), &[]);
        assert_eq!(expression.matches(" AND ").count() + 1, TERMS_MAX);
        assert!(!is_exact);
        assert_eq!(compile(Sqlite, &many.join(" OR "), &[]), (String::new(), false));
        let phrase = format!("\"{}\"", many.join(" "));
        assert!(!compile(Postgres, &phrase, &[]).1);
    }
}
