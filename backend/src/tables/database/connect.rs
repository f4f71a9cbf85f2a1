//! Opens pools of connections to database servers, with the session settings of each.

use std::{future::Future, time::Duration};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DbErr,
    sqlx::{self, AssertSqlSafe, Executor},
};

use super::{
    sqlite::{self, sqlite_file},
    timeouts::{ACQUIRE_TIMEOUT, SEARCH_LIMIT, TIMEOUT},
};

/// How long a connection for maintenance stays open without a statement.
const MAINTENANCE_IDLE: Duration = Duration::from_secs(30);
/// How long the check of a returned connection may take. A half-open network connection never
/// returns a result, and nothing else would close it.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Fails if the URL is not that of a database that Hallway can use.
pub(in crate::tables) fn check_backend(url: &str) -> Result<(), DbErr> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") if sqlite_file(url).is_some() => sqlite::check_version(),
        Some("mysql" | "mariadb" | "postgres" | "postgresql") => Ok(()),
        _ => Err(DbErr::Custom(
            "DATABASE_URL must be sqlite://PATH?mode=rwc, mysql://USER:PASSWORD@HOST/NAME or \
             postgres://USER:PASSWORD@HOST/NAME"
                .into(),
        )),
    }
}

/// The purpose of a pool, which determines the limits that the database itself enforces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PoolKind {
    /// Short reads: a statement is stopped after [`super::timeouts::TIMEOUT`].
    Reader,
    /// Searches: a statement is stopped after [`SEARCH_LIMIT`].
    Search,
    /// Writes, with a timeout for idle transactions.
    Writer,
    /// Migrations, imports and archives: statements may run and transactions may be idle for any
    /// time.
    Maintenance,
}

/// The connections for maintenance: one transaction holds the lock while another migrates.
const MAINTENANCE_CONNECTIONS: u32 = 2;

impl PoolKind {
    /// The limit of a statement.
    fn statement_limit(self) -> Option<Duration> {
        match self {
            Self::Reader => Some(TIMEOUT),
            Self::Search => Some(SEARCH_LIMIT),
            Self::Writer | Self::Maintenance => None,
        }
    }

    /// The number of connections that stay open.
    fn min_connections(self) -> u32 {
        u32::from(matches!(self, Self::Reader | Self::Writer))
    }

    /// The session settings for MySQL and MariaDB.
    ///
    /// Under REPEATABLE READ, the default, a transaction would read the counters as they were before
    /// it locked them. The lock timeout is below the statement timeout of 5 s. MySQL has no timeout
    /// for idle transactions, so it closes connections that are idle for 5 s, and the pool opens new
    /// ones when it needs them; MariaDB has a timeout for idle transactions. MariaDB counts the limit
    /// of a statement in seconds, MySQL in milliseconds.
    fn mysql_settings(self) -> String {
        let mut sql = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION innodb_lock_wait_timeout = 4"
            .to_owned();
        if self == Self::Writer {
            sql += " /*M!100300 , SESSION idle_transaction_timeout = 5 */ \
                 /*!80000 , SESSION wait_timeout = 5 */";
        }
        if let Some(limit) = self.statement_limit() {
            let (seconds, millis) = (limit.as_secs(), limit.as_millis());
            sql += &format!(
                " /*M!100300 , SESSION max_statement_time = {seconds} */ \
                 /*!80000 , SESSION max_execution_time = {millis} */"
            );
        }
        sql
    }

    /// The session settings for PostgreSQL. `client_min_messages` suppresses the warning about a
    /// ROLLBACK outside a transaction (below).
    fn postgres_settings(self) -> String {
        let mut sql = "SET lock_timeout = '4s'; SET client_min_messages = 'error'".to_owned();
        if self == Self::Writer {
            sql += "; SET idle_in_transaction_session_timeout = '5s'";
        }
        if let Some(limit) = self.statement_limit() {
            sql += &format!("; SET statement_timeout = {}", limit.as_millis());
        }
        sql
    }
}

/// Opens the pool that migrates the tables of a database server.
pub async fn connect_for_maintenance(url: &str) -> Result<DatabaseConnection, DbErr> {
    connect(url, PoolKind::Maintenance, MAINTENANCE_CONNECTIONS).await
}

/// Opens a pool of at most `connections` connections.
pub async fn connect(
    url: &str,
    kind: PoolKind,
    connections: u32,
) -> Result<DatabaseConnection, DbErr> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let (mysql, postgres) = (kind.mysql_settings(), kind.postgres_settings());
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(kind.min_connections())
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        // Connections are checked when they are returned (below).
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .sqlx_logging(false)
        .map_sqlx_mysql_pool_opts(move |options| {
            let settings = mysql.clone();
            options
                .after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(
                        async move { connection.execute(AssertSqlSafe(settings)).await.map(drop) },
                    )
                })
                .after_release(|connection, _| {
                    Box::pin(async move { is_healthy(connection.execute("ROLLBACK")).await })
                })
        })
        .map_sqlx_postgres_pool_opts(move |options| {
            let settings = postgres.clone();
            options
                .after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(
                        async move { connection.execute(AssertSqlSafe(settings)).await.map(drop) },
                    )
                })
                .after_release(|connection, _| {
                    Box::pin(async move { is_healthy(connection.execute("ROLLBACK")).await })
                })
        });
    if kind == PoolKind::Maintenance {
        options.idle_timeout(MAINTENANCE_IDLE);
    }
    sea_orm::Database::connect(options).await
}

/// Whether a returned connection works. It may be inside a transaction that was dropped while it
/// began (sqlx #4385), so this rolls back.
async fn is_healthy<T>(
    rollback: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(CHECK_TIMEOUT, rollback).await {
        Ok(result) => result.map(|_| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
