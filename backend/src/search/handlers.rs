//! The handlers of the search endpoints.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    messages::Anchor,
    rules,
    search::{self, Hits, Summary},
};

use super::{
    filters::SearchScope,
    hit_pages::{HitPageRequest, hit_page},
    plan::SearchPlan,
    queries::find,
    query::{minute_of, parse_query},
    summary::summarize,
    unindexed::Direction,
};
use crate::{
    App, Error, Result,
    auth::Caller,
    concurrency_limiter::Permit,
    http::{
        conditional::{Conditional, EntityTag, IfNoneMatch},
        extract::Query,
        time_zone::Zone,
    },
    tables::{JoinedRoom, NewestMessage, Pool, joined_rooms, newest_message},
};

/// The query, and which of its hits to return.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HitsQuery {
    /// The query, at most 4 000 characters; an empty one matches every message.
    #[serde(default)]
    q: String,
    /// `newest`, `oldest`, `id:57` (the `id` of a message), `date:2026-03-01` or
    /// `date:2026-03-01T14:30`, in the zone `tz` or with an offset such as `+02:00`.
    anchor: Option<Anchor>,
    /// How many hits to return before the anchor, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    before: Option<u64>,
    /// How many hits to return after the anchor, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    after: Option<u64>,
    /// The time zone of dates without an offset.
    #[serde(default)]
    tz: Zone,
    /// Whether to return the messages before and after each hit.
    #[serde(default)]
    context: bool,
}

/// The query to summarize.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummaryQuery {
    /// The query, at most 4 000 characters; an empty one matches every message.
    #[serde(default)]
    q: String,
    /// The time zone of days and months.
    #[serde(default)]
    tz: Zone,
}

pub async fn hits(
    State(app): State<App>,
    caller: Caller,
    Query(HitsQuery { q, anchor, before, after, tz, context }): Query<HitsQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Hits>> {
    let query = parse_query(&q)?;
    let request = HitPageRequest::new(&query, (anchor, tz), before, after, context)?;
    let SearchContext { permit, rooms, newest } = begin_search(&app, &caller).await?;
    let tag = entity_tag(&app, &caller, &rooms, &query, &format!("{q}/{request:?}/{tz:?}"));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let db = app.db.searcher.clone();
    let search = move |db| async move {
        let (user, rooms) = (&caller.user, &*rooms);
        let scope = SearchScope { user, rooms, newest, only_room: None, zone: tz };
        let plan = SearchPlan::new(&db, query, &scope).await?;
        hit_page(&db, &plan, &request).await
    };
    let (mut hits, is_complete) = permit.run(async move { db.visit(search).await }).await?;
    hits.hints = search::hints(&q);
    Ok(Conditional::new(is_complete, tag, hits))
}

pub async fn summary(
    State(app): State<App>,
    caller: Caller,
    Query(SummaryQuery { q, tz }): Query<SummaryQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Summary>> {
    let query = parse_query(&q)?;
    let SearchContext { permit, rooms, newest } = begin_search(&app, &caller).await?;
    let tag = entity_tag(&app, &caller, &rooms, &query, &format!("{q}/{tz:?}"));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let db = app.db.searcher.clone();
    let search = move |db: Pool| async move {
        let (user, rooms) = (&caller.user, &*rooms);
        let scope = SearchScope { user, rooms, newest, only_room: None, zone: tz };
        let plan = SearchPlan::new(&db, query, &scope).await?;
        let found = find(&db, &plan, i64::MAX, Direction::Older, rules::SUMMARY_MAX_HITS).await?;
        let has_more = found.last_examined.is_some();
        Ok((summarize(&found.messages, has_more, rooms, tz), found.is_complete))
    };
    let (summary, is_complete) = permit.run(async move { db.visit(search).await }).await?;
    Ok(Conditional::new(is_complete, tag, summary))
}

/// The permit and the data that every search across rooms needs.
pub struct SearchContext {
    /// The permit to search.
    pub permit: Permit,
    /// The rooms of the caller.
    pub rooms: Vec<JoinedRoom>,
    /// The newest message of all rooms.
    pub newest: NewestMessage,
}

/// Waits for a permit and reads the rooms to search.
pub async fn begin_search(app: &App, caller: &Caller) -> Result<SearchContext> {
    let user = &caller.user;
    let permit = app.limits.searches.acquire(user.id).await?;
    let user = user.id;
    let read = move |db: Pool| async move {
        // Before the positions of the rooms: later messages are no hits, so none of them is before a hit
        // that the search finds first.
        let newest = newest_message(&db).await?;
        Ok::<_, Error>((joined_rooms(&db, user).await?, newest))
    };
    let (rooms, newest) = app.db.reader.visit(read).await?;
    Ok(SearchContext { permit, rooms, newest })
}

/// The entity tag of a response, which depends on the caller, the request and the state of each
/// room.
fn entity_tag(
    app: &App,
    caller: &Caller,
    rooms: &[JoinedRoom],
    query: &search::Query,
    request: &str,
) -> EntityTag {
    let (user, minute) = (&caller.user, minute_of(query));
    let mut state = format!("{}/{:?}/{request}/{minute}", user.id, user.rank);
    for room in rooms {
        state += &format!("/{}/{}/{}", room.id, room.last_rev, room.read_seq);
    }
    EntityTag::hashed(&app.db.epoch, &state)
}
