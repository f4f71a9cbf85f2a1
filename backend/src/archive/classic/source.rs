//! Reads the Django tables of the classic chat in MySQL or SQLite. Queries cast columns to text and
//! integers, because column types differ between versions.

use std::collections::HashSet;

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, NaiveDateTime};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, QueryResult, Statement, Value,
};
use shared::Timestamp;

use super::super::check::is_year_valid;
use crate::tables::snapshot;

/// The tables and the columns that they must have.
const TABLES: [(&str, &[&str]); 4] = [
    ("app_user", &["id", "username", "password"]),
    ("app_room", &["id", "name"]),
    ("app_room_users", &["room_id", "user_id"]),
    ("app_message", &["id", "room_id", "user_id", "content", "created_at"]),
];

/// A snapshot of the tables.
pub struct Source {
    txn: DatabaseTransaction,
    /// All existing columns as `table.column`.
    columns: HashSet<String>,
    /// Dropping the connection would end the transaction.
    _db: DatabaseConnection,
}

/// A row of `app_user`, with Django's defaults for missing columns.
pub struct Account {
    pub id: i64,
    pub username: String,
    pub password: String,
    pub is_admin: bool,
    pub is_active: bool,
    pub joined: Option<Timestamp>,
}

/// A row of `app_room`.
pub struct Room {
    pub id: i64,
    pub name: String,
    pub topic: String,
    pub created_by: Option<i64>,
    pub created: Option<Timestamp>,
    pub updated: Option<Timestamp>,
}

/// A row of `app_message`.
pub struct Message {
    pub id: i64,
    pub user: Option<i64>,
    pub content: String,
    pub created: Option<Timestamp>,
    pub updated: Option<Timestamp>,
}

impl Source {
    /// Connects read-only and checks the tables.
    pub async fn open(url: &str) -> Result<Self> {
        let url = url.replacen("mariadb:", "mysql:", 1);
        ensure!(
            url.starts_with("mysql:") || url.starts_with("sqlite:"),
            "the URL of the classic chat must be sqlite://PATH or mysql://USER:PASSWORD@HOST/NAME"
        );
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        options.map_sqlx_sqlite_opts(|options| options.read_only(true).create_if_missing(false));
        let db = Database::connect(options).await.context("cannot open the classic chat")?;
        let txn = snapshot(&db).await?;
        let mut source = Self { txn, columns: HashSet::new(), _db: db };
        for (table, required) in TABLES {
            source.load_columns(table, required).await?;
        }
        Ok(source)
    }

    /// Adds the columns of a table to `columns`. Fails if the table lacks a required one.
    async fn load_columns(&mut self, table: &str, required: &[&str]) -> Result<()> {
        let sql = match self.is_sqlite() {
            true => "SELECT name FROM pragma_table_info(?)",
            false => {
                "SELECT CAST(column_name AS CHAR) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = ?"
            }
        };
        for row in self.query(sql, [table.into()]).await? {
            self.columns.insert(format!("{table}.{}", row.try_get_by_index::<String>(0)?));
        }
        let missing = required.iter().find(|column| !self.has_column(table, column));
        match missing {
            None => Ok(()),
            Some(column) => bail!(
                "table {table} has no column {column}; is this the database of the \
                 classic chat?"
            ),
        }
    }

    pub fn has_column(&self, table: &str, column: &str) -> bool {
        self.columns.contains(&format!("{table}.{column}"))
    }

