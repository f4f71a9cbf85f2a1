//! What the search endpoints do.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    messages::{Anchor, Offset},
    rules,
    search::{Hits, Query as Asked, Summary},
};

use super::{
    ask::{Ask, Asker},
    moment,
    pages::{Page, Sides, hits as hits_of},
    queries::{Towards, find},
    read, summary as summaries,
};
use crate::{
    App, Result,
    app::SearchPermit,
    auth::Caller,
    http::{
        conditional::{Conditional, EntityTag, IfNoneMatch},
        extract::Query,
    },
    tables::{JoinedRoom, NewestMessage, joined_rooms_and_newest},
};

/// What is looked for, and which part of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HitsQuery {
    /// The search, at most 10 000 characters; nothing finds everything.
    #[serde(default)]
    q: String,
    /// `newest`, `oldest`, `id:57` (a message's number on the server), `date:2026-03-01` or
    /// `date:2026-03-01T14:30`, in UTC or with an offset such as `+02:00`.
    anchor: Option<Anchor>,
    /// How many hits up to the anchor, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    before: Option<u64>,
    /// How many hits after the anchor, 0 to 200.
    #[schemars(range(min = 0, max = 200))]
    after: Option<u64>,
    /// By which clock the days of the search begin.
    #[serde(default)]
    tz: Offset,
    /// Whether each hit comes with the messages before and after it.
    #[serde(default)]
    context: bool,
}

/// What is looked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummaryQuery {
    /// The search, at most 10 000 characters; nothing finds everything.
    #[serde(default)]
    q: String,
    /// By which clock days and months begin.
    #[serde(default)]
    tz: Offset,
}

pub async fn hits(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<HitsQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Hits>> {
    let asked = read(&query.q)?;
    let sides = Sides::new(&asked, query.anchor, query.before, query.after)?;
    let Begun { permit, rooms, newest } = begin(&app, &caller).await?;
    let request = (sides, query.tz, query.context);
    let tag = tag(&caller, &rooms, &asked, &format!("{}/{request:?}", query.q));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let db = app.db.reader.clone();
    let page = Page { sides, context: query.context };
    let hits = permit.run(async move {
        let (user, offset) = (&caller.user, query.tz);
        let asker = Asker { user, rooms: &rooms, newest, within: None, offset };
        let ask = Ask::new(&db, asked, &asker).await?;
        hits_of(&db, &ask, &page).await
    });
    let (hits, is_whole) = hits.await?;
    Ok(Conditional::new(is_whole, tag, hits))
}

pub async fn summary(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<SummaryQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Summary>> {
    let asked = read(&query.q)?;
    let Begun { permit, rooms, newest } = begin(&app, &caller).await?;
    let tag = tag(&caller, &rooms, &asked, &format!("{}/{:?}", query.q, query.tz));
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let db = app.db.reader.clone();
    let summary = permit.run(async move {
        let (user, offset) = (&caller.user, query.tz);
        let asker = Asker { user, rooms: &rooms, newest, within: None, offset };
        let ask = Ask::new(&db, asked, &asker).await?;
        let found = find(&db, &ask, i64::MAX, Towards::Older, rules::SUMMARY_MAX_HITS).await?;
        let summary = summaries::of(&found.messages, found.up_to.is_some(), &rooms, offset);
        Ok((summary, found.in_time))
    });
    let (summary, is_whole) = summary.await?;
    Ok(Conditional::new(is_whole, tag, summary))
}

/// What a search begins with.
pub struct Begun {
    /// Permission to search.
    pub permit: SearchPermit,
    /// The rooms that may be searched.
    pub rooms: Vec<JoinedRoom>,
    /// The newest message of all.
    pub newest: NewestMessage,
}

/// Begins to search.
pub async fn begin(app: &App, caller: &Caller) -> Result<Begun> {
    let user = &caller.user;
    let permit = app.search_limiter.acquire(user.id).await?;
    let (rooms, newest) = joined_rooms_and_newest(&app.db.reader, user.id).await?;
    Ok(Begun { permit, rooms, newest })
}

/// What an answer depends on: the rooms, by their last changes, and what was asked.
fn tag(caller: &Caller, mine: &[JoinedRoom], asked: &Asked, request: &str) -> EntityTag {
    let (version, user) = (env!("CARGO_PKG_VERSION"), &caller.user);
    let mut state = format!("{version}/{}/{}/{request}/{}", user.id, user.is_admin, moment(asked));
    for room in mine {
        state += &format!("/{}/{}/{}", room.id, room.last_rev, room.read_seq);
    }
    EntityTag::hashed(&state)
}
