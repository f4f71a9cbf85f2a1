//! Finds messages. The statements themselves check that the user may read each message.

use std::time::Instant;

use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Order, SelectStatement},
};
use shared::{
    ids::{MessageId, RoomId, Seq, UserId},
    messages::Message,
};

use super::{
    plan::SearchPlan,
    recheck::{Rechecked, TIME_BUDGET, recheck},
    unindexed::{Direction, IdRange},
};
use crate::{
    Result,
    tables::{
        Connection, VisibleMessages, fetch_messages, messages,
        search_index::{is_indexed, match_expression},
        substring_pattern,
    },
};

/// The minimum number of messages that one statement reads when the engine's results are inexact.
const RECHECK_CHUNK: u64 = 256;

/// Hits, in the order of the search.
#[derive(Default)]
pub struct Found {
    pub messages: Vec<Message>,
    /// The last message that was examined, unless the search reached the end.
    pub last_examined: Option<(MessageId, Seq)>,
    /// False if the time budget ran out before there were enough hits.
    pub is_complete: bool,
}

impl Found {
    /// The id from which the search continues; `None` at its end.
    pub fn next_id(&self, direction: Direction) -> Option<i64> {
        self.last_examined.map(|(id, _)| direction.next_id(id))
    }

    /// Drops the last hits if the texts exceed `max_bytes`, but keeps at least one. The search
    /// continues after the last remaining hit.
    pub fn fit(&mut self, max_bytes: usize) {
        let count = count_fitting(self.messages.iter().map(|m| m.content.len()), max_bytes);
        if count < self.messages.len() {
            self.messages.truncate(count);
            self.last_examined = self.messages.last().map(|last| (last.id, last.seq));
        }
    }
}

/// How many of the first texts have at most `max_bytes` together; at least one.
pub fn count_fitting(lengths: impl Iterator<Item = usize>, max_bytes: usize) -> usize {
    let mut bytes = 0;
    let fits = |length: &usize| {
        bytes += length;
        bytes <= max_bytes
    };
    lengths.take_while(fits).count().max(1)
}

/// Finds the next hits from an id, at most `limit`. Reads until there are enough hits, or the time
/// budget runs out.
pub async fn find(
    db: &impl Connection,
    plan: &SearchPlan,
    from: i64,
    direction: Direction,
    limit: u64,
) -> Result<Found> {
    let started = Instant::now();
    let mut found = Found { is_complete: true, ..Found::default() };
    if limit == 0 {
        return Ok(found);
    }
    // Before the index: what it gets meanwhile is found twice, and nothing is missed.
    let start = (from, direction);
    let mut tail = plan.unindexed.find_tail(db, plan.user, &plan.matcher, start).await?;
    let mut next = Some(from);
    while let Some(from) =
        next.filter(|_| found.is_complete && (found.messages.len() as u64) < limit)
    {
        let missing = limit - found.messages.len() as u64;
        let ids = IdRange::next(from, direction, plan.unindexed.before_id);
        let (mut hits, last_examined) =
            read_chunk(db, plan, (ids, direction), missing, started).await?;
        found.last_examined = last_examined;
        // At the end of a range there is no message at which the search would continue.
        let is_range_end = last_examined.is_none();
        next = found.next_id(direction).or_else(|| ids.end(direction));
        add_tail(&mut hits, &mut tail, (from, next), direction);
        let is_full = hits.len() as u64 >= missing;
        if hits.len() as u64 > missing || (is_full && is_range_end && next.is_some()) {
            hits.truncate(missing as usize);
            found.last_examined = hits.last().map(position);
            next = found.next_id(direction);
        }
        found.messages.extend(hits);
        let needs_more = next.is_some() && (found.messages.len() as u64) < limit;
        // The next range begins in any case, because only a message can be the last one examined.
        found.is_complete = !needs_more || is_range_end || started.elapsed() < TIME_BUDGET;
    }
    Ok(found)
}

fn position(message: &Message) -> (MessageId, Seq) {
    (message.id, message.seq)
}

/// Reads the next messages of a range, and returns the hits among them and the last message that it
/// examined, unless it reached the end of the range.
async fn read_chunk(
    db: &impl Connection,
    plan: &SearchPlan,
    (ids, direction): (IdRange, Direction),
    missing: u64,
    started: Instant,
) -> Result<(Vec<Message>, Option<(MessageId, Seq)>)> {
    let is_exact = plan.fts_query.is_exact && ids.is_indexed;
    let chunk = if is_exact { missing } else { Ord::max(missing, RECHECK_CHUNK) };
    let select = build_select(db, plan, ids, direction, chunk + 1);
    let mut hits = fetch_messages(db, &select).await?;
    let has_more = hits.len() as u64 > chunk;
    hits.truncate(chunk as usize);
    let last_read = hits.last().filter(|_| has_more).map(position);
    if is_exact {
        return Ok((hits, last_read));
    }
    let Rechecked { messages, stopped_at } = recheck(plan.matcher.clone(), hits, started).await?;
    let last_examined = stopped_at.as_ref().map(position).or(last_read);
    match ids.is_indexed {
        true => Ok((messages, last_examined)),
        false => Ok((plan.unindexed.with_facets(db, messages).await?, last_examined)),
    }
}

