//! Hallway's server. A module imports only from layers below its own, top to bottom:
//!
//! 1. `lib` and `main`: composition ([`start`]) and the command line;
//! 2. `api`: the router, the classic endpoints, static files, the live websocket;
//! 3. `archive`, `export`, `search`, `messages`, `admin`, `rooms`, `users`: the slices, one module per feature;
//! 4. `app`: the state that all handlers share;
//! 5. `auth`: passwords, tokens, the extractors that identify the caller;
//! 6. `realtime`: the ledger, the hub, the relay and the background jobs;
//! 7. `http`: extractors, problem details, conditional requests, response headers;
//! 8. `limits`, `concurrency_limiter`, `rate_limiter`: limits by account and address;
//! 9. `data_files`: the files of the data folder;
//! 10. `error`, `settings`: errors; configuration;
//! 11. `tables`, `failpoints`, `background`, `log`: entities and queries; faults on purpose; tasks that
//!     survive a panic; the log.

use std::{fmt::Display, sync::Arc};

use realtime::{
    hub::Hub,
    jobs::{Jobs, Runner},
    ledger::Ledger,
};
use shared::problem::Code;
use tables::{Database, sqlite_file};

pub mod admin;
pub mod api;
pub mod app;
pub mod archive;
pub mod auth;
pub mod background;
pub mod concurrency_limiter;
pub mod data_files;
pub mod error;
pub mod export;
pub mod failpoints;
pub mod http;
pub mod limits;
pub mod log;
pub mod messages;
pub mod rate_limiter;
pub mod realtime;
pub mod rooms;
pub mod search;
pub mod settings;
pub mod tables;
pub mod users;

pub use api::openapi;
pub use app::App;
pub use error::{Error, Result};
pub use settings::{Settings, Storage};

/// Opens the database, and starts the hub, the ledger, the background tasks and the runner of jobs, which resumes
/// what an earlier process left over.
pub async fn start(settings: Settings) -> Result<App> {
    let settings = Arc::new(settings);
    let mail_transport = users::MailTransport::open(&settings.mail)?;
    let db = open_database(&settings.storage).await?;
    db.begin_epoch().await?;
    if db.is_shared() {
        tokio::spawn(db.clone().follow_epoch());
    }
    let hub = Hub::start(db.clone(), settings.redis_url.as_ref().map(|url| &*url.0))?;
    let auth = auth::Auth::open(settings.clone(), db.clone(), &hub)?;
    let jobs = Jobs::default();
    let messages_per_second = settings.messages_per_second;
    let ledger = Ledger::start(db.clone(), hub.clone(), jobs.clone(), messages_per_second);
    let limits = limits::Limits::new(&settings);
    let app = App::new(app::Handles { settings, db, ledger, hub, auth, limits });
    tokio::spawn(users::watch_accounts(app.clone()));
    tokio::spawn(users::write_session_uses(app.clone()));
    let mut runner = Runner::new(app.db.clone(), jobs);
    app.ledger.register_jobs(&mut runner, &app.db.reader);
    users::register_jobs(&mut runner, &app, mail_transport);
    runner.start().await?;
    Ok(app)
}

/// Opens the database, and creates or migrates its tables.
pub async fn open_database(storage: &Storage) -> Result<Database> {
    let url = storage.database_url();
    Database::open(&url, storage.database_connections).await.map_err(cannot_open)
}

/// Opens a database on which a server may run, without changing its tables. Fails if the database is
/// missing or has the tables of another version.
pub async fn open_existing_database(storage: &Storage) -> Result<Database> {
    let url = storage.database_url();
    if let Some(file) = sqlite_file(&url).filter(|file| !file.exists()) {
        return Err(cannot_open(format!("there is no file {}", file.display())));
    }
    Database::open_existing(&url, storage.database_connections).await.map_err(cannot_open)
}

fn cannot_open(error: impl Display) -> Error {
    Error::new(Code::Internal, format!("cannot open the database: {error}"))
}
