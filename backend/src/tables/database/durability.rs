//! Checks at start that a commit survives a crash of the machine.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::{Pool, dialect::query_text};

/// A setting, the SQL that reads it, and the values with which a commit survives a crash.
type Setting = (&'static str, &'static str, &'static [&'static str]);

const SQLITE: &[Setting] = &[
    ("journal_mode", "PRAGMA journal_mode", &["wal"]),
    // 2 is FULL.
    ("synchronous", "PRAGMA synchronous", &["2"]),
];
const POSTGRES: &[Setting] = &[
    ("fsync", "SHOW fsync", &["on"]),
    ("full_page_writes", "SHOW full_page_writes", &["on"]),
    (
        "synchronous_commit",
        "SHOW synchronous_commit",
        &["on", "local", "remote_write", "remote_apply"],
    ),
];
const MYSQL: &[Setting] = &[
    (
        "innodb_flush_log_at_trx_commit",
        "SELECT CAST(@@innodb_flush_log_at_trx_commit AS CHAR)",
        &["1"],
    ),
    ("innodb_doublewrite", "SELECT CAST(@@innodb_doublewrite AS CHAR)", &["1", "ON"]),
];

/// Reads the settings; returns a summary for the operator, or fails if a commit could be lost.
pub async fn check_durable(writer: &Pool) -> Result<String, DbErr> {
    let (name, settings) = match writer.get_database_backend() {
        DbBackend::Sqlite => ("sqlite", SQLITE),
        DbBackend::Postgres => ("postgresql", POSTGRES),
        _ => ("mysql", MYSQL),
    };
    let mut report = Vec::new();
    for (setting, sql, durable) in settings {
        let value = query_text(writer, sql).await?;
        if !durable.contains(&&*value) {
            let durable = durable.join(" or ");
            return Err(DbErr::Custom(format!(
                "commits would not be durable: {name} has {setting}={value} (needs {durable})"
            )));
        }
        report.push(format!("{setting}={value}"));
    }
    Ok(format!("{name}: {}: an acknowledged write is on disk", report.join(", ")))
}
