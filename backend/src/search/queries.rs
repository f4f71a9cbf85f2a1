//! Finding messages. Whether the caller may read one is decided by the statement that finds it.

use std::time::{Duration, Instant};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend,
    sea_query::{Expr, ExprTrait, Order, SelectStatement},
};
use shared::{
    ids::{RoomId, Seq, UserId},
    messages::Message,
    search::words,
};

use super::ask::Ask;
use crate::{
    Error, Result,
    tables::{Readable, holding, messages, messages_found},
};

/// Messages that are read and looked at in one go, where not all that is found is meant.
const LOOKED_AT: u64 = 256;
/// How long is looked before the answer says where to go on.
const WITHIN: Duration = Duration::from_millis(400);

/// To which side of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// It and smaller ones, the greatest first.
    Older,
    /// Greater ones, the smallest first.
    Newer,
}

/// What was found.
pub struct Found {
    /// In the order of the way.
    pub messages: Vec<Message>,
    /// The number of the message up to which was looked, if that is not the end of the way.
    pub up_to: Option<i64>,
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
    let mut found = Found { messages: Vec::new(), up_to: Some(from) };
    while let Some(from) = found.up_to.filter(|_| (found.messages.len() as u64) < limit) {
        let wanted = limit - found.messages.len() as u64;
        let some = if ask.lookup.is_exact { wanted } else { Ord::max(wanted, LOOKED_AT) };
        let mut rows = messages_found(db, select(db, ask, from, towards, some + 1)).await?;
        let more = rows.len() as u64 > some;
        rows.truncate(some as usize);
        found.up_to = rows.last().filter(|_| more).map(|last| next(last, towards));
        let mut kept = match ask.lookup.is_exact {
            true => rows,
            false => matching(ask, rows).await?,
        };
        if kept.len() as u64 > wanted {
            kept.truncate(wanted as usize);
            found.up_to = kept.last().map(|last| next(last, towards));
        }
        found.messages.extend(kept);
        if began.elapsed() > WITHIN {
            break;
        }
    }
    Ok(found)
}

/// The number from which the way goes on after a message.
fn next(last: &Message, towards: Towards) -> i64 {
    match towards {
        Towards::Older => last.id.0 - 1,
        Towards::Newer => last.id.0,
    }
}

/// Those of which the whole query is true: work for the processor, of which the other tasks of its
/// thread should not have to wait for.
async fn matching(ask: &Ask, rows: Vec<Message>) -> Result<Vec<Message>> {
    let query = ask.query.clone();
    let look = move || {
        let mut rows = rows;
        rows.retain(|row| words::is_match(&row.content, &query));
        rows
    };
    tokio::task::spawn_blocking(look).await.map_err(Error::internal)
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
    let mut select = Readable::by(me).select(db.get_database_backend());
    select.cond_where(any);
    Ok(messages_found(db, select).await?)
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
    let mut readable = Readable::by(ask.me);
    // The index that finds least: texts, then words.
    readable.index = match (&grams, &lookup.tokens) {
        (Some(_), _) => Some("message_grams"),
        (None, None) if lookup.folded.is_empty() => None,
        _ => Some("message_words"),
    };
    let mut select = readable.select(backend);
    let id = readable.id(backend);
    match (grams, &lookup.tokens) {
        (Some(grams), _) => {
            select.and_where(Expr::cust_with_values("message_grams MATCH ?", [grams]));
        }
        (None, Some(tokens)) => {
            let tokens = tokens.as_str();
            select.and_where(match backend {
                DbBackend::Sqlite => Expr::cust_with_values("message_words MATCH ?", [tokens]),
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
            let like = any.iter().map(|text| Expr::col("folded").like(holding(text)));
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