    /// All accounts, ordered by id.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let table = "app_user";
        // Older versions had no `is_admin` and used Django's flag.
        let admin = if self.has_column(table, "is_admin") { "is_admin" } else { "is_superuser" };
        let sql = format!(
            "SELECT {}, {}, {}, {}, {}, {} FROM app_user ORDER BY id",
            self.integer_sql(table, "id"),
            self.text_sql(table, "username"),
            self.text_sql(table, "password"),
            self.integer_sql(table, admin),
            self.integer_sql(table, "is_active"),
            self.text_sql(table, "date_joined"),
        );
        let account = |row: &QueryResult| {
            Ok(Account {
                id: row.try_get_by_index(0)?,
                username: get_text(row, 1)?,
                password: get_text(row, 2)?,
                is_admin: get_integer(row, 3)?.is_some_and(|flag| flag != 0),
                is_active: get_integer(row, 4)?.is_none_or(|flag| flag != 0),
                joined: get_timestamp(row, 5)?,
            })
        };
        self.query(&sql, []).await?.iter().map(account).collect()
    }

    /// All rooms, ordered by id.
    pub async fn rooms(&self) -> Result<Vec<Room>> {
        let table = "app_room";
        let sql = format!(
            "SELECT {}, {}, {}, {}, {}, {} FROM app_room ORDER BY id",
            self.integer_sql(table, "id"),
            self.text_sql(table, "name"),
            self.text_sql(table, "topic"),
            self.integer_sql(table, "created_by_id"),
            self.text_sql(table, "created_at"),
            self.text_sql(table, "updated_at"),
        );
        let room = |row: &QueryResult| {
            Ok(Room {
                id: row.try_get_by_index(0)?,
                name: get_text(row, 1)?,
                topic: get_text(row, 2)?,
                created_by: get_integer(row, 3)?,
                created: get_timestamp(row, 4)?,
                updated: get_timestamp(row, 5)?,
            })
        };
        self.query(&sql, []).await?.iter().map(room).collect()
    }

    /// The user ids of the members of a room.
    pub async fn members(&self, room: i64) -> Result<Vec<i64>> {
        let user = self.integer_sql("app_room_users", "user_id");
        let sql = format!("SELECT DISTINCT {user} FROM app_room_users WHERE room_id = ?");
        self.query_integers(&sql, Some(room))
            .await
            .map(|found| found.into_iter().flatten().collect())
    }

    /// The user ids of the authors of a room's messages, with `None` if some have no author.
    pub async fn authors(&self, room: Option<i64>) -> Result<Vec<Option<i64>>> {
        let user = self.integer_sql("app_message", "user_id");
        let room_filter = room_filter(room);
        self.query_integers(
            &format!("SELECT DISTINCT {user} FROM app_message WHERE {room_filter}"),
            room,
        )
        .await
    }

    /// The ids of the rooms that messages refer to, whether the rooms exist or not, with `None` if
    /// some messages have no room.
    pub async fn rooms_with_messages(&self) -> Result<Vec<Option<i64>>> {
        let room = self.integer_sql("app_message", "room_id");
        self.query_integers(&format!("SELECT DISTINCT {room} FROM app_message"), None).await
    }

    /// The greatest message id.
    pub async fn last_message_id(&self) -> Result<i64> {
        let id = self.integer_sql("app_message", "id");
        let found =
            self.query_integers(&format!("SELECT max({id}) FROM app_message"), None).await?;
        Ok(found.first().copied().flatten().unwrap_or_default())
    }

    pub async fn count_messages(&self, room: Option<i64>) -> Result<i64> {
        let sql = format!("SELECT count(*) FROM app_message WHERE {}", room_filter(room));
        Ok(self.query_integers(&sql, room).await?.first().copied().flatten().unwrap_or_default())
    }

    /// Messages of a room with an id greater than `after` and at least `min_bytes` of content, ordered
    /// by id.
    pub async fn messages(
        &self,
        room: Option<i64>,
        after: i64,
        min_bytes: i64,
        limit: u64,
    ) -> Result<Vec<Message>> {
        let table = "app_message";
        let length = match self.is_sqlite() {
            true => "length(CAST(content AS BLOB))",
            false => "length(content)",
        };
        let length_filter =
            if min_bytes > 0 { format!("AND {length} >= {min_bytes}") } else { String::new() };
        let sql = format!(
            "SELECT {}, {}, {}, {}, {} FROM app_message WHERE {} AND id > {after} {length_filter} \
             ORDER BY id LIMIT {limit}",
            self.integer_sql(table, "id"),
            self.integer_sql(table, "user_id"),
            self.text_sql(table, "content"),
            self.text_sql(table, "created_at"),
            self.text_sql(table, "updated_at"),
            room_filter(room),
        );
        let message = |row: &QueryResult| {
            Ok(Message {
                id: row.try_get_by_index(0)?,
                user: get_integer(row, 1)?,
                content: get_text(row, 2)?,
                created: get_timestamp(row, 3)?,
                updated: get_timestamp(row, 4)?,
            })
        };
        self.query(&sql, room.map(Value::from)).await?.iter().map(message).collect()
    }

    fn is_sqlite(&self) -> bool {
        self.txn.get_database_backend() == DbBackend::Sqlite
    }

    /// An SQL expression that reads a column as text; NULL if the column is missing.
    fn text_sql(&self, table: &str, column: &str) -> String {
        self.cast(table, column, "TEXT", "CHAR")
    }

    /// An SQL expression that reads a column as an integer; NULL if the column is missing.
    fn integer_sql(&self, table: &str, column: &str) -> String {
        self.cast(table, column, "INTEGER", "SIGNED")
    }

    fn cast(&self, table: &str, column: &str, sqlite: &str, mysql: &str) -> String {
        let column = if self.has_column(table, column) { column } else { "NULL" };
        let kind = if self.is_sqlite() { sqlite } else { mysql };
        format!("CAST({column} AS {kind})")
    }

    async fn query(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let backend = self.txn.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        self.txn.query_all_raw(statement).await
    }

    /// The first column of a query, sorted. `room` is its only parameter, if it has one.
    async fn query_integers(&self, sql: &str, room: Option<i64>) -> Result<Vec<Option<i64>>> {
        let rows = self.query(sql, room.map(Value::from)).await?;
        let numbers = rows.iter().map(|row| get_integer(row, 0));
        let mut numbers: Vec<_> = numbers.collect::<Result<_, _>>()?;
        numbers.sort();
        Ok(numbers)
    }
}

