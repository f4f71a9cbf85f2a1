//! What each database says in its own way: one function for each matter, with an arm for each.

use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, RuntimeErr, Statement, TransactionTrait,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, LockType, SimpleExpr},
    sqlx::{self, mysql::MySqlDatabaseError},
};

/// Of several processes that bring the tables up to date, one does and the others wait; to the end
/// of the transaction, or with MySQL to [`unlock_migrations`]. SQLite has one process.
pub async fn lock_migrations(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DbBackend::Postgres => {
            txn.execute_unprepared("SELECT pg_advisory_xact_lock(hashtext('hallway'))").await?;
        }
        // The name is the whole server's, so it carries the database's.
        DbBackend::MySql => {
            let got = number_of(txn, "SELECT GET_LOCK(CONCAT('hallway.', DATABASE()), 60)").await?;
            if got != 1 {
                let text = "another process has been changing the tables for a minute";
                return Err(DbErr::Custom(text.into()));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Lets the next one.
pub async fn unlock_migrations(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    if txn.get_database_backend() == DbBackend::MySql {
        number_of(txn, "SELECT RELEASE_LOCK(CONCAT('hallway.', DATABASE()))").await?;
    }
    Ok(())
}

/// Nobody else makes a first account until the transaction ends. There is no row of it to lock yet,
/// so it is one that every database has.
pub async fn lock_first_account(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    if txn.get_database_backend() != DbBackend::Sqlite {
        text_of(txn, "SELECT version FROM seaql_migrations ORDER BY version LIMIT 1 FOR UPDATE")
            .await?;
    }
    Ok(())
}

/// A transaction that only reads, and sees everything as it was when it read first, whatever others
/// write meanwhile. They need not wait for it.
pub async fn snapshot(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match db.get_database_backend() {
        // Every transaction of SQLite is so, and it has no word for it.
        DbBackend::Sqlite => db.begin().await,
        _ => {
            let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
            db.begin_with_config(Some(level), Some(access)).await
        }
    }
}

/// The last number that a table has given to a row, which may be gone: it is not given again.
pub async fn last_generated_id(db: &impl ConnectionTrait, table: &str) -> Result<i64, DbErr> {
    match db.get_database_backend() {
        DbBackend::Sqlite => {
            let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name";
            number_of(db, &format!("{sql} = '{table}'")).await
        }
        DbBackend::Postgres => {
            let sql = "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM";
            number_of(db, &format!("{sql} {table}_id_seq")).await
        }
        // What information_schema says may be a day old.
        backend => {
            let sql = format!("SHOW CREATE TABLE {table}");
            let row = db.query_one_raw(Statement::from_string(backend, &*sql)).await?;
            let made: String = row.ok_or(DbErr::RecordNotFound(sql))?.try_get_by_index(1)?;
            let next = made.rsplit_once(" AUTO_INCREMENT=").and_then(|(_, text)| {
                text.split(|c: char| !c.is_ascii_digit()).next()?.parse::<i64>().ok()
            });
            Ok(next.map_or(0, |next| next - 1))
        }
    }
}

/// Makes an empty table give the numbers after this one. Outside of a transaction, which MySQL would
/// commit.
pub async fn set_last_generated_id(
    db: &impl ConnectionTrait,
    table: &str,
    number: i64,
) -> Result<(), DbErr> {
    let next = number + 1;
    let sqls = match db.get_database_backend() {
        DbBackend::Sqlite => vec![
            format!("DELETE FROM sqlite_sequence WHERE name = '{table}'"),
            format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {number})"),
        ],
        // Never back: whoever came in between has the number.
        DbBackend::Postgres => vec![format!(
            "SELECT setval('{table}_id_seq', greatest({next}, (SELECT last_value + \
             CASE WHEN is_called THEN 1 ELSE 0 END FROM {table}_id_seq)), false)"
        )],
        _ => vec![format!("ALTER TABLE {table} AUTO_INCREMENT = {next}")],
    };
    for sql in sqls {
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

async fn number_of(db: &impl ConnectionTrait, sql: &str) -> Result<i64, DbErr> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    row.try_get_by_index::<Option<i64>>(0).map(Option::unwrap_or_default)
}

async fn text_of(db: &impl ConnectionTrait, sql: &str) -> Result<String, DbErr> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    row.try_get_by_index::<String>(0)
        .or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))
}

/// A setting, how to ask for it, and the values with which a commit survives a crash.
type Wanted = (&'static str, &'static str, &'static [&'static str]);

