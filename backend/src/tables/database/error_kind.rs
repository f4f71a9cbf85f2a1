//! Classifies database errors, so that callers know whether to retry.

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, mysql::MySqlDatabaseError},
};

/// Why a statement or a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbErrorKind {
    /// The disk is full.
    DiskFull,
    /// The database is unreachable or overloaded: a retry may succeed later.
    Unavailable,
    /// A conflict with another transaction (deadlock, lock timeout): a retry may succeed at once.
    SerializationFailure,
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

fn kind_of_database_error(error: &dyn sqlx::error::DatabaseError) -> DbErrorKind {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return match error.number() {
            // disk full, table full, error writing a file
            1021 | 1114 | 1026 => DbErrorKind::DiskFull,
            // lock timeout, deadlock, row changed since it was read
            1205 | 1213 | 1020 => DbErrorKind::SerializationFailure,
            // too many connections, shutting down, aborted, read-only, killed, lost
            1040 | 1053 | 1077 | 1152 | 1184 | 1290 | 1317 | 1836 | 1927 | 2013 => {
                DbErrorKind::Unavailable
            }
            _ => DbErrorKind::Other,
        };
    }
    let code = error.code().unwrap_or_default();
    match (code.len(), &*code) {
        // PostgreSQL's SQLSTATE: disk full
        (5, "53100") => DbErrorKind::DiskFull,
        // lock timeout, serialization failure, deadlock, idle-in-transaction timeout
        (5, "55P03" | "40001" | "40P01" | "25P03") => DbErrorKind::SerializationFailure,
        // connection lost, out of resources, shutting down or starting up, read-only during failover
        (5, code) if ["08", "53", "57"].contains(&&code[..2]) || code == "25006" => {
            DbErrorKind::Unavailable
        }
        _ => match code.parse::<i32>().unwrap_or_default() & 0xff {
            // SQLite's primary result code is the low byte: FULL
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