/// The condition for a room's messages, or with `None` for the messages without a room.
fn room_filter(room: Option<i64>) -> &'static str {
    if room.is_some() { "room_id = ?" } else { "room_id IS NULL" }
}

fn get_integer(row: &QueryResult, index: usize) -> Result<Option<i64>, DbErr> {
    row.try_get_by_index(index)
}

fn get_text(row: &QueryResult, index: usize) -> Result<String, DbErr> {
    row.try_get_by_index::<Option<String>>(index).map(Option::unwrap_or_default)
}

/// A timestamp; `None` if it is missing or invalid.
fn get_timestamp(row: &QueryResult, index: usize) -> Result<Option<Timestamp>, DbErr> {
    Ok(parse_timestamp(&get_text(row, index)?))
}

/// Parses a timestamp without a time zone, which is UTC in Django, or with one.
fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim().replacen('T', " ", 1);
    let timestamp = match NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f") {
        Ok(timestamp) => Some(timestamp.and_utc()),
        Err(_) => DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z").ok().map(Into::into),
    };
    timestamp.filter(|timestamp: &Timestamp| is_year_valid(*timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn django_timestamps_are_parsed() {
        for (text, expected) in [
            ("2021-05-06 07:08:09.000120", "2021-05-06T07:08:09.000120Z"),
            ("2021-05-06 07:08:09", "2021-05-06T07:08:09Z"),
            ("2021-05-06T07:08:09.5+02:00", "2021-05-06T05:08:09.5Z"),
            ("2021-05-06 07:08:09+00", "2021-05-06T07:08:09Z"),
        ] {
            assert_eq!(parse_timestamp(text), Some(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "0001-01-01 00:00:00", "0000-00-00 00:00:00"] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
