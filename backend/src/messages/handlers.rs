//! What the message endpoints do.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{Operation, Response as Documented},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, NoContent, Response},
};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::{Rev, RoomId, Seq},
    messages::{
        Anchor, Calendar, Changes, EditMessage, Insights, Message, MessagePage, Month, NewMessage,
        Offset,
    },
    problem::FieldError,
    rooms::{MarkRead, ReadState},
    rules,
};

use super::{
    calendar, insights,
    pages::{self, Wanted},
    queries,
};
use crate::{
    App, Result,
    auth::Caller,
    http::{
        conditional::{Conditional, EntityTag, IfNoneMatch},
        extract::{Json, Path, Query},
    },
    realtime::ledger,
    rooms::{Membership, RoomPath},
    search::{self, Ask, Asker},
    tables::{self, JoinedRoom, newest_message},
};

/// Which messages: those around the newest, unless an anchor says otherwise.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// `newest`, `oldest`, `first_unread` (the message after the last one read), `last_read`,
    /// `seq:57` (the message's place in the room), `id:57` (its number on the server), or
    /// `date:2026-03-01` and `date:2026-03-01T14:30` (the first message of that day, or since that
    /// moment), each with seconds or not, in UTC or with an offset such as `+02:00`.
    #[serde(default)]
    anchor: Anchor,
    /// How many before the anchor's, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    before: Option<u64>,
    /// How many after the anchor's, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    after: Option<u64>,
    /// Only what this search finds, in the grammar of `GET /messages`; at most 10 000 characters.
    q: Option<String>,
    /// By which clock the days of the search begin.
    #[serde(default)]
    tz: Offset,
}

/// Which month.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarQuery {
    /// Such as `2026-03`; the current one unless said otherwise.
    month: Option<Month>,
    /// By which clock its days begin.
    #[serde(default)]
    tz: Offset,
}

/// Which days.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InsightsQuery {
    /// So many, today included: 1 to 90.
    #[serde(default = "insights_days")]
    #[schemars(range(min = 1, max = 90))]
    days: u64,
    /// By which clock days and hours begin.
    #[serde(default)]
    tz: Offset,
}

/// Which changes.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ChangesQuery {
    /// Those after this one.
    #[serde(default)]
    after_rev: Rev,
    /// 1 to 1 000.
    #[serde(default = "changes_max")]
    #[schemars(range(min = 1, max = 1000))]
    limit: u64,
}

/// A message's address.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MessagePath {
    /// The room's number.
    id: RoomId,
    /// The message's number in it.
    seq: Seq,
}

/// A message that was posted now (201), or before under the same name (200).
pub struct PostAnswer(StatusCode, Message);

impl IntoResponse for PostAnswer {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

impl OperationOutput for PostAnswer {
    type Inner = Message;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        Json::<Message>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        let statuses = [200, 201].into_iter();
        let answer = |status| Some((Some(status), Self::operation_response(ctx, operation)?));
        statuses.filter_map(answer).collect()
    }
}

fn insights_days() -> u64 {
    rules::INSIGHTS_MAX_DAYS
}

fn changes_max() -> u64 {
    rules::CHANGES_MAX
}