/// 2 is FULL.
const SQLITE: &[Wanted] = &[
    ("journal_mode", "PRAGMA journal_mode", &["wal"]),
    ("synchronous", "PRAGMA synchronous", &["2"]),
];
const POSTGRES: &[Wanted] = &[
    ("fsync", "SHOW fsync", &["on"]),
    ("full_page_writes", "SHOW full_page_writes", &["on"]),
    (
        "synchronous_commit",
        "SHOW synchronous_commit",
        &["on", "local", "remote_write", "remote_apply"],
    ),
];
const MYSQL: &[Wanted] = &[
    (
        "innodb_flush_log_at_trx_commit",
        "SELECT CAST(@@innodb_flush_log_at_trx_commit AS CHAR)",
        &["1"],
    ),
    ("innodb_doublewrite", "SELECT CAST(@@innodb_doublewrite AS CHAR)", &["1", "ON"]),
];

/// Reads from the database what a commit survives, and refuses it if that is less than a crash of
/// the machine. The answer is for people.
pub async fn check_durable(writer: &DatabaseConnection) -> Result<String, DbErr> {
    let (name, wanted) = match writer.get_database_backend() {
        DbBackend::Sqlite => ("sqlite", SQLITE),
        DbBackend::Postgres => ("postgresql", POSTGRES),
        _ => ("mysql", MYSQL),
    };
    let mut said = Vec::new();
    for (setting, sql, good) in wanted {
        let value = text_of(writer, sql).await?;
        if !good.contains(&&*value) {
            let good = good.join(" or ");
            return Err(DbErr::Custom(format!(
                "commits would not be durable: {name} has {setting}={value} (needs {good})"
            )));
        }
        said.push(format!("{setting}={value}"));
    }
    Ok(format!("{name}: {}: an acknowledged write is on the disk", said.join(", ")))
}

/// How the rows that are read are locked. Only PostgreSQL knows the milder forms.
pub fn row_lock(db: &impl ConnectionTrait, wanted: LockType) -> LockType {
    if db.get_database_backend() == DbBackend::Postgres { wanted } else { LockType::Update }
}

/// Whether a text has_facet another, in any case as far as the database knows letters.
pub fn contains_ignoring_case(column: impl ColumnTrait, part: &str) -> SimpleExpr {
    Expr::expr(Func::lower(Expr::col(column.as_column_ref()))).like(substring_pattern(part))
}

/// Any text with this in it.
pub fn substring_pattern(part: &str) -> LikeExpr {
    like("%", part)
}

/// Any text that begins so.
pub fn prefix_pattern(part: &str) -> LikeExpr {
    like("", part)
}

fn like(before: &str, part: &str) -> LikeExpr {
    // Not the backslash, which MySQL would also take for an escape of its own.
    let mut pattern = String::from(before);
    for c in part.chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}

/// What kind of "no" an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbErrorKind {
    /// The disk is full.
    DiskFull,
    /// The database is away or too busy: the same may work in a moment.
    Unavailable,
    /// This transaction stood in the way of another one: the same may work at once.
    SerializationFailure,
    /// Anything else: a fault of ours.
    Other,
}

/// Reads an error.
pub fn db_error_kind(error: &DbErr) -> DbErrorKind {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => DbErrorKind::Unavailable,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            match cause.as_database_error() {
                Some(said) => kind_of_database_error(said),
                None => kind_of_driver_error(cause),
            }
        }
        _ => DbErrorKind::Other,
    }
}

fn kind_of_database_error(error: &dyn sqlx::error::DatabaseError) -> DbErrorKind {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return match error.number() {
            // disk full, table full, error writing a file
            1021 | 1114 | 1026 => DbErrorKind::DiskFull,
            // lock wait, deadlock, changed since it was read
            1205 | 1213 | 1020 => DbErrorKind::SerializationFailure,
            // too many connections, shutting down, aborted, read only, killed, lost
            1040 | 1053 | 1077 | 1152 | 1184 | 1290 | 1317 | 1836 | 1927 | 2013 => {
                DbErrorKind::Unavailable
            }
            _ => DbErrorKind::Other,
        };
    }
    let code = error.code().unwrap_or_default();
    match (code.len(), &*code) {
        // SQLSTATE of PostgreSQL: disk full
        (5, "53100") => DbErrorKind::DiskFull,
        // lock not to be had, serialisation, deadlock, rolled back since it said nothing
        (5, "55P03" | "40001" | "40P01" | "25P03") => DbErrorKind::SerializationFailure,
        // connection lost, out of resources, shutting down or starting up, read only while failing
        // over
        (5, code) if ["08", "53", "57"].contains(&&code[..2]) || code == "25006" => {
            DbErrorKind::Unavailable
        }
        _ => match code.parse::<i32>().unwrap_or_default() & 0xff {
            // SQLite's low byte: FULL
            13 => DbErrorKind::DiskFull,
            // BUSY, LOCKED, IOERR, CANTOPEN
            5 | 6 | 10 | 14 => DbErrorKind::Unavailable,
            _ => DbErrorKind::Other,
        },
    }
}

fn kind_of_driver_error(error: &sqlx::Error) -> DbErrorKind {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    }
}
