//! SQLite's words that are asked for by their beginning. FTS5 puts all rows of everything that
//! begins so together before it gives the first, however few are wanted; of words that are named it
//! gives the newest at once. So the statement that searches looks first what there is that begins
//! so, and names it. That it is one statement counts: between two, somebody could say a new one.

use sea_orm::{
    Value,
    sea_query::{Expr, SimpleExpr},
};

/// Of so many characters FTS5 keeps the rows together by itself: `prefix` of the table.
const KEPT: usize = 5;
/// Words of one search that are named. The others are looked for as FTS5 does it.
const WORDS_MAX: usize = 4;

/// Every word of the index, for each place where it is, as every connection that reads has it. It
/// has_facet nothing of its own.
pub const CREATE_TERMS_TABLE: &str = "CREATE VIRTUAL TABLE temp.message_terms \
     USING fts5vocab (main, message_words, instance)";

/// What begins with the first parameter, each with the second in front and in the syntax of FTS5;
/// or the third where that is not worth it. Each row of `next` is one seek from a word to the next,
/// and the last one is of a word that begins differently, or all were not seen: those are more than
/// 16, or more than two in few places, which FTS5 puts together quicker than it looks for each.
const NAMED: &str = "coalesce(( \
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

/// The rows of what is asked for in the language of FTS5.
pub fn match_expression(tokens: &str) -> SimpleExpr {
    let (sql, values) = asked(tokens);
    Expr::cust_with_values(format!("message_words MATCH {sql}"), values)
}

/// What FTS5 is asked for, with names.
fn asked(tokens: &str) -> (String, Vec<Value>) {
    let mut sql = String::from("?");
    let mut values = Vec::new();
    // Nothing but phrases stands in quotes, and in those are only letters, digits and blanks.
    let mut pieces = tokens.split('"');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    let mut words = 0;
    while let (Some(phrase), Some(after)) = (pieces.next(), pieces.next()) {
        let start = phrase.rsplit(' ').next().unwrap_or_default();
        let is_long = start.chars().count() > KEPT;
        match after.strip_prefix('*').filter(|_| is_long && words < WORDS_MAX) {
            Some(after) => {
                words += 1;
                sql += &format!(" || {NAMED} || ?");
                let before = &phrase[..phrase.len() - start.len()];
                let as_it_is = format!("\"{phrase}\"*");
                let texts = [text + "(", start.to_owned(), before.to_owned(), as_it_is];
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

    struct Index {
        db: Database,
        _folder: tempfile::TempDir,
    }

    impl Index {
        /// Of these, each in a piece of the index of its own.
        async fn of(texts: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let db = Database::open(&sqlite_url(folder.path()), 2).await.unwrap();
            let index = Self { db, _folder: folder };
            for (nth, text) in texts.iter().enumerate() {
                index.put("rowid", &format!("{nth}, '{text}', ''")).await;
            }
            index
        }

        async fn put(&self, columns: &str, row: &str) {
            let sql = format!("INSERT INTO message_words ({columns}, words, parts) VALUES ({row})");
            self.db.writer.execute_unprepared(&sql).await.unwrap();
        }

        async fn asked(&self, tokens: &str) -> String {
            let (sql, values) = asked(tokens);
            let sql = format!("SELECT {sql}");
            let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
            let row = self.db.reader.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get_by_index(0).unwrap()
        }
    }

    #[tokio::test]
    async fn what_begins_so_is_named() {
        let index = Index::of(&["zqhost zqtape", "zqhosts", "zqhotel zqhost", "zqhos"]).await;
        for (tokens, asked) in [
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
            assert_eq!(index.asked(tokens).await, asked, "{tokens}");
        }
        let many = ["(\"zqhost\"*)"; WORDS_MAX + 1].join(" AND ");
        assert_eq!(index.asked(&many).await.matches('*').count(), 1);
        index.put("message_words, rowid", "'delete', 1, 'zqhosts', ''").await;
        assert_eq!(index.asked("(\"zqhost\"*)").await, "((\"zqhost\"))");
    }

    /// To name a few that are rare, or very many, takes longer than it saves.
    #[tokio::test]
    async fn what_is_rare_or_very_many_is_left_to_the_engine() {
        let words: Vec<_> = (10..26).map(|nth| format!("zqhost{nth}")).collect();
        let four = words[..4].join(" ");
        let index = Index::of(&[&four]).await;
        assert_eq!(index.asked("(\"zqhost\"*)").await, "((\"zqhost\"*))");
        index.put("rowid", &format!("1, '{}', ''", "zqhost13 ".repeat(1_000))).await;
        let named = |count: usize| {
            let names: Vec<_> = words[..count].iter().map(|word| format!("\"{word}\"")).collect();
            format!("(({}))", names.join(" OR "))
        };
        assert_eq!(index.asked("(\"zqhost\"*)").await, named(4));
        index.put("rowid", &format!("2, '{}', ''", words.join(" "))).await;
        assert_eq!(index.asked("(\"zqhost\"*)").await, named(16));
        index.put("rowid", "3, 'zqhostess', ''").await;
        assert_eq!(index.asked("(\"zqhost\"*)").await, "((\"zqhost\"*))");
    }
}
