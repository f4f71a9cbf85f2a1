//! The index of what was said. Rows of it are written and taken away in the transaction that writes
//! the message; a deleted message has none.
//!
//! An indexed row is two columns of tokens ([`shared::search::words`]): the words of a message, in
//! their order, and beside them the parts of words and its marks. A third has_facet the folded text, in
//! which parts of words are looked for. SQLite keeps nothing but the index of each, so what is taken
//! away from it must be named token by token, exactly as it was put in: see [`VERSION`].

use chrono::{DateTime, Datelike, NaiveDate};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, TransactionTrait, Value,
    sea_query::{Expr, LockType, SimpleExpr},
};
use shared::{
    messages::{first_link, has_code},
    search::words::streams,
};

use super::{messages, row_lock};

mod prefix_expansion;
mod sqlite;

pub use prefix_expansion::{CREATE_TERMS_TABLE, match_expression};
pub(super) use sqlite::index_newest;

/// Of what is written here for a message. Raise it whenever that is different for any text or row:
/// the next start then writes all of it anew.
const VERSION: i64 = 2;
/// Messages that are indexed in one transaction when all of them are.
const CHUNK: u64 = 1_000;

/// What a message is found by beside its words. As a token of its own each is one lookup for the
/// engine, however many messages it would else have to read to see that they are not meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// In this room.
    Room(i64),
    /// By this person.
    Author(i64),
    /// On this day in UTC.
    Day(NaiveDate),
    /// In this month in UTC, here its first day.
    Month(NaiveDate),
    /// Has an address.
    Link,
    /// Has code.
    Code,
    /// Answers another one.
    Reply,
    /// Was changed.
    Edit,
}

impl Facet {
    /// As the engines get it. No word begins so.
    pub fn token(self) -> String {
        match self {
            Self::Room(id) => format!("zxr{id}"),
            Self::Author(id) => format!("zxu{id}"),
            Self::Day(day) => format!("zxd{}", day.format("%Y%m%d")),
            Self::Month(day) => format!("zxm{}", day.format("%Y%m")),
            Self::Link => "zxlink".into(),
            Self::Code => "zxcode".into(),
            Self::Reply => "zxreply".into(),
            Self::Edit => "zxedit".into(),
        }
    }
}

/// The marks of a message.
fn marks(row: &messages::Model) -> impl Iterator<Item = Facet> {
    let day = DateTime::from_timestamp_micros(row.created_at).unwrap_or_default().date_naive();
    let flags = [
        (first_link(&row.content).is_some(), Facet::Link),
        (has_code(&row.content), Facet::Code),
        (row.reply_to.is_some(), Facet::Reply),
        (row.edited_at.is_some(), Facet::Edit),
    ];
    let flags = flags.into_iter().filter_map(|(is, mark)| is.then_some(mark));
    let month = day.with_day(1).unwrap_or(day);
    [Facet::Room(row.room_id), Facet::Author(row.user_id), Facet::Day(day), Facet::Month(month)]
        .into_iter()
        .chain(flags)
}

/// Whether the message of the row has a mark.
pub fn has_facet(backend: DbBackend, mark: Facet) -> SimpleExpr {
    let token = mark.token();
    let indexed = match backend {
        DbBackend::Sqlite => {
            format!("message_words MATCH '{token}' AND message_words.rowid = messages.id")
        }
        DbBackend::Postgres => {
            format!("message_words.message_id = messages.id AND tokens @@ '{token}'::tsquery")
        }
        _ => format!(
            "message_words.message_id = messages.id \
             AND MATCH (words, parts) AGAINST ('+{token}' IN BOOLEAN MODE)"
        ),
    };
    Expr::cust(format!("EXISTS (SELECT 1 FROM message_words WHERE {indexed})"))
}

/// What is indexed of a message.
struct Indexed {
    id: i64,
    words: String,
    parts: String,
    folded: String,
}

impl Indexed {
    fn new(row: &messages::Model) -> Self {
        let streams = streams(&row.content);
        let mut parts = streams.parts;
        for mark in marks(row) {
            if !parts.is_empty() {
                parts.push(' ');
            }
            parts.push_str(&mark.token());
        }
        Self { id: row.id, words: streams.words, parts, folded: streams.folded }
    }

    /// The literal of a tsvector: words have their places and no weight, what stands beside them the
    /// weight A, by which a phrase leaves it out. No word is at that one's place: of one token that is
    /// twice at the same, only the greater weight is kept.
    fn tsvector(&self) -> String {
        let words = self.words.split(' ').filter(|word| !word.is_empty()).enumerate();
        let words = words.map(|(nth, word)| format!("{word}:{}", nth + 2));
        let parts = self.parts.split(' ').map(|part| format!("{part}:1A"));
        words.chain(parts).collect::<Vec<_>>().join(" ")
    }
}

