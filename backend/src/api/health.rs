//! How this server is: for a supervisor (`live`), for a load balancer (`ready`), for a graph
//! (`metrics`).

use std::{future::Future, sync::OnceLock, time::Duration};

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use schemars::JsonSchema;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use serde::Serialize;

use crate::{
    App,
    http::extract::{Answer, Json},
};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether something works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does.
    Ok,
    /// It does not right now.
    Unavailable,
}

/// That the process answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Live {
    /// Always `ok`.
    pub status: Status,
    /// The version of this server.
    pub version: &'static str,
}

/// Whether this server can do its work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ready {
    /// `ok` when it reads and writes. Without Redis it does, only that what happens on other nodes
    /// shows up to a quarter of a second later.
    pub status: Status,
    /// What this server needs.
    pub dependencies: Dependencies,
    /// What an acknowledged write has survived, as the database said at start.
    pub durability: String,
}

/// What a server needs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Dependencies {
    /// The rows.
    pub database: Database,
    /// The link to other nodes, if one is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<Status>,
}

/// How the database is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Database {
    /// `ok` when it reads and writes.
    pub status: Status,
    /// Whether it answers readers.
    pub reader: Status,
    /// Whether it answers the writer.
    pub writer: Status,
}

/// `/health/live`, `/health/ready` and `/metrics`.
pub fn routes() -> ApiRouter<App> {
    // The recorder must be there before the first number.
    let _ = recorder();
    ApiRouter::new()
        .api_route(
            "/health/live",
            get_with(live, |op| {
                op.id("healthLive").tag("health").summary("Whether the process answers")
            }),
        )
        .api_route(
            "/health/ready",
            get_with(ready, |op| {
                op.id("healthReady").tag("health").summary("Whether the server can do its work")
            }),
        )
        .route("/metrics", axum::routing::get(prometheus))
}

async fn live() -> Json<Live> {
    Json(Live { status: Status::Ok, version: env!("CARGO_PKG_VERSION") })
}

async fn ready(State(app): State<App>) -> Result<Json<Ready>, Answer<503, Ready>> {
    let (reader, writer) = tokio::join!(answers(&app.db.reader), answers(&app.db.writer));
    let database =
        Database { status: Status::of(reader.is_ok() && writer.is_ok()), reader, writer };
    let status = database.status;
    let redis = app.hub.relay_is_up().map(Status::of);
    let durability = app.db.durability.to_string();
    let ready = Ready { status, dependencies: Dependencies { database, redis }, durability };
    if status.is_ok() { Ok(Json(ready)) } else { Err(Answer(ready)) }
}

impl Status {
    fn of(works: bool) -> Self {
        if works { Self::Ok } else { Self::Unavailable }
    }

    fn is_ok(self) -> bool {
        self == Self::Ok
    }
}

async fn answers(database: &impl ConnectionTrait) -> Status {
    let select = Statement::from_string(database.get_database_backend(), "SELECT 1");
    match within(PATIENCE, database.query_one_raw(select)).await {
        Some(Ok(_)) => Status::Ok,
        _ => Status::Unavailable,
    }
}

async fn within<T>(
    time: Duration,
    future: impl Future<Output = Result<T, DbErr>>,
) -> Option<Result<T, DbErr>> {
    tokio::time::timeout(time, future).await.ok()
}

/// The one recorder of the process, however many servers run in it. Without it (when somebody else
/// installed one) there are no metrics here.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let seconds = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &seconds)
            .ok()?
            .install_recorder()
            .ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

async fn prometheus() -> Response {
    let text = recorder().map(|recorder| {
        recorder.run_upkeep();
        recorder.render()
    });
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, text.unwrap_or_default()).into_response()
}
