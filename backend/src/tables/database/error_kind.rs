//! Classifies database errors, so that callers know whether to retry.

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{
        self, error::DatabaseError, mysql::MySqlDatabaseError, postgres::PgDatabaseError,
        sqlite::SqliteError,
    },
};

use super::sqlite::SqliteFailure;

/// Why a statement or a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbErrorKind {
    /// The disk is full.
    DiskFull,
    /// The database is unreachable or overloaded: a retry may succeed later.
    Unavailable,
    /// The statement ran longer than its limit, and the database stopped it.
    StatementTimeout,
    /// A conflict with another transaction (deadlock, lock timeout): a retry may succeed at once.
    SerializationFailure,
    /// A row with the same unique key exists. Another transaction may have inserted it since this
    /// one looked for it; a retry finds it.
    UniqueViolation,
    /// Any other error, which is a bug in Hallway.
    Other,
}

/// Classifies an error.
pub fn db_error_kind(error: &DbErr) -> DbErrorKind {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => DbErrorKind::Unavailable,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            match cause.as_database_error() {
                Some(error) => kind_of_database_error(error),
                None => kind_of_driver_error(cause),
            }
        }
        _ => DbErrorKind::Other,
    }
}

/// Classifies an error by the codes of the database that reported it, because the codes of different
/// databases overlap.
fn kind_of_database_error(error: &dyn DatabaseError) -> DbErrorKind {
    if error.is_unique_violation() {
        return DbErrorKind::UniqueViolation;
    }
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return kind_of_mysql(error.number(), error.message());
    }
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return kind_of_sqlstate(error.code());
    }
    if let Some(failure) = error.try_downcast_ref::<SqliteFailure>() {
        return failure.code.map_or(DbErrorKind::Other, kind_of_sqlite);
    }
    // A migration.
    let is_sqlite = error.try_downcast_ref::<SqliteError>().is_some();
    let code = error.code().filter(|_| is_sqlite).and_then(|code| code.parse().ok());
    code.map_or(DbErrorKind::Other, kind_of_sqlite)
}

/// Classifies an error number of MySQL or MariaDB.
fn kind_of_mysql(number: u16, message: &str) -> DbErrorKind {
    match number {
        // disk full, error writing a file, table full
        1021 | 1026 | 1114 => DbErrorKind::DiskFull,
        // an error of the storage engine or of the commit, with the operating system's ENOSPC
        1030 | 1180 if message.contains("error 28") => DbErrorKind::DiskFull,
        // row changed since it was read, lock timeout, deadlock
        1020 | 1205 | 1213 => DbErrorKind::SerializationFailure,
        // MariaDB's `max_statement_time`, MySQL's `max_execution_time`
        1969 | 3024 => DbErrorKind::StatementTimeout,
        // out of memory (1037, 1038, 1041), too many connections of all or of one user (1040, 1203,
        // 1226), shutting down (1053, 1077), the connection broke (1152, 1158..=1161, 1184, 2006,
        // 2013), read-only (1290, 1792, 1836), killed (1317, 1927), idle for too long (4031)
        1037
        | 1038
        | 1040
        | 1041
        | 1053
        | 1077
        | 1152
        | 1158..=1161
        | 1184
        | 1203
        | 1226
        | 1290
        | 1317
        | 1792
        | 1836
        | 1927
        | 2006
        | 2013
        | 4031 => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    }
}

/// Classifies an SQLSTATE of PostgreSQL: five characters, of which two are the class.
fn kind_of_sqlstate(code: &str) -> DbErrorKind {
    match code {
        // disk full
        "53100" => DbErrorKind::DiskFull,
        // canceled by the statement timeout
        "57014" => DbErrorKind::StatementTimeout,
        // serialization failure, deadlock, lock timeout, idle-in-transaction timeout, transaction
        // timeout, snapshot too old
        "40001" | "40P01" | "55P03" | "25P03" | "25P04" | "72000" => {
            DbErrorKind::SerializationFailure
        }
        // read-only during a failover; the commit's outcome is unknown
        "25006" | "40003" => DbErrorKind::Unavailable,
        _ => match code.get(..2) {
            // connection lost, out of resources, shutting down or starting up, IO error
            Some("08" | "53" | "57" | "58") => DbErrorKind::Unavailable,
            _ => DbErrorKind::Other,
        },
    }
}

/// Classifies an extended result code of SQLite, whose low byte is the primary code.
fn kind_of_sqlite(code: i32) -> DbErrorKind {
    const BUSY_SNAPSHOT: i32 = 517;
    match (code, code & 0xff) {
        (BUSY_SNAPSHOT, _) => DbErrorKind::SerializationFailure,
        // FULL
        (_, 13) => DbErrorKind::DiskFull,
        // INTERRUPT, by the progress handler
        (_, 9) => DbErrorKind::StatementTimeout,
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, CANTOPEN, PROTOCOL
        (_, 5 | 6 | 7 | 8 | 10 | 14 | 15) => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    }
}

fn kind_of_driver_error(error: &sqlx::Error) -> DbErrorKind {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use DbErrorKind::*;

    use super::*;

    #[test]
    fn an_sqlstate_is_not_read_as_a_code_of_sqlite() {
        // The low bytes of these numbers are SQLite's BUSY, LOCKED, IOERR, FULL and CANTOPEN.
        for code in ["22021", "22022", "22026", "22029", "22030", "23505"] {
            assert_eq!(kind_of_sqlstate(code), Other, "{code}");
        }
        for (code, kind) in [
            ("53100", DiskFull),
            ("53300", Unavailable),
            ("08006", Unavailable),
            ("57P01", Unavailable),
            ("58030", Unavailable),
            ("25006", Unavailable),
            ("57014", StatementTimeout),
            ("40001", SerializationFailure),
            ("40P01", SerializationFailure),
            ("55P03", SerializationFailure),
            ("25P03", SerializationFailure),
            ("25P02", Other),
            ("42601", Other),
            ("54001", Other),
            ("XX000", Other),
            ("", Other),
        ] {
            assert_eq!(kind_of_sqlstate(code), kind, "{code}");
        }
    }

    #[test]
    fn codes_of_mysql_and_sqlite_are_classified() {
        for (number, message, kind) in [
            (1114, "The table 'messages' is full", DiskFull),
            (1030, "Got error 28 \"No space left on device\" from storage engine", DiskFull),
            (1030, "Got error 122 from storage engine", Other),
            (1213, "", SerializationFailure),
            (1205, "", SerializationFailure),
            (1969, "", StatementTimeout),
            (3024, "", StatementTimeout),
            (4031, "", Unavailable),
            (1064, "", Other),
        ] {
            assert_eq!(kind_of_mysql(number, message), kind, "{number}");
        }
        // FULL, INTERRUPT, BUSY_SNAPSHOT, BUSY, IOERR_WRITE, READONLY_DBMOVED, CONSTRAINT_NOTNULL,
        // ERROR.
        for (code, kind) in [
            (13, DiskFull),
            (9, StatementTimeout),
            (517, SerializationFailure),
            (5, Unavailable),
            (778, Unavailable),
            (1032, Unavailable),
            (1299, Other),
            (1, Other),
        ] {
            assert_eq!(kind_of_sqlite(code), kind, "{code}");
        }
    }
}
