//! A page of hits: from an anchor to a number, and from there to both sides.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use shared::{
    ids::{MessageId, RoomId, Seq, UserId},
    messages::{Anchor, Message},
    problem::FieldError,
    rules,
    search::{Hit, Hits, Query, Sort},
};

use super::{
    ask::Ask,
    looking::{best, marked},
    queries::{self, Found, Towards, find},
};
use crate::{Result, tables::messages};

/// No message has this number or a greater one; what can be asked for has 18 digits at most.
const BEYOND: i64 = 1_000_000_000_000_000_000;

/// From where, and how many to each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    anchor: Anchor,
    before: u64,
    after: u64,
}

/// Which page.
pub struct Page {
    /// From where, and how many.
    pub sides: Sides,
    /// Whether with the neighbours of each hit.
    pub context: bool,
}

impl Sides {
    /// What was asked for; a side that is not named is empty where the other one is.
    pub fn new(
        asked: &Query,
        anchor: Option<Anchor>,
        before: Option<u64>,
        after: Option<u64>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        for (field, side) in [("before", before), ("after", after)] {
            if let Some(side) = side.filter(|side| *side > rules::PAGE_MAX) {
                let message = format!("must be 0 to {}, and is {side}", rules::PAGE_MAX);
                wrong.push(FieldError::new(field, message));
            }
        }
        if let Some(Anchor::Seq(_) | Anchor::FirstUnread | Anchor::LastRead) = anchor {
            let message = "is about one room: in all of them it may be `newest`, `oldest`, `id:57` \
                 or `date:2026-03-01`";
            wrong.push(FieldError::new("anchor", message));
        }
        if asked.sort == Sort::Relevance && (anchor.is_some() || after.is_some()) {
            let message = "has no place with `sort:relevance`, which is one page of the best";
            let field = if anchor.is_some() { "anchor" } else { "after" };
            wrong.push(FieldError::new(field, message));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let first = if asked.sort == Sort::Old { Anchor::Oldest } else { Anchor::Newest };
        let all = rules::PAGE_DEFAULT;
        let (before, after) = match (before, after) {
            (None, None) if asked.near.is_some() && anchor.is_none() => (all / 2, all / 2),
            (None, None) => match anchor.unwrap_or(first) {
                Anchor::Newest => (all, 0),
                Anchor::Oldest => (0, all),
                _ => (all / 2, all / 2),
            },
            (before, after) => (before.unwrap_or(0), after.unwrap_or(0)),
        };
        Ok(Self { anchor: anchor.unwrap_or(first), before, after })
    }
}

/// The hits of a page, and whether there was time for all of it.
pub async fn hits(db: &impl ConnectionTrait, ask: &Ask, page: &Page) -> Result<(Hits, bool)> {
    let Sides { before, after, .. } = page.sides;
    if ask.query.sort == Sort::Relevance {
        let found = find(db, ask, i64::MAX, Towards::Older, rules::SUMMARY_MAX_HITS).await?;
        let best = best(ask, found.messages, before as usize).await?;
        let hits = with_context(db, ask, page, best).await?;
        return Ok((Hits { hits, older: None, newer: None }, found.in_time));
    }
    let place = place(db, ask, page.sides.anchor).await?;
    let (older, up_to) = side(db, ask, place, Towards::Older, before).await?;
    let (newer, down_to) = side(db, ask, place, Towards::Newer, after).await?;
    let in_time = older.in_time && newer.in_time;
    let found: Vec<_> = newer.messages.into_iter().rev().chain(older.messages).collect();
    let mut hits = with_context(db, ask, page, found).await?;
    if ask.query.sort == Sort::Old {
        hits.reverse();
    }
    let anchor = |number: i64| match number {
        ..BEYOND => Anchor::Id(MessageId(number)),
        _ => Anchor::Newest,
    };
    let hits = Hits {
        hits,
        older: up_to.filter(|number| *number > 0).map(anchor),
        newer: down_to.filter(|number| *number < BEYOND).map(anchor),
    };
    Ok((hits, in_time))
}

/// One side of a place, and where it goes on.
async fn side(
    db: &impl ConnectionTrait,
    ask: &Ask,
    place: i64,
    towards: Towards,
    limit: u64,
) -> Result<(Found, Option<i64>)> {
    let found = find(db, ask, place, towards, limit).await?;
    let on = if limit == 0 { Some(place) } else { found.goes_on(towards) };
    Ok((found, on))
}

/// The number of the last message before the place that an anchor names.
async fn place(db: &impl ConnectionTrait, ask: &Ask, anchor: Anchor) -> Result<i64> {
    Ok(match (anchor, ask.near) {
        (Anchor::Id(id), _) => id.0,
        (Anchor::Date(date), _) => before(db, ask.me, date.begins().timestamp_micros()).await?,
        (_, Some((room, seq))) => number_of(db, room, seq).await?,
        (Anchor::Oldest, _) => 0,
        _ => i64::MAX,
    })
}

/// The number of a message, or of the last one before it.
pub async fn number_of(db: &impl ConnectionTrait, room: RoomId, seq: Seq) -> Result<i64> {
    use messages::Column as C;
    let id = messages::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::RoomId.eq(room.0))
        .filter(C::Seq.lte(seq.0))
        .order_by_desc(C::Seq)
        .limit(1);
    Ok(id.into_tuple::<i64>().one(db).await?.unwrap_or(0))
}

/// The number of the last message before a moment, in the rooms of somebody: of each room's first
/// one since then, which is one seek in its index, the smallest number less one.
async fn before(db: &impl ConnectionTrait, me: UserId, moment: i64) -> Result<i64> {
    let backend = db.get_database_backend();
    let (moment_is, me_is) = match backend {
        sea_orm::DbBackend::Postgres => ("$1", "$2"),
        _ => ("?", "?"),
    };
    let sql = format!(
        "SELECT MIN((SELECT messages.id FROM messages WHERE messages.room_id = members.room_id \
         AND messages.created_at >= {moment_is} ORDER BY messages.created_at, messages.seq \
         LIMIT 1)) FROM members WHERE members.user_id = {me_is} AND NOT members.has_left"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [moment.into(), me.0.into()]);
    let row = db.query_one_raw(statement).await?;
    let first = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten();
    Ok(first.map_or(i64::MAX, |first| first - 1))
}

/// What was found, with what was looked for in it and, if asked for, what stands around it.
async fn with_context(
    db: &impl ConnectionTrait,
    ask: &Ask,
    page: &Page,
    found: Vec<Message>,
) -> Result<Vec<Hit>> {
    let mut around = Vec::new();
    if page.context {
        let neighbours = |m: &Message| [(m.room, Seq(m.seq.0 - 1)), (m.room, m.seq.next())];
        let mut places: Vec<_> = found.iter().flat_map(neighbours).collect();
        places.sort();
        places.dedup();
        around = queries::at(db, ask.me, &places).await?;
    }
    let neighbour = |room: RoomId, seq: i64| {
        let found = around.iter().find(|m| m.room == room && m.seq.0 == seq);
        found.cloned().map(Box::new)
    };
    let hit = |(message, ranges): (Message, _)| Hit {
        ranges,
        before: neighbour(message.room, message.seq.0 - 1),
        after: neighbour(message.room, message.seq.0 + 1),
        message,
    };
    Ok(marked(ask, found).await?.into_iter().map(hit).collect())
}
