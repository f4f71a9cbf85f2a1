//! Liveness for a supervisor, and readiness for a load balancer.

use std::time::Duration;

use aide::axum::{ApiRouter, routing::get_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::Statement;
use serde::Serialize;

use crate::{
    App,
    http::extract::{Json, WithStatus},
    tables::Connection,
};

/// How long a health check waits for the database before it reports `unavailable`.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(1);

/// The state of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It works.
    Ok,
    /// It does not work right now.
    Unavailable,
}

/// The liveness of the process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Live {
    /// Always `ok`.
    pub status: Status,
    /// The version of this server.
    pub version: &'static str,
}

/// The readiness of the server.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ready {
    /// `ok` when the database can be read and written, and writes to rooms are committed. Redis is not
    /// required: without it, changes from other nodes arrive up to 250 ms later.
    pub status: Status,
    /// Whether writes to rooms are committed: `unavailable` while one waits for more than 2 s, and for
    /// 5 s after one failed because of the database.
    pub ledger: Status,
    /// The services that this server uses.
    pub dependencies: Dependencies,
    /// The database settings, read at start, that make an acknowledged write durable.
    pub durability: String,
}

/// The services that a server uses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Dependencies {
    /// The database.
    pub database: Database,
    /// The connection to Redis, if one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<Status>,
}

/// The state of the database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Database {
    /// `ok` when it can be read and written.
    pub status: Status,
    /// Whether it can be read.
    pub reader: Status,
    /// Whether it can be written: the server commits a row of its own, at most once a second.
    pub writer: Status,
}

/// `/health/live` and `/health/ready`.
pub fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/health/live",
            get_with(live, |op| {
                op.id("healthLive").tag("health").summary("Check that the process responds")
            }),
        )
        .api_route(
            "/health/ready",
            get_with(ready, |op| {
                op.id("healthReady")
                    .tag("health")
                    .summary("Check that the server can read and write")
            }),
        )
}

async fn live() -> Json<Live> {
    Json(Live { status: Status::Ok, version: env!("CARGO_PKG_VERSION") })
}

async fn ready(State(app): State<App>) -> Result<Json<Ready>, WithStatus<503, Ready>> {
    let (reader, writer) =
        tokio::join!(check_reader(&app.db.reader), app.db.is_writable(DATABASE_TIMEOUT));
    let (writer, ledger) = (Status::from_bool(writer), Status::from_bool(app.ledger.is_writing()));
    let database =
        Database { status: Status::from_bool(reader.is_ok() && writer.is_ok()), reader, writer };
    let status = Status::from_bool(database.status.is_ok() && ledger.is_ok());
    let redis = app.hub.relay_is_up().map(Status::from_bool);
    let durability = app.db.durability.to_string();
    let ready =
        Ready { status, ledger, dependencies: Dependencies { database, redis }, durability };
    if status.is_ok() { Ok(Json(ready)) } else { Err(WithStatus(ready)) }
}

impl Status {
    fn from_bool(works: bool) -> Self {
        if works { Self::Ok } else { Self::Unavailable }
    }

    fn is_ok(self) -> bool {
        self == Self::Ok
    }
}

async fn check_reader(database: &impl Connection) -> Status {
    let select = Statement::from_string(database.get_database_backend(), "SELECT 1");
    match tokio::time::timeout(DATABASE_TIMEOUT, database.query_one_raw(select)).await {
        Ok(Ok(_)) => Status::Ok,
        _ => Status::Unavailable,
    }
}