/// Indexes messages that were just written, with their text.
pub async fn index(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = &messages::Model>,
) -> Result<(), DbErr> {
    let rows = rows.into_iter().filter(|row| row.deleted_at.is_none());
    let rows: Vec<_> = rows.map(Indexed::new).collect();
    if rows.is_empty() {
        return Ok(());
    }
    match txn.get_database_backend() {
        DbBackend::Sqlite => sqlite::index(txn, &rows).await,
        backend => {
            let (head, tail) = match backend {
                DbBackend::Postgres => ("(message_id, tokens, folded)", "tsvector"),
                _ => ("(message_id, words, parts, folded)", ""),
            };
            let mut values: Vec<Value> = Vec::new();
            let mut tuples = Vec::new();
            for row in rows {
                let nth = values.len();
                if tail.is_empty() {
                    tuples.push("(?, ?, ?, ?)".to_owned());
                    values.extend([row.id.into(), row.words.into(), row.parts.into()]);
                } else {
                    let (id, tokens, folded) = (nth + 1, nth + 2, nth + 3);
                    tuples.push(format!("(${id}, CAST(${tokens} AS text)::{tail}, ${folded})"));
                    values.extend([row.id.into(), row.tsvector().into()]);
                }
                values.push(row.folded.into());
            }
            // One that is there already was put there by another node while all of them are.
            let (into, unless) = match backend {
                DbBackend::Postgres => ("INSERT", " ON CONFLICT DO NOTHING"),
                _ => ("INSERT IGNORE", ""),
            };
            let tuples = tuples.join(", ");
            let sql = format!("{into} INTO message_words {head} VALUES {tuples}{unless}");
            txn.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.map(drop)
        }
    }
}

/// Takes messages out of the index, given as they were when they were put in. What was never in it
/// does no harm.
pub async fn forget(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = &messages::Model>,
) -> Result<(), DbErr> {
    let rows: Vec<_> = rows.into_iter().filter(|row| row.deleted_at.is_none()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    match txn.get_database_backend() {
        DbBackend::Sqlite => {
            let rows: Vec<_> = rows.into_iter().map(Indexed::new).collect();
            sqlite::forget(txn, &rows).await
        }
        backend => {
            let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
            let sql = format!("DELETE FROM message_words WHERE message_id IN ({})", ids.join(", "));
            txn.execute_raw(Statement::from_string(backend, sql)).await.map(drop)
        }
    }
}

/// Indexes everything that was ever said, if the index is not of this version: it is new, or another
/// program wrote it.
pub(super) async fn rebuild_if_outdated(db: &DatabaseConnection) -> Result<(), DbErr> {
    if version(db).await? == Some(VERSION) {
        return Ok(());
    }
    let clear: &[&str] = match db.get_database_backend() {
        DbBackend::Sqlite => &[
            "INSERT INTO message_words (message_words) VALUES ('delete-all')",
            "INSERT INTO message_grams (message_grams) VALUES ('delete-all')",
        ],
        _ => &["DELETE FROM message_words"],
    };
    for sql in clear {
        db.execute_unprepared(sql).await?;
    }
    let mut last = 0;
    let mut count = 0;
    loop {
        let txn = db.begin().await?;
        // Another node may be at work: what it edits or deletes waits, and is then in its index.
        let rows = messages::Entity::find()
            .filter(messages::Column::Id.gt(last))
            .order_by_asc(messages::Column::Id)
            .limit(CHUNK)
            .lock(row_lock(&txn, LockType::Share))
            .all(&txn)
            .await?;
        let Some(row) = rows.last() else { break txn.commit().await? };
        last = row.id;
        count += rows.len();
        index(&txn, &rows).await?;
        txn.commit().await?;
        if count.is_multiple_of(100 * CHUNK as usize) {
            tracing::info!(messages = count, "indexing what was said");
        }
    }
    for sql in [
        "DELETE FROM versions WHERE name = 'words'".to_owned(),
        format!("INSERT INTO versions (name, version) VALUES ('words', {VERSION})"),
    ] {
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

async fn version(db: &DatabaseConnection) -> Result<Option<i64>, DbErr> {
    let sql = "SELECT version FROM versions WHERE name = 'words'";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn row(content: &str, edited: bool) -> messages::Model {
        messages::Model {
            id: 7,
            room_id: 3,
            seq: 1,
            rev: 1,
            user_id: 5,
            client_id: uuid::Uuid::nil(),
            content: content.into(),
            sent_hash: None,
            reply_to: edited.then_some(1),
            created_at: 1_772_000_000_000_000,
            edited_at: edited.then_some(1),
            deleted_at: None,
        }
    }

    #[test]
    fn a_message_has_words_parts_and_marks() {
        let indexed = Indexed::new(&row("getName of `a` at http://b.test", true));
        assert_eq!(indexed.words, "zqgetname zqof zqa zqat zqhttp zqb zqtest");
        let marks = "zxr3 zxu5 zxd20260225 zxm202602 zxlink zxcode zxreply zxedit";
        assert_eq!(indexed.parts, format!("zqget zqname {marks}"));
        assert!(indexed.tsvector().starts_with("zqgetname:2 zqof:3 "));
        assert!(indexed.tsvector().contains(" zqtest:8 zqget:1A zqname:1A zxr3:1A "));
    }

    /// What is indexed is taken away by naming it again, so an older index is only good as long as
    /// the same comes of the same text.
    #[test]
    fn what_is_indexed_has_not_changed_without_its_version() {
        let mut hash = Sha256::new();
        for text in [
            "see PLT-3699, db.json and 10.4.1.74 at https://example.org/a_b?c=d#e",
            "die Fräse, Straße, ŁÓDŹ, ΟΔΟΣ, ёжик, Ⅷ ﬁ ½ ㌔ ｱｶﾞ",
            "大病院です 機能し 학교에서 สวัสดี",
            "getUserName HTTPServer2 C++ c# `code` ```\nfence\n```",
            "שָׁלוֹם مُحَمَّدٌ 👍🏽 🇩🇪 👩‍💻 zz",
            &"long".repeat(100),
        ] {
            for edited in [false, true] {
                let Indexed { words, parts, folded, .. } = Indexed::new(&row(text, edited));
                hash.update(format!("{words}\n{parts}\n{folded}\n"));
            }
        }
        let found = format!("{:x}", hash.finalize());
        assert_eq!((VERSION, &found[..16]), (2, "74ae95e1e885833d"), "raise VERSION");
    }
}
