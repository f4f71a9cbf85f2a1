//! SQL that differs between the databases.

use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, Statement, TransactionTrait,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, LockType, SimpleExpr},
};

/// Lets one process migrate while the others wait, until the transaction ends or, with MySQL, until
/// [`unlock_migrations`]. Fails after 60 s with MySQL. SQLite needs no lock, because it has one
/// process.
pub async fn lock_migrations(txn: &impl ConnectionTrait) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DbBackend::Postgres => {
            txn.execute_unprepared("SELECT pg_advisory_xact_lock(hashtext('hallway'))").await?;
        }
        // Lock names are global to the server, so this one contains the name of the database.
        DbBackend::MySql => {
            let acquired =
                query_number(txn, "SELECT GET_LOCK(CONCAT('hallway.', DATABASE()), 60)").await?;
            if acquired != 1 {
                let text = "another process has been migrating the tables for a minute";
                return Err(DbErr::Custom(text.into()));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Releases the lock of [`lock_migrations`].
pub async fn unlock_migrations(txn: &impl ConnectionTrait) -> Result<(), DbErr> {
    if txn.get_database_backend() == DbBackend::MySql {
        query_number(txn, "SELECT RELEASE_LOCK(CONCAT('hallway.', DATABASE()))").await?;
    }
    Ok(())
}

/// Keeps other transactions from creating or naming accounts until this one ends: only one account is the
/// first, and a username must differ from the display names of all others, which no index can ensure. It
/// locks a row of the migrations table, because there may be no account yet that could be locked, and the
/// ledger holds the row of [`lock_room_names`] while it waits for rows of accounts. A transaction locks
/// accounts after this row.
pub async fn lock_account_names(txn: &impl ConnectionTrait) -> Result<(), DbErr> {
    if txn.get_database_backend() != DbBackend::Sqlite {
        query_text(txn, "SELECT version FROM seaql_migrations ORDER BY version LIMIT 1 FOR UPDATE")
            .await?;
    }
    Ok(())
}

/// Keeps other transactions from naming rooms, and from starting direct ones, until this one ends. It locks
/// the only row of a table, because a name that no room has yet has no row that could be locked. A
/// transaction locks its rooms before this row, so two of them cannot deadlock.
pub async fn lock_room_names(txn: &impl ConnectionTrait) -> Result<(), DbErr> {
    if txn.get_database_backend() != DbBackend::Sqlite {
        query_text(txn, "SELECT id FROM installation WHERE id = 1 FOR UPDATE").await?;
    }
    Ok(())
}

/// Begins a read-only transaction that sees the state of its first read and blocks no writer.
pub async fn snapshot(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match db.get_database_backend() {
        // With SQLite, every transaction reads a snapshot.
        DbBackend::Sqlite => db.begin().await,
        _ => {
            let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
            db.begin_with_config(Some(level), Some(access)).await
        }
    }
}

/// The last id that a table generated, even if its row has been deleted since.
pub async fn last_generated_id(db: &impl ConnectionTrait, table: &str) -> Result<i64, DbErr> {
    match db.get_database_backend() {
        DbBackend::Sqlite => {
            let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name";
            query_number(db, &format!("{sql} = '{table}'")).await
        }
        DbBackend::Postgres => {
            let sql = "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM";
            query_number(db, &format!("{sql} {table}_id_seq")).await
        }
        // The statistics in `information_schema` may be a day old.
        backend => {
            let sql = format!("SHOW CREATE TABLE {table}");
            let row = db.query_one_raw(Statement::from_string(backend, &*sql)).await?;
            let create_table: String =
                row.ok_or(DbErr::RecordNotFound(sql))?.try_get_by_index(1)?;
            let next = create_table.rsplit_once(" AUTO_INCREMENT=").and_then(|(_, text)| {
                text.split(|c: char| !c.is_ascii_digit()).next()?.parse::<i64>().ok()
            });
            Ok(next.map_or(0, |next| next - 1))
        }
    }
}

/// Whether [`set_last_generated_id`] takes effect with the transaction that calls it. MySQL commits
/// the transaction instead.
pub fn generated_ids_are_transactional(backend: DbBackend) -> bool {
    backend != DbBackend::MySql
}

/// Makes a table generate the ids after `id`, which is at least the greatest id in it.
pub async fn set_last_generated_id(
    db: &impl ConnectionTrait,
    table: &str,
    id: i64,
) -> Result<(), DbErr> {
    let next = id + 1;
    let sqls = match db.get_database_backend() {
        DbBackend::Sqlite => vec![
            format!("DELETE FROM sqlite_sequence WHERE name = '{table}'"),
            format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {id})"),
        ],
        // Unlike `setval`, this is undone by a rollback.
        DbBackend::Postgres => {
            vec![format!("ALTER SEQUENCE {table}_id_seq RESTART WITH {next}")]
        }
        // Never moves back below the rows of the table.
        _ => vec![format!("ALTER TABLE {table} AUTO_INCREMENT = {next}")],
    };
    for sql in sqls {
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

pub(super) async fn query_number(db: &impl ConnectionTrait, sql: &str) -> Result<i64, DbErr> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    row.try_get_by_index::<Option<i64>>(0).map(Option::unwrap_or_default)
}

pub(super) async fn query_text(db: &impl ConnectionTrait, sql: &str) -> Result<String, DbErr> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    row.try_get_by_index::<String>(0)
        .or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))
}

/// The row lock that comes closest to `lock`: only PostgreSQL has locks weaker than FOR UPDATE.
pub fn row_lock(db: &impl ConnectionTrait, lock: LockType) -> LockType {
    if db.get_database_backend() == DbBackend::Postgres { lock } else { LockType::Update }
}

/// The time of a statement by the clock of the database, which is the same for all nodes, in microseconds since
/// 1970. Constant within the statement, so that an index can be used.
pub fn clock(db: &impl ConnectionTrait) -> SimpleExpr {
    Expr::cust(match db.get_database_backend() {
        DbBackend::Postgres => {
            "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)"
        }
        DbBackend::Sqlite => "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)",
        _ => "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
    })
}

/// The condition that a column contains a string. It ignores case as far as the database can fold it.
pub fn contains_ignoring_case(column: impl ColumnTrait, part: &str) -> SimpleExpr {
    Expr::expr(Func::lower(Expr::col(column.as_column_ref()))).like(substring_pattern(part))
}

/// A pattern for any string that contains `part`.
pub fn substring_pattern(part: &str) -> LikeExpr {
    like("%", part)
}

/// A pattern for any string that begins with `part`.
pub fn prefix_pattern(part: &str) -> LikeExpr {
    like("", part)
}

fn like(prefix: &str, part: &str) -> LikeExpr {
    // The escape character is not the backslash, because MySQL also unescapes it in string
    // literals.
    let mut pattern = String::from(prefix);
    for c in part.chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}
