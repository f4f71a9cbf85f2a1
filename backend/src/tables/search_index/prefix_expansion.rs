//! Expands prefixes into the terms that begin with them, for SQLite.
//!
//! For a prefix, FTS5 collects the rows of all matching terms before it returns the first row; for a
//! list of terms it returns the newest rows at once. So the search statement looks up the terms with
//! the prefix and lists them. Both happen in one statement, because between two statements a message
//! with a new term could be posted.

use sea_orm::{
    Value,
    sea_query::{Expr, SimpleExpr},
};

/// FTS5 has a separate index for prefixes up to this many characters (`prefix` of the table).
const INDEXED_PREFIX_MAX: usize = 5;
/// The maximum number of prefixes that one search expands. FTS5 matches the others itself.
const EXPANSIONS_MAX: usize = 4;

/// SQL for the terms with a prefix, as an FTS5 expression. Its parameters are the prefix, the words
/// of the phrase before it, and the expression to use where an expansion would not be faster.
///
/// Each row of `next` is one seek from a term to the next one. If the last row still has the
/// prefix, the walk stopped early, and the prefix is not expanded: after 16 terms, or after two if
/// all terms together occur at most 1 000 times, because FTS5 collects those faster than it looks
/// up each term.
const EXPANSION: &str = "coalesce(( \
     WITH RECURSIVE next (start, nth, term) AS ( \
       VALUES (?, 0, NULL) UNION ALL \
       SELECT start, nth + 1, (SELECT t.term FROM temp.message_terms t \
         WHERE t.term >= coalesce(next.term || '!', start) LIMIT 1) \
       FROM next WHERE (nth = 0 OR substr(term, 1, length(start)) = start) \
       AND (nth <> 3 OR (SELECT t.doc FROM temp.message_terms t WHERE t.term >= start \
         AND t.term <= start || char(1114111) LIMIT 1 OFFSET 1000) IS NOT NULL) \
       LIMIT 18) \
     SELECT CASE WHEN max(nth > 0 AND substr(coalesce(term, ''), 1, length(start)) <> start) \
     THEN group_concat('\"' || ? || term || '\"', ' OR ') \
     FILTER (WHERE substr(term, 1, length(start)) = start) END FROM next), ?)";

/// The condition that a document matches an FTS5 expression.
pub fn match_expression(expression: &str) -> SimpleExpr {
    let (sql, values) = expand(expression);
    Expr::cust_with_values(format!("message_words MATCH {sql}"), values)
}

/// SQL that evaluates to the FTS5 expression with its prefixes expanded.
fn expand(expression: &str) -> (String, Vec<Value>) {
    let mut sql = String::from("?");
    let mut values = Vec::new();
    // Only phrases are quoted, and they contain only letters, digits and spaces.
    let mut pieces = expression.split('"');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    let mut expansions = 0;
    while let (Some(phrase), Some(after)) = (pieces.next(), pieces.next()) {
        let prefix = phrase.rsplit(' ').next().unwrap_or_default();
        let is_long = prefix.chars().count() > INDEXED_PREFIX_MAX;
        match after.strip_prefix('*').filter(|_| is_long && expansions < EXPANSIONS_MAX) {
            Some(after) => {
                expansions += 1;
                sql += &format!(" || {EXPANSION} || ?");
                let words_before = &phrase[..phrase.len() - prefix.len()];
                let unexpanded = format!("\"{phrase}\"*");
                let texts = [text + "(", prefix.to_owned(), words_before.to_owned(), unexpanded];
                values.extend(texts.map(Value::from));
                text = format!("){after}");
            }
            None => text += &format!("\"{phrase}\"{after}"),
        }
    }
    values.push(text.into());
    (sql, values)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, Statement};

    use super::*;
    use crate::tables::{Database, sqlite_url};

    struct TestIndex {
        db: Database,
        _folder: tempfile::TempDir,
    }

    impl TestIndex {
        /// An index of these texts, each in an FTS5 segment of its own.
        async fn with_texts(texts: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let db = Database::open(&sqlite_url(folder.path()), 2).await.unwrap();
            let index = Self { db, _folder: folder };
            for (nth, text) in texts.iter().enumerate() {
                index.insert("rowid", &format!("{nth}, '{text}', ''")).await;
            }
            index
        }

        async fn insert(&self, columns: &str, row: &str) {
            let sql = format!("INSERT INTO message_words ({columns}, words, parts) VALUES ({row})");
            self.db.writer.execute_unprepared(&sql).await.unwrap();
        }

        async fn expand(&self, expression: &str) -> String {
            let (sql, values) = expand(expression);
            let sql = format!("SELECT {sql}");
            let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
            let row = self.db.reader.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get_by_index(0).unwrap()
        }
    }

    #[tokio::test]
    async fn prefixes_expand_to_their_terms() {
        let index =
            TestIndex::with_texts(&["zqhost zqtape", "zqhosts", "zqhotel zqhost", "zqhos"]).await;
        for (expression, expanded) in [
            ("(\"zqhost\"*)", "((\"zqhost\" OR \"zqhosts\"))"),
            ("zxr1 AND (words : \"zqmy zqhost\"*)", {
                "zxr1 AND (words : (\"zqmy zqhost\" OR \"zqmy zqhosts\"))"
            }),
            ("(\"zqhote\"*) NOT ((\"zqtape\"*))", "((\"zqhotel\")) NOT (((\"zqtape\")))"),
            ("(\"zqhostx\"*)", "((\"zqhostx\"*))"),
            ("(\"zqtapes\"*)", "((\"zqtapes\"*))"),
            ("(\"zqhos\"*)", "(\"zqhos\"*)"),
            ("(words : \"zqmy zqhost\")", "(words : \"zqmy zqhost\")"),
            ("zxr1 AND zxlink", "zxr1 AND zxlink"),
        ] {
            assert_eq!(index.expand(expression).await, expanded, "{expression}");
        }
        let many = ["(\"zqhost\"*)"; EXPANSIONS_MAX + 1].join(" AND ");
        assert_eq!(index.expand(&many).await.matches('*').count(), 1);
        index.insert("message_words, rowid", "'delete', 1, 'zqhosts', ''").await;
        assert_eq!(index.expand("(\"zqhost\"*)").await, "((\"zqhost\"))");
    }

    /// Expanding a few rare terms, or very many, takes longer than it saves.
    #[tokio::test]
    async fn prefixes_of_rare_or_too_many_terms_are_not_expanded() {
        let terms: Vec<_> = (10..26).map(|nth| format!("zqhost{nth}")).collect();
        let four = terms[..4].join(" ");
        let index = TestIndex::with_texts(&[&four]).await;
        assert_eq!(index.expand("(\"zqhost\"*)").await, "((\"zqhost\"*))");
        index.insert("rowid", &format!("1, '{}', ''", "zqhost13 ".repeat(1_000))).await;
        let expanded = |count: usize| {
            let quoted: Vec<_> = terms[..count].iter().map(|term| format!("\"{term}\"")).collect();
            format!("(({}))", quoted.join(" OR "))
        };
        assert_eq!(index.expand("(\"zqhost\"*)").await, expanded(4));
        index.insert("rowid", &format!("2, '{}', ''", terms.join(" "))).await;
        assert_eq!(index.expand("(\"zqhost\"*)").await, expanded(16));
        index.insert("rowid", "3, 'zqhostess', ''").await;
        assert_eq!(index.expand("(\"zqhost\"*)").await, "((\"zqhost\"*))");
    }
}
