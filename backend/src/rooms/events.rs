//! What happened in a room.

use aide::axum::{ApiRouter, routing::get_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{ids::Rev, paths, rooms::RoomEvents};

use super::{
    Membership, doc,
    handlers::{check_limit, page_default},
};
use crate::{
    App, Result,
    http::extract::{Json, Query},
    tables::events_before,
};

/// Selects events.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EventsQuery {
    /// Only events before this revision; the newest by default.
    before_rev: Option<Rev>,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
}

pub fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        paths::EVENTS,
        get_with(list, |op| {
            doc(op, "listEvents", "List what happened in a room, newest first, in pages")
                .description(
                    "Who joined, left, was added or removed, and who changed the room. Pages of messages \
                     contain the events between their messages.",
                )
        }),
    )
}

async fn list(
    State(app): State<App>,
    membership: Membership,
    Query(EventsQuery { before_rev, limit }): Query<EventsQuery>,
) -> Result<Json<RoomEvents>> {
    let limit = check_limit(limit)?;
    Ok(Json(events_before(&app.db.reader, &membership.room, before_rev, limit).await?))
}
