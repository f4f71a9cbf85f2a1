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
};
use crate::{
    Result,
    tables::{
        Connection, VisibleMessages, fetch_messages, messages, search_index::match_expression,
        substring_pattern,
    },
};

/// The minimum number of messages that one statement reads when the engine's results are inexact.
const RECHECK_CHUNK: u64 = 256;

/// The direction of a search from an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// This id and smaller ones, the greatest first.
    Older,
    /// Ids greater than this one, the smallest first.
    Newer,
}

/// Hits, in the order of the search.
#[derive(Default)]
pub struct Found {
    pub messages: Vec<Message>,
    /// The last message that was examined, unless the search reached the end.
    pub last_examined: Option<(MessageId, Seq)>,
    /// False if the time budget ran out before there were enough hits.
    pub is_complete: bool,
}

impl Direction {
    /// The id from which a search continues after a message.
    pub fn next_id(self, last: MessageId) -> i64 {
        match self {
            Self::Older => last.0 - 1,
            Self::Newer => last.0,
        }
    }
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
    let position = |message: &Message| (message.id, message.seq);
    let mut found = Found { is_complete: true, ..Found::default() };
    let mut next = Some(from);
    while let Some(from) =
        next.filter(|_| found.is_complete && (found.messages.len() as u64) < limit)
    {
        let missing = limit - found.messages.len() as u64;
        let is_exact = plan.fts_query.is_exact;
        let chunk = if is_exact { missing } else { Ord::max(missing, RECHECK_CHUNK) };
        let select = build_select(db, plan, from, direction, chunk + 1);
        let mut hits = fetch_messages(db, &select).await?;
        let has_more = hits.len() as u64 > chunk;
        hits.truncate(chunk as usize);
        found.last_examined = hits.last().filter(|_| has_more).map(position);
        if !is_exact {
            let Rechecked { messages, stopped_at } =
                recheck(plan.matcher.clone(), hits, started).await?;
            found.last_examined = stopped_at.as_ref().map(position).or(found.last_examined);
            hits = messages;
        }
        if hits.len() as u64 > missing {
            hits.truncate(missing as usize);
            found.last_examined = hits.last().map(position);
        }
        found.messages.extend(hits);
        next = found.next_id(direction);
        let needs_more = next.is_some() && (found.messages.len() as u64) < limit;
        found.is_complete = !needs_more || started.elapsed() < TIME_BUDGET;
    }
    Ok(found)
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

/// The statement that reads the next `limit` messages that the engine finds.
fn build_select(
    db: &impl Connection,
    plan: &SearchPlan,
    from: i64,
    direction: Direction,
    limit: u64,
) -> SelectStatement {
    let backend = db.get_database_backend();
    let query = &plan.fts_query;
    let trigrams = query.trigrams().filter(|_| backend == DbBackend::Sqlite);
    let mut visible = VisibleMessages::to(plan.user);
    // The trigram index comes first, because substrings usually find fewer messages than words.
    visible.index = match (&trigrams, &query.expression) {
        (Some(_), _) => Some("message_grams"),
        (None, None) if query.substrings.is_empty() => None,
        _ => Some("message_words"),
    };
    let mut select = visible.select(db);
    let id = visible.id(backend);
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
        (None, None) => {}
    }
    if backend != DbBackend::Sqlite {
        for any_of in &query.substrings {
            let like = any_of.iter().map(|text| Expr::col("folded").like(substring_pattern(text)));
            select.cond_where(like.fold(Condition::any(), Condition::add));
        }
    }
    let (bound, order) = match direction {
        Direction::Older => (id.clone().lte(from), Order::Desc),
        Direction::Newer => (id.clone().gt(from), Order::Asc),
    };
    select.and_where(bound).cond_where(plan.condition.clone());
    select.order_by_expr(id, order).limit(limit);
    select
}
