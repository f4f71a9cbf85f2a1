//! Finding messages. Whether the caller may read one is decided by the statement that finds it.

use std::time::{Duration, Instant};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend,
    sea_query::{Expr, ExprTrait, Order, SelectStatement},
};
use shared::{
    ids::{MessageId, RoomId, Seq, UserId},
    messages::Message,
};

use super::{
    ask::Ask,
    looking::{Looked, matching},
};
use crate::{
    Result,
    tables::{
        VisibleMessages, fetch_messages, messages, search_index::match_expression,
        substring_pattern,
    },
};

/// Messages that are read and looked at in one go, where not all that is found is meant.
const LOOKED_AT: u64 = 256;
/// How long is looked before the answer says where to go on.
pub const WITHIN: Duration = Duration::from_millis(400);

/// To which side of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// It and smaller ones, the greatest first.
    Older,
    /// Greater ones, the smallest first.
    Newer,
}

/// What was found.
#[derive(Default)]
pub struct Found {
    /// In the order of the way.
    pub messages: Vec<Message>,
    /// The last message that was looked at, if that is not the end of the way.
    pub up_to: Option<(MessageId, Seq)>,
    /// Whether there was time for all that was asked for.
    pub in_time: bool,
}

impl Found {
    /// The number from which the way goes on.
    pub fn goes_on(&self, towards: Towards) -> Option<i64> {
        self.up_to.map(|(id, _)| match towards {
            Towards::Older => id.0 - 1,
            Towards::Newer => id.0,
        })
    }
}

/// The next messages from a number on, at most so many.
pub async fn find(
    db: &impl ConnectionTrait,
    ask: &Ask,
    from: i64,
    towards: Towards,
    limit: u64,
) -> Result<Found> {
    let began = Instant::now();
    let mut found = Found { in_time: true, ..Found::default() };
    let mut next = Some(from);
    while let Some(from) = next.filter(|_| found.in_time && (found.messages.len() as u64) < limit) {
        let wanted = limit - found.messages.len() as u64;
        let some = if ask.lookup.is_exact { wanted } else { Ord::max(wanted, LOOKED_AT) };
        let mut rows = fetch_messages(db, &select(db, ask, from, towards, some + 1)).await?;
        let more = rows.len() as u64 > some;
        rows.truncate(some as usize);
        let place = |message: &Message| (message.id, message.seq);
        found.up_to = rows.last().filter(|_| more).map(place);
        let mut kept = rows;
        if !ask.lookup.is_exact {
            let Looked { messages, last } = matching(ask.sought.clone(), kept, began).await?;
            found.up_to = last.as_ref().map(place).or(found.up_to);
            kept = messages;
        }
        if kept.len() as u64 > wanted {
            kept.truncate(wanted as usize);
            found.up_to = kept.last().map(place);
        }
        found.messages.extend(kept);
        next = found.goes_on(towards);
        let wants_more = next.is_some() && (found.messages.len() as u64) < limit;
        found.in_time = !wants_more || began.elapsed() < WITHIN;
    }
    Ok(found)
}

/// The messages with these numbers in these rooms, if the caller may read them.
pub async fn at(
    db: &impl ConnectionTrait,
    me: UserId,
    places: &[(RoomId, Seq)],
) -> Result<Vec<Message>> {
    use messages::Column as C;
    let mut any = Condition::any();
    for (room, seq) in places {
        any = any.add(C::RoomId.eq(room.0).and(C::Seq.eq(seq.0)));
    }
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = VisibleMessages::to(me).select(db);
    select.cond_where(any);
    Ok(fetch_messages(db, &select).await?)
}

fn select(
    db: &impl ConnectionTrait,
    ask: &Ask,
    from: i64,
    towards: Towards,
    limit: u64,
) -> SelectStatement {
    let backend = db.get_database_backend();
    let lookup = &ask.lookup;
    let grams = lookup.grams().filter(|_| backend == DbBackend::Sqlite);
    let mut readable = VisibleMessages::to(ask.me);
    // The index that finds least: texts, then words.
    readable.index = match (&grams, &lookup.tokens) {
        (Some(_), _) => Some("message_grams"),
        (None, None) if lookup.folded.is_empty() => None,
        _ => Some("message_words"),
    };
    let mut select = readable.select(db);
    let id = readable.id(backend);
    match (grams, &lookup.tokens) {
        (Some(grams), _) => {
            select.and_where(Expr::cust_with_values("message_grams MATCH ?", [grams]));
        }
        (None, Some(tokens)) => {
            let tokens = tokens.as_str();
            select.and_where(match backend {
                DbBackend::Sqlite => match_expression(tokens),
                DbBackend::Postgres => {
                    Expr::cust_with_values("tokens @@ CAST($1 AS text)::tsquery", [tokens])
                }
                _ => Expr::cust_with_values(
                    "MATCH (words, parts) AGAINST (? IN BOOLEAN MODE)",
                    [tokens],
                ),
            });
        }
        (None, None) => {}
    }
    if backend != DbBackend::Sqlite {
        for any in &lookup.folded {
            let like = any.iter().map(|text| Expr::col("folded").like(substring_pattern(text)));
            select.cond_where(like.fold(Condition::any(), Condition::add));
        }
    }
    let (bound, order) = match towards {
        Towards::Older => (id.clone().lte(from), Order::Desc),
        Towards::Newer => (id.clone().gt(from), Order::Asc),
    };
    select.and_where(bound).cond_where(ask.condition.clone());
    select.order_by_expr(id, order).limit(limit);
    select
}
