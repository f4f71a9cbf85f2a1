//! Pages of hits: resolves the anchor to an id, and searches from there in both directions.

use shared::{
    ids::{MessageId, NUMBER_MAX, RoomId, Seq},
    messages::{Anchor, Message},
    problem::FieldError,
    rules,
    search::{Hit, Hits, Query, Sort},
};

use super::{
    filters::NearMessage,
    plan::SearchPlan,
    queries::{count_fitting, find, id_at_or_before, messages_at},
    recheck::{most_relevant, with_ranges},
    unindexed::Direction,
};
use crate::{
    Result,
    http::time_zone::Zone,
    tables::{Connection, last_visible_id_before},
};

/// Greater than any id.
const MAX_ID: i64 = NUMBER_MAX + 1;

/// Which hits to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitPageRequest {
    anchor: Anchor,
    /// The reader's; applies to an anchor that is a date without an offset.
    zone: Zone,
    before: u64,
    after: u64,
    /// Whether to return the neighbours of each hit.
    context: bool,
}

impl HitPageRequest {
    /// Validates the parameters. If only one of `before` and `after` is given, the other is 0.
    pub fn new(
        query: &Query,
        (anchor, zone): (Option<Anchor>, Zone),
        before: Option<u64>,
        after: Option<u64>,
        context: bool,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        for (field, count) in [("before", before), ("after", after)] {
            if let Some(count) = count.filter(|count| *count > rules::PAGE_MAX) {
                let message = format!("must be 0 to {}, but is {count}", rules::PAGE_MAX);
                errors.push(FieldError::new(field, message));
            }
        }
        if let Some(Anchor::Seq(_) | Anchor::FirstUnread | Anchor::LastRead) = anchor {
            let message = "names a position in one room: across rooms use `newest`, `oldest`, \
                 `id:57` or `date:2026-03-01`";
            errors.push(FieldError::new("anchor", message));
        }
        if query.sort == Sort::Relevance && (anchor.is_some() || after.is_some()) {
            let message = "cannot be used with `sort:relevance`, which returns one page of the \
                 best hits";
            let field = if anchor.is_some() { "anchor" } else { "after" };
            errors.push(FieldError::new(field, message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let default = if query.sort == Sort::Old { Anchor::Oldest } else { Anchor::Newest };
        let all = rules::PAGE_DEFAULT;
        let (before, after) = match (before, after) {
            (None, None) if query.near.is_some() && anchor.is_none() => (all / 2, all / 2),
            (None, None) => match anchor.unwrap_or(default) {
                Anchor::Newest => (all, 0),
                Anchor::Oldest => (0, all),
                _ => (all / 2, all / 2),
            },
            (before, after) => (before.unwrap_or(0), after.unwrap_or(0)),
        };
        Ok(Self { anchor: anchor.unwrap_or(default), zone, before, after, context })
    }
}

/// The hits of a page, and whether the search completed within its time budget.
pub async fn hit_page(
    db: &impl Connection,
    plan: &SearchPlan,
    request: &HitPageRequest,
) -> Result<(Hits, bool)> {
    let HitPageRequest { anchor, zone, before, after, context } = *request;
    if plan.query.sort == Sort::Relevance {
        let found = find(db, plan, i64::MAX, Direction::Older, rules::SUMMARY_MAX_HITS).await?;
        let best = most_relevant(&plan.matcher, found.messages, before as usize).await?;
        let mut hits = to_hits(db, plan, context, best).await?;
        fit(&mut hits, rules::PAGE_MAX_BYTES);
        return Ok((Hits { hits, older: None, newer: None, hints: Vec::new() }, found.is_complete));
    }
    let id = resolve_anchor(db, plan, (anchor, zone)).await?;
    let find = |direction, limit| find_in_direction(db, plan, id, context, direction, limit);
    let older = find(Direction::Older, before).await?;
    let newer = find(Direction::Newer, after).await?;
    let is_complete = older.is_complete && newer.is_complete;
    let mut hits: Vec<_> = newer.hits.into_iter().rev().chain(older.hits).collect();
    if plan.query.sort == Sort::Old {
        hits.reverse();
    }
    let cursor = |id: i64| match id {
        ..MAX_ID => Anchor::Id(MessageId(id)),
        _ => Anchor::Newest,
    };
    let hits = Hits {
        hits,
        older: older.next.filter(|id| *id > 0).map(cursor),
        newer: newer.next.filter(|id| *id < MAX_ID).map(cursor),
        hints: Vec::new(),
    };
    Ok((hits, is_complete))
}

/// The hits in one direction.
struct DirectedHits {
    hits: Vec<Hit>,
    /// The id from which the search continues; `None` at its end.
    next: Option<i64>,
    is_complete: bool,
}

/// Finds the hits in one direction; their texts take at most half of a page.
async fn find_in_direction(
    db: &impl Connection,
    plan: &SearchPlan,
    id: i64,
    context: bool,
    direction: Direction,
    limit: u64,
) -> Result<DirectedHits> {
    let max_bytes = rules::PAGE_MAX_BYTES / 2;
    let mut found = find(db, plan, id, direction, limit).await?;
    // Before the neighbours are read, and again with them.
    found.fit(max_bytes);
    let mut next = if limit == 0 { Some(id) } else { found.next_id(direction) };
    let mut hits = to_hits(db, plan, context, found.messages).await?;
    if let Some(last) = fit(&mut hits, max_bytes) {
        next = Some(direction.next_id(last));
    }
    Ok(DirectedHits { hits, next, is_complete: found.is_complete })
}

/// Drops the last hits if the texts exceed `max_bytes`, but keeps at least one. Returns the last
/// remaining hit if it dropped any.
fn fit(hits: &mut Vec<Hit>, max_bytes: usize) -> Option<MessageId> {
    let neighbours =
        |hit: &Hit| [&hit.before, &hit.after].map(|m| m.as_ref().map_or(0, |m| m.content.len()));
    let length = |hit: &Hit| hit.message.content.len() + neighbours(hit).iter().sum::<usize>();
    let count = count_fitting(hits.iter().map(length), max_bytes);
    let dropped = hits.len() > count;
    hits.truncate(count);
    hits.last().filter(|_| dropped).map(|hit| hit.message.id)
}

/// The id of the last message before the position of an anchor.
async fn resolve_anchor(
    db: &impl Connection,
    plan: &SearchPlan,
    (anchor, zone): (Anchor, Zone),
) -> Result<i64> {
    Ok(match (anchor, plan.near) {
        (Anchor::Id(id), _) => id.0,
        (Anchor::Date(date), _) => {
            last_visible_id_before(db, plan.user, date.start(&zone).timestamp_micros()).await?
        }
        (_, Some(NearMessage { room, seq, first_seq })) => {
            id_at_or_before(db, room, (first_seq, seq)).await?
        }
        (Anchor::Oldest, _) => 0,
        _ => i64::MAX,
    })
}

/// Adds to each message the ranges that match and, with `context`, its neighbours in its room.
async fn to_hits(
    db: &impl Connection,
    plan: &SearchPlan,
    context: bool,
    messages: Vec<Message>,
) -> Result<Vec<Hit>> {
    let mut neighbours = Vec::new();
    if context {
        let positions = |m: &Message| [(m.room, Seq(m.seq.0 - 1)), (m.room, m.seq.next())];
        let mut positions: Vec<_> = messages.iter().flat_map(positions).collect();
        positions.sort();
        positions.dedup();
        neighbours = messages_at(db, plan.user, &positions).await?;
    }
    let neighbour = |room: RoomId, seq: i64| {
        let found = neighbours.iter().find(|m| m.room == room && m.seq.0 == seq);
        found.cloned().map(Box::new)
    };
    let hit = |(message, ranges): (Message, _)| Hit {
        ranges,
        before: neighbour(message.room, message.seq.0 - 1),
        after: neighbour(message.room, message.seq.0 + 1),
        message,
    };
    Ok(with_ranges(&plan.matcher, messages).await?.into_iter().map(hit).collect())
}
