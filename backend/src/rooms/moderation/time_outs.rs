//! The handlers of time-outs.

use axum::{extract::State, response::NoContent};
use shared::rooms::{Member, TimeOut, validate_time_out};

use super::super::handlers::MemberPath;
use crate::{
    App, Result,
    auth::Caller,
    http::extract::{Json, Path},
    realtime::ledger,
};

pub async fn begin(
    State(app): State<App>,
    Caller { user: by, .. }: Caller,
    Path(MemberPath { id, user }): Path<MemberPath>,
    Json(TimeOut { minutes }): Json<TimeOut>,
) -> Result<Json<Member>> {
    validate_time_out(minutes)?;
    let time_out = ledger::TimeOut { room: id, user, by: by.id, minutes: Some(minutes) };
    Ok(Json(app.ledger.write(time_out).await?))
}

pub async fn end(
    State(app): State<App>,
    Caller { user: by, .. }: Caller,
    Path(MemberPath { id, user }): Path<MemberPath>,
) -> Result<NoContent> {
    let end = ledger::TimeOut { room: id, user, by: by.id, minutes: None };
    app.ledger.write(end).await?;
    Ok(NoContent)
}
