//! The handlers of reports.

use std::collections::HashMap;

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::{
    ids::{ReportId, RoomId, Seq, UserId},
    messages::{Message, NewReport, PatchReport, Report, ReportList, ReportState, validate_reason},
    problem::FieldError,
};

use super::{
    super::{RoomPath, check_limit, handlers::page_default},
    bans::people,
    check_rate, managed_room,
};
use crate::{
    App, Error, Result,
    auth::Caller,
    http::extract::{Json, Path, Query},
    realtime::ledger::{CloseReport, ReportMessage},
    tables::{Connection, RoomView, Stored, reports, to_timestamp},
};

/// The path of a message to report.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MessagePath {
    /// The `id` of the room.
    id: RoomId,
    /// The `seq` of the message.
    seq: Seq,
}

/// The path of a report.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReportPath {
    /// The `id` of the room.
    id: RoomId,
    /// The `id` of the report.
    report: ReportId,
}

/// Selects reports.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportsQuery {
    /// Only reports in this state.
    state: Option<ReportState>,
    /// Only reports with a greater id.
    #[serde(default)]
    after: ReportId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
}

pub async fn create(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Path(MessagePath { id, seq }): Path<MessagePath>,
    Json(NewReport { reason }): Json<NewReport>,
) -> Result<NoContent> {
    let reason = validate_reason(&reason)?;
    app.limits.reports.check(&user.id, 1).map_err(Error::too_many)?;
    app.ledger.write(ReportMessage { room: id, seq, by: user.id, reason }).await?;
    Ok(NoContent)
}

pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Query(query): Query<ReportsQuery>,
) -> Result<Json<ReportList>> {
    check_rate(&app, &caller)?;
    let query = ReportsQuery { limit: check_limit(query.limit)?, ..query };
    let db = &app.db.reader;
    let view = managed_room(db, id, &caller.user).await?;
    Ok(Json(list_reports(db, id, (caller.user.id, view.as_ref()), query).await?))
}

pub async fn close(
    State(app): State<App>,
    caller: Caller,
    Path(ReportPath { id, report }): Path<ReportPath>,
    Json(PatchReport { state }): Json<PatchReport>,
) -> Result<NoContent> {
    check_rate(&app, &caller)?;
    if state == ReportState::Open {
        return Err(FieldError::new("state", "must be resolved or dismissed").into());
    }
    let by = caller.user.id;
    app.ledger.write(CloseReport { room: id, report, by, state }).await?;
    Ok(NoContent)
}

/// A page of the reports that somebody who manages the room sees: a member those of messages that they may
/// read, nobody those of their own messages.
async fn list_reports(
    db: &impl Connection,
    room: RoomId,
    (user, view): (UserId, Option<&RoomView>),
    ReportsQuery { state, after, limit }: ReportsQuery,
) -> Result<ReportList> {
    use reports::Column as C;
    let mut select = reports::Entity::find()
        .filter(C::RoomId.eq(room.0))
        .filter(C::Id.gt(after.0))
        .filter(C::AuthorId.ne(user.0))
        .filter(C::Seq.gte(view.map_or(1, |view| view.first_seq().0)))
        .order_by_asc(C::Id)
        .limit(limit + 1);
    if let Some(state) = state {
        select = select.filter(C::State.eq(Stored(state)));
    }
    let mut rows = select.all(db).await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| ReportId(row.id));
    let messages = match view {
        Some(view) => view.messages_with_seqs(db, rows.iter().map(|row| row.seq)).await?,
        None => Vec::new(),
    };
    let messages: HashMap<i64, Message> =
        messages.into_iter().map(|message| (message.seq.0, message)).collect();
    let ids =
        |row: &reports::Model| [row.author_id, row.reporter_id].into_iter().chain(row.closed_by);
    let people = people(db, rows.iter().flat_map(ids)).await?;
    let reports = rows.into_iter().filter_map(|row| {
        Some(Report {
            id: row.id.into(),
            seq: row.seq.into(),
            message: messages.get(&row.seq).cloned(),
            author: people.get(&row.author_id)?.clone(),
            reporter: people.get(&row.reporter_id)?.clone(),
            reason: row.reason,
            state: row.state.0,
            created_at: to_timestamp(row.created_at),
            closed_by: row.closed_by.and_then(|id| people.get(&id).cloned()),
            closed_at: row.closed_at.map(to_timestamp),
        })
    });
    Ok(ReportList { reports: reports.collect(), next })
}