pub async fn list(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<PageQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<MessagePage>> {
    let wanted = Wanted::new(query.anchor, query.before, query.after)?;
    if let Some(q) = query.q {
        return search(&app, membership, wanted, (&q, query.tz), if_none_match).await;
    }
    let Membership { room, read_seq, .. } = membership;
    let tag = EntityTag::weak(&wanted.state(&room, read_seq));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let page = pages::page(&app.db.reader, &room, read_seq, wanted).await?;
    Ok(Conditional::Full(tag, page))
}

/// Only what a search finds.
async fn search(
    app: &App,
    Membership { caller, room, read_seq }: Membership,
    wanted: Wanted,
    (q, offset): (&str, Offset),
    if_none_match: IfNoneMatch,
) -> Result<Conditional<MessagePage>> {
    let query = search::read(q)?;
    let (state, moment) = (wanted.state(&room, read_seq), search::moment(&query));
    let user = &caller.user;
    let tag =
        EntityTag::hashed(&format!("{state}/{}/{}/{moment}/{offset}/{q}", user.id, user.is_admin));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let permit = app.search_limiter.acquire(user.id).await?;
    let rooms = [JoinedRoom::new(&room, read_seq)];
    let db = app.db.reader.clone();
    let page = permit.run(async move {
        let (user, within) = (&caller.user, Some(RoomId(room.id)));
        let newest = newest_message(&db).await?;
        let asker = Asker { user, rooms: &rooms, newest, within, offset };
        let ask = Ask::new(&db, query, &asker).await?;
        pages::hits(&db, &room, read_seq, wanted, &ask).await
    });
    let (page, is_whole) = page.await?;
    Ok(Conditional::new(is_whole, tag, page))
}

pub async fn calendar(
    State(app): State<App>,
    membership: Membership,
    Query(CalendarQuery { month, tz }): Query<CalendarQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Calendar>> {
    let room = membership.room;
    let month = month.unwrap_or_else(|| calendar::this_month(tz));
    let (version, seq) = (env!("CARGO_PKG_VERSION"), room.last_seq);
    let tag = EntityTag::weak(&format!("{version}/{}/{seq}/{month}/{tz}", room.id));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let calendar = calendar::calendar(&app.db.reader, &room, month, tz).await?;
    Ok(Conditional::Full(tag, calendar))
}

pub async fn insights(
    State(app): State<App>,
    membership: Membership,
    Query(InsightsQuery { days, tz }): Query<InsightsQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Insights>> {
    if !(1..=rules::INSIGHTS_MAX_DAYS).contains(&days) {
        let message = format!("must be 1 to {}, and is {days}", rules::INSIGHTS_MAX_DAYS);
        return Err(FieldError::new("days", message).into());
    }
    let room = membership.room;
    let (version, rev, today) = (env!("CARGO_PKG_VERSION"), room.last_rev, insights::today(tz));
    let tag = EntityTag::weak(&format!("{version}/{}/{rev}/{days}/{tz}/{today}", room.id));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    // As much work as a search, and no more of it at once.
    let permit = app.search_limiter.acquire(membership.caller.user.id).await?;
    let db = app.db.reader.clone();
    let insights = permit.run(async move { insights::insights(&db, &room, days, tz).await });
    Ok(Conditional::Full(tag, insights.await?))
}

pub async fn post(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(new): Json<NewMessage>,
) -> Result<PostAnswer> {
    let posted = super::post(&app, caller.user.id, id, new).await?;
    let status = if posted.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(PostAnswer(status, posted.message))
}

pub async fn get(
    State(app): State<App>,
    membership: Membership,
    Path(MessagePath { seq, .. }): Path<MessagePath>,
) -> Result<Json<Message>> {
    Ok(Json(queries::one(&app.db.reader, membership.room_id(), seq).await?))
}

pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(MessagePath { id, seq }): Path<MessagePath>,
    Json(edit): Json<EditMessage>,
) -> Result<Json<Message>> {
    let content = rules::validate_content(&edit.content)?;
    let edit = ledger::EditMessage { room: id, seq, by: caller.user.id, content };
    Ok(Json(app.ledger.write(edit).await?))
}

pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(MessagePath { id, seq }): Path<MessagePath>,
) -> Result<NoContent> {
    app.ledger.write(ledger::DeleteMessage { room: id, seq, by: caller.user.id }).await?;
    Ok(NoContent)
}

pub async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(mark): Json<MarkRead>,
) -> Result<Json<ReadState>> {
    let mark = ledger::MarkRead { room: id, user: caller.user.id, mark };
    Ok(Json(app.ledger.mark_read(mark).await?.committed().await?))
}

pub async fn changes(
    State(app): State<App>,
    membership: Membership,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Changes>> {
    if !(1..=rules::CHANGES_MAX).contains(&query.limit) {
        let message = format!("must be 1 to {}, and is {}", rules::CHANGES_MAX, query.limit);
        return Err(FieldError::new("limit", message).into());
    }
    let db = &app.db.reader;
    Ok(Json(tables::changes_since(db, &membership.room, query.after_rev, query.limit).await?))
}
