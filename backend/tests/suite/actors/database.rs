//! Which database the tests run on: `HALLWAY_TEST_DATABASE` is `sqlite` (the default), `mariadb` or
//! `postgres`. The last two are started here, privately, when they are first asked for.

use std::{
    env,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use rig::services::{DatabaseServer, Host, MariaDb, Postgres};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};
use tokio::runtime::Runtime;

use super::home::quarters;

const NAME: &str = "HALLWAY_TEST_DATABASE";

/// A database that Hallway runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    MariaDb,
    Postgres,
}

impl Kind {
    /// The one of this run.
    pub fn chosen() -> Self {
        match env::var(NAME).as_deref() {
            Err(env::VarError::NotPresent) | Ok("" | "sqlite") => Self::Sqlite,
            Ok("mariadb") => Self::MariaDb,
            Ok("postgres") => Self::Postgres,
            Ok(other) => panic!("{NAME} is {other}: it may be sqlite, mariadb or postgres"),
            Err(error) => panic!("{NAME}: {error}"),
        }
    }

    /// A server of it for one test alone, that may be tormented.
    pub async fn start(self) -> Box<dyn DatabaseServer> {
        quarters();
        match self {
            Self::MariaDb => Box::new(MariaDb::start(&Host::local()).await.unwrap()),
            Self::Postgres => Box::new(Postgres::start(&Host::local()).await.unwrap()),
            Self::Sqlite => panic!("several nodes need {NAME}=mariadb or postgres"),
        }
    }
}

/// A database of a test's own on the server that all tests share; dropped with this.
pub struct Database {
    name: String,
}

impl Database {
    /// An empty one.
    pub async fn empty() -> Self {
        let name = Self::fresh_name();
        execute(format!("CREATE DATABASE {name}")).await;
        Self { name }
    }

    fn fresh_name() -> String {
        static MADE: AtomicU64 = AtomicU64::new(0);
        format!("test_{}", MADE.fetch_add(1, Relaxed))
    }

    /// As `DATABASE_URL` takes it.
    pub fn url(&self) -> String {
        service().server.url(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let service = service();
        let force = if service.kind == Kind::Postgres { "WITH (FORCE)" } else { "" };
        let sql = format!("DROP DATABASE {} {force}", self.name);
        // Not waited for. What stays behind ends with its server.
        service
            .runtime
            .spawn(async move { service.admin.execute_unprepared(&sql).await.map(drop) });
    }
}

/// A database that others are copies of. Nobody may be connected to it.
pub struct Original {
    database: Database,
    /// Name, and how it was made, of each table.
    tables: Vec<(String, String)>,
}

impl Original {
    pub async fn of(database: Database) -> Self {
        let mut tables = Vec::new();
        // PostgreSQL copies a database by itself.
        if service().kind == Kind::MariaDb {
            let sql = format!("SHOW TABLES FROM {}", database.name);
            for table in column(sql, 0).await {
                let made = column(format!("SHOW CREATE TABLE {}.{table}", database.name), 1).await;
                tables.push((table, made[0].clone()));
            }
            assert!(!tables.is_empty());
        }
        Self { database, tables }
    }

    /// Another one with the same tables and rows.
    pub async fn copy(&self) -> Database {
        let (name, from) = (Database::fresh_name(), &self.database.name);
        if service().kind == Kind::Postgres {
            execute(format!("CREATE DATABASE {name} TEMPLATE {from}")).await;
            return Database { name };
        }
        let mut sql = format!("CREATE DATABASE {name}; USE {name}; SET foreign_key_checks = 0; ");
        for (table, made) in &self.tables {
            sql += &format!("{made}; INSERT INTO {table} SELECT * FROM {from}.{table}; ");
        }
        execute(sql + "SET foreign_key_checks = 1; USE mysql").await;
        Database { name }
    }
}

/// The server that all tests share.
struct Service {
    kind: Kind,
    server: Box<dyn DatabaseServer>,
    admin: DatabaseConnection,
    /// Connections belong to the runtime that they were made in; a test's is soon gone.
    runtime: Runtime,
}

fn service() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    SERVICE.get_or_init(|| std::thread::spawn(start).join().unwrap())
}

fn start() -> Service {
    let kind = Kind::chosen();
    let runtime = Runtime::new().unwrap();
    let (server, admin) = runtime.block_on(async {
        let server = kind.start().await;
        let name = if kind == Kind::MariaDb { "mysql" } else { "postgres" };
        let mut options = ConnectOptions::new(server.url(name));
        options.max_connections(4).sqlx_logging(false);
        (server, sea_orm::Database::connect(options).await.unwrap())
    });
    Service { kind, server, admin, runtime }
}

async fn execute(sql: String) {
    let service = service();
    let done = async move { service.admin.execute_unprepared(&sql).await };
    service.runtime.spawn(done).await.unwrap().unwrap();
}

/// One column of what a question gives.
async fn column(sql: String, index: usize) -> Vec<String> {
    let service = service();
    let statement = Statement::from_string(service.admin.get_database_backend(), sql);
    let asked = async move { service.admin.query_all_raw(statement).await };
    let rows = service.runtime.spawn(asked).await.unwrap().unwrap();
    rows.iter().map(|row| row.try_get_by_index(index).unwrap()).collect()
}
