//! Reads the Django tables of the classic chat in MySQL or SQLite. Queries cast columns to text and
//! integers, because column types differ between versions.

use std::collections::HashSet;

use anyhow::{Context, Result, bail, ensure};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, QueryResult, Statement, Value,
};
use shared::Timestamp;

use super::timestamps;
use crate::tables::snapshot;

/// The flags of admins in `app_user`. Django's permissions depend on two of them, and versions of the
/// classic chat differ in which ones they have.
pub const ADMIN_FLAGS: [&str; 3] = ["is_admin", "is_staff", "is_superuser"];
const TOKENS: &str = "authtoken_token";

/// The tables and the columns that they must have. A table without such columns may be missing.
const TABLES: [(&str, &[&str]); 5] = [
    ("app_user", &["id", "username", "password"]),
    ("app_room", &["id", "name"]),
    ("app_room_users", &["room_id", "user_id"]),
    ("app_message", &["id", "room_id", "user_id", "content", "created_at"]),
    (TOKENS, &[]),
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
    /// The values of [`ADMIN_FLAGS`]; `None` where the table lacks the column.
    pub admin_flags: [Option<bool>; ADMIN_FLAGS.len()],
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
        let texts = ["username", "password", "date_joined"];
        let integers = [&["is_active"], &ADMIN_FLAGS[..]].concat();
        let account = |row: &QueryResult, id| {
            let mut admin_flags = [None; ADMIN_FLAGS.len()];
            for (flag, name) in admin_flags.iter_mut().zip(ADMIN_FLAGS) {
                *flag = get_integer(row, name)?.map(|flag| flag != 0);
            }
            Ok(Account {
                id,
                username: get_text(row, "username")?,
                password: get_text(row, "password")?,
                admin_flags,
                is_active: get_integer(row, "is_active")?.is_none_or(|flag| flag != 0),
                joined: get_timestamp(row, "date_joined")?,
            })
        };
        self.read_rows("app_user", &texts, &integers, "ORDER BY id", None, account).await
    }

    /// The number of API tokens.
    pub async fn count_tokens(&self) -> Result<i64> {
        if !self.has_column(TOKENS, "user_id") {
            return Ok(0);
        }
        self.query_integer(&format!("SELECT count(*) FROM {TOKENS}"), None).await
    }

    /// All rooms, ordered by id.
    pub async fn rooms(&self) -> Result<Vec<Room>> {
        let texts = ["name", "topic", "created_at", "updated_at"];
        let room = |row: &QueryResult, id| {
            Ok(Room {
                id,
                name: get_text(row, "name")?,
                topic: get_text(row, "topic")?,
                created_by: get_integer(row, "created_by_id")?,
                created: get_timestamp(row, "created_at")?,
                updated: get_timestamp(row, "updated_at")?,
            })
        };
        self.read_rows("app_room", &texts, &["created_by_id"], "ORDER BY id", None, room).await
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
        self.query_integer(&format!("SELECT max({id}) FROM app_message"), None).await
    }

    pub async fn count_messages(&self, room: Option<i64>) -> Result<i64> {
        let sql = format!("SELECT count(*) FROM app_message WHERE {}", room_filter(room));
        self.query_integer(&sql, room).await
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
        let length = match self.is_sqlite() {
            true => "length(CAST(content AS BLOB))",
            false => "length(content)",
        };
        let length_filter =
            if min_bytes > 0 { format!("AND {length} >= {min_bytes}") } else { String::new() };
        let rest = format!(
            "WHERE {} AND id > {after} {length_filter} ORDER BY id LIMIT {limit}",
            room_filter(room)
        );
        let texts = ["content", "created_at", "updated_at"];
        let message = |row: &QueryResult, id| {
            Ok(Message {
                id,
                user: get_integer(row, "user_id")?,
                content: get_text(row, "content")?,
                created: get_timestamp(row, "created_at")?,
                updated: get_timestamp(row, "updated_at")?,
            })
        };
        self.read_rows("app_message", &texts, &["user_id"], &rest, room, message).await
    }

    fn is_sqlite(&self) -> bool {
        self.txn.get_database_backend() == DbBackend::Sqlite
    }

    /// An SQL expression that reads a column as an integer; NULL if the table lacks it.
    fn integer_sql(&self, table: &str, column: &str) -> String {
        self.cast(table, column, "INTEGER", "SIGNED")
    }

    fn cast(&self, table: &str, column: &str, sqlite: &str, mysql: &str) -> String {
        let column = if self.has_column(table, column) { column } else { "NULL" };
        let kind = if self.is_sqlite() { sqlite } else { mysql };
        format!("CAST({column} AS {kind})")
    }

    /// Reads the id and further columns of rows, NULL where the table lacks one. An error of `convert`
    /// gets the table and the id. `room` is the only parameter of `rest`, if it has one.
    async fn read_rows<T>(
        &self,
        table: &str,
        texts: &[&str],
        integers: &[&str],
        rest: &str,
        room: Option<i64>,
        convert: impl Fn(&QueryResult, i64) -> Result<T, DbErr>,
    ) -> Result<Vec<T>> {
        // The id has no name of its own, because `ORDER BY id` must mean the indexed column.
        let mut columns = vec![self.integer_sql(table, "id")];
        for name in texts {
            columns.push(format!("{} AS {name}", self.cast(table, name, "TEXT", "CHAR")));
        }
        for name in integers {
            columns.push(format!("{} AS {name}", self.integer_sql(table, name)));
        }
        let sql = format!("SELECT {} FROM {table} {rest}", columns.join(", "));
        let read = |row: &QueryResult| {
            let id = row.try_get_by_index(0).with_context(|| format!("table {table}"))?;
            convert(row, id).with_context(|| format!("table {table}, row {id}"))
        };
        self.query(&sql, room.map(Value::from)).await?.iter().map(read).collect()
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
        let numbers = rows.iter().map(|row| row.try_get_by_index(0));
        let mut numbers: Vec<_> = numbers.collect::<Result<_, _>>()?;
        numbers.sort();
        Ok(numbers)
    }

    /// The only number of a query; 0 for NULL.
    async fn query_integer(&self, sql: &str, room: Option<i64>) -> Result<i64> {
        Ok(self.query_integers(sql, room).await?.first().copied().flatten().unwrap_or_default())
    }
}

/// The condition for a room's messages, or with `None` for the messages without a room.
fn room_filter(room: Option<i64>) -> &'static str {
    if room.is_some() { "room_id = ?" } else { "room_id IS NULL" }
}

fn get_integer(row: &QueryResult, column: &str) -> Result<Option<i64>, DbErr> {
    row.try_get("", column)
}

fn get_text(row: &QueryResult, column: &str) -> Result<String, DbErr> {
    row.try_get::<Option<String>>("", column).map(Option::unwrap_or_default)
}

/// A timestamp; `None` if it is missing or invalid.
fn get_timestamp(row: &QueryResult, column: &str) -> Result<Option<Timestamp>, DbErr> {
    Ok(timestamps::parse(&get_text(row, column)?))
}