/// Moves the hits of the tail between two ids to those of the index, in the order of the search; a message
/// that both have is in the index since.
fn add_tail(
    hits: &mut Vec<Message>,
    tail: &mut Vec<Message>,
    (from, next): (i64, Option<i64>),
    direction: Direction,
) {
    let ids = match direction {
        Direction::Older => (next.unwrap_or(0), from),
        Direction::Newer => (from, next.unwrap_or(i64::MAX)),
    };
    let is_due = |message: &mut Message| ids.0 < message.id.0 && message.id.0 <= ids.1;
    hits.extend(tail.extract_if(.., is_due));
    // The sort is stable, and the index has the later state.
    hits.sort_by_key(|message| match direction {
        Direction::Older => -message.id.0,
        Direction::Newer => message.id.0,
    });
    hits.dedup_by_key(|message| message.id);
}

/// The messages at these positions that the user may read.
pub async fn messages_at(
    db: &impl Connection,
    user: UserId,
    positions: &[(RoomId, Seq)],
) -> Result<Vec<Message>> {
    use messages::Column as C;
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let mut any = Condition::any();
    for (room, seq) in positions {
        any = any.add(C::RoomId.eq(room.0).and(C::Seq.eq(seq.0)));
    }
    let mut select = VisibleMessages::to(user).select(db);
    select.cond_where(any);
    Ok(fetch_messages(db, &select).await?)
}

/// The id of a message of a room, or of the last one before it; 0 if there is none. Messages before
/// `first`, which the user may not read, do not count: a cursor would tell their ids.
pub async fn id_at_or_before(
    db: &impl Connection,
    room: RoomId,
    (first, seq): (Seq, Seq),
) -> Result<i64> {
    use messages::Column as C;
    let id = messages::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::RoomId.eq(room.0))
        .filter(C::Seq.between(first.0, seq.0))
        .order_by_desc(C::Seq)
        .limit(1);
    Ok(id.into_tuple::<i64>().one(db).await?.unwrap_or(0))
}

/// The statement that reads the next `limit` messages that the engine finds, or all that may be hits where
/// the index does not contain them.
fn build_select(
    db: &impl Connection,
    plan: &SearchPlan,
    ids: IdRange,
    direction: Direction,
    limit: u64,
) -> SelectStatement {
    let mut visible = VisibleMessages::to(plan.user);
    let (mut select, condition) = match ids.is_indexed {
        true => (select_indexed(db, plan, &mut visible), &plan.condition),
        false => (visible.select(db), &plan.unindexed.condition),
    };
    let id = visible.id(db.get_database_backend());
    let order = match direction {
        Direction::Older => Order::Desc,
        Direction::Newer => Order::Asc,
    };
    if ids.after > 0 {
        select.and_where(id.clone().gt(ids.after));
    }
    let up_to = match plan.unindexed.newest_id() {
        0 => ids.up_to,
        newest => Ord::min(newest, ids.up_to),
    };
    if up_to < i64::MAX {
        select.and_where(id.clone().lte(up_to));
    }
    select.cond_where(condition.clone()).order_by_expr(id, order).limit(limit);
    select
}

/// Selects the messages that the engine finds.
fn select_indexed(
    db: &impl Connection,
    plan: &SearchPlan,
    visible: &mut VisibleMessages,
) -> SelectStatement {
    let backend = db.get_database_backend();
    let query = &plan.fts_query;
    let trigrams = query.trigrams().filter(|_| backend == DbBackend::Sqlite);
    // The trigram index comes first, because substrings usually find fewer messages than words.
    visible.index = match (&trigrams, &query.expression) {
        (Some(_), _) => Some("message_grams"),
        (None, None) if query.substrings.is_empty() => None,
        _ => Some("message_words"),
    };
    let mut select = visible.select(db);
    match (trigrams, &query.expression) {
        (Some(trigrams), _) => {
            select.and_where(Expr::cust_with_values("message_grams MATCH ?", [trigrams]));
        }
        (None, Some(expression)) => {
            let expression = expression.as_str();
            select.and_where(match backend {
                DbBackend::Sqlite => match_expression(expression),
                DbBackend::Postgres => {
                    Expr::cust_with_values("tokens @@ CAST($1 AS text)::tsquery", [expression])
                }
                _ => Expr::cust_with_values(
                    "MATCH (words, parts) AGAINST (? IN BOOLEAN MODE)",
                    [expression],
                ),
            });
        }
        // The facets of a message that is not in the index are not known.
        (None, None) if plan.unindexed.reads_facets() => {
            select.and_where(is_indexed());
        }
        (None, None) => {}
    }
    if backend != DbBackend::Sqlite {
        for any_of in &query.substrings {
            let like = any_of.iter().map(|text| Expr::col("folded").like(substring_pattern(text)));
            select.cond_where(like.fold(Condition::any(), Condition::add));
        }
    }
    select
}
