//! The handlers that read and write messages.

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::{Rev, RoomId, Seq},
    messages::{Anchor, Changes, EditMessage, Message, MessagePage, NewMessage},
    problem::FieldError,
    rooms::{MarkRead, ReadState},
    rules,
    text::{Format, FormattedText},
};

use super::{
    pages::{self, PageRequest},
    posting, queries,
};
use crate::{
    App, Result,
    auth::Caller,
    http::{
        conditional::{Conditional, EntityTag, IfNoneMatch},
        extract::{Json, MaybeCreated, Path, Query},
        time_zone::Zone,
    },
    realtime::ledger,
    rooms::{Membership, RoomCaller, RoomPath},
    search::{self, SearchPlan, SearchScope},
    tables::{self, JoinedRoom, newest_message, search_index::indexed_range},
};

/// Which messages to return.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// `newest` (the default), `oldest`, `first_unread`, `last_read`, `seq:57` (by the `seq` of a
    /// message), `id:57` (by its `id`), `date:2026-03-01` (the first message of a day) or
    /// `date:2026-03-01T14:30` (the first message since a time, with or without seconds), in the
    /// zone `tz` or with an offset such as `+02:00`.
    #[serde(default)]
    anchor: Anchor,
    /// How many messages to return before the anchor, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    before: Option<u64>,
    /// How many messages to return after the anchor, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    after: Option<u64>,
    /// Return only the hits of this query, in the grammar of `GET /messages`; at most 4 000
    /// characters.
    q: Option<String>,
    /// The time zone of dates without an offset.
    #[serde(default)]
    tz: Zone,
}

/// Which changes to return.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ChangesQuery {
    /// Changes after this revision.
    #[serde(default)]
    after_rev: Rev,
    /// 1 to 1 000.
    #[serde(default = "changes_max")]
    #[schemars(range(min = 1, max = 1000))]
    limit: u64,
}

/// The path of a message.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MessagePath {
    /// The `id` of the room.
    id: RoomId,
    /// The `seq` of the message.
    seq: Seq,
}

fn changes_max() -> u64 {
    rules::CHANGES_MAX
}

pub async fn list(
    State(app): State<App>,
    caller: RoomCaller,
    Query(PageQuery { anchor, before, after, q, tz }): Query<PageQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<MessagePage>> {
    let request = PageRequest::new((anchor, tz), before, after)?;
    if let Some(q) = q {
        let room = caller.find_membership(&app.db.reader).await?;
        let membership = Membership { caller: caller.caller, room };
        return search_room(&app, membership, request, (&q, tz), if_none_match).await;
    }
    let epoch = app.db.epoch.clone();
    let read = move |db| async move {
        let room = caller.find_membership(&db).await?;
        let tag = EntityTag::weak(&epoch, &request.tag_state(&room));
        if if_none_match.matches(&tag) {
            return Ok(Conditional::NotModified(tag));
        }
        Ok(Conditional::Full(tag, pages::message_page(&db, &room, request).await?))
    };
    app.db.reader.visit(read).await
}

async fn search_room(
    app: &App,
    Membership { caller, room }: Membership,
    request: PageRequest,
    (q, zone): (&str, Zone),
    if_none_match: IfNoneMatch,
) -> Result<Conditional<MessagePage>> {
    let query = search::parse_query(q)?;
    let (state, minute) = (request.tag_state(&room), search::minute_of(&query));
    let user = &caller.user;
    let state = format!("{state}/{}/{:?}/{minute}/{zone}/{q}", user.id, user.rank);
    let tag = EntityTag::hashed(&app.db.epoch, &state);
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let permit = app.limits.searches.acquire(user.id).await?;
    let db = app.db.searcher.clone();
    let search = move |db| async move {
        let (user, only_room) = (&caller.user, Some(RoomId(room.id)));
        // Before the position: later messages are no hits.
        let newest = newest_message(&db).await?;
        let indexed = indexed_range(&db, room.id.into()).await?;
        let rooms = &[JoinedRoom::new(&room, indexed)];
        let scope = SearchScope { user, rooms, newest, only_room, zone };
        let plan = SearchPlan::new(&db, query, &scope).await?;
        pages::hit_page(&db, &room, request, &plan).await
    };
    let (page, is_complete) = permit.run(async move { db.visit(search).await }).await?;
    Ok(Conditional::new(is_complete, tag, page))
}

pub async fn post(
    State(app): State<App>,
    caller: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(new): Json<NewMessage>,
) -> Result<MaybeCreated<Message>> {
    let posted = posting::post(&app, &caller.user, id, new).await?;
    Ok(MaybeCreated { is_new: posted.is_new, body: posted.message })
}

pub async fn get(
    State(app): State<App>,
    membership: Membership,
    Path(MessagePath { seq, .. }): Path<MessagePath>,
) -> Result<Json<Message>> {
    Ok(Json(queries::by_seq(&app.db.reader, &membership.room, seq).await?))
}

pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(MessagePath { id, seq }): Path<MessagePath>,
    Json(edit): Json<EditMessage>,
) -> Result<Json<Message>> {
    let content = rules::validate_content(&edit.content)?;
    // Without a format, the message keeps the one that it has, which only the ledger reads.
    let formats = edit.format.map_or(Format::ALL.to_vec(), |format| vec![format]);
    let has_link = || formats.into_iter().any(|it| FormattedText::new(it, &content).has_link());
    app.limits.newcomers.check_message(&caller.user, has_link)?;
    let (by, format) = (caller.user.id, edit.format);
    let edit = ledger::EditMessage { room: id, seq, by, format, content };
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

pub async fn mark_read(
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
    caller: RoomCaller,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Changes>> {
    if !(1..=rules::CHANGES_MAX).contains(&query.limit) {
        let message = format!("must be 1 to {}, but is {}", rules::CHANGES_MAX, query.limit);
        return Err(FieldError::new("limit", message).into());
    }
    let ChangesQuery { after_rev, limit } = query;
    let read = move |db| async move {
        let room = caller.find_membership(&db).await?;
        Ok(tables::changes_since(&db, &room, after_rev, limit).await?)
    };
    app.db.reader.visit(read).await.map(Json)
}
