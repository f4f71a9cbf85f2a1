//! From the text of a search to what the database is asked: names become numbers, dates become
//! moments, and each filter a condition.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IntoSimpleExpr, QueryFilter,
    QuerySelect,
    sea_query::{Expr, ExprTrait, IntoCondition, Query as Select, SimpleExpr},
};
use shared::{
    ids::{RoomId, Seq, UserId},
    messages::Offset,
    problem::{Code, FieldError},
    rules,
    search::{Has, Is, Person, Predicate, Query, RoomRef, TimeRange, tokenizer::Matcher},
    users::User,
};

use super::{
    lookup::Lookup,
    span::{days, within},
};
use crate::{
    Error, Result,
    tables::{JoinedRoom, NewestMessage, members, mentions, messages, search_index::Facet, users},
};

/// Rooms that are looked up by their marks.
const ROOMS_MAX: usize = 100;
/// Of all messages at least such a part are in the caller's rooms, or the rooms are looked up too:
/// the engine would else find mostly what the caller may not see.
const SHARE: i64 = 4;

/// What the database is asked.
pub struct Ask {
    /// Who asks.
    pub me: UserId,
    /// The search.
    pub query: Query,
    /// Its texts, as they are looked for in what is found.
    pub sought: Arc<Matcher>,
    /// For the engine of the index.
    pub lookup: Lookup,
    /// For the rows.
    pub condition: Condition,
    /// The message to look around.
    pub near: Option<(RoomId, Seq)>,
}

/// What is not there, in the words of the search.
fn wrong(message: String) -> Error {
    let mut error = Error::new(Code::InvalidSearch, message.clone());
    error.problem.errors = vec![FieldError::new("q", message)];
    error
}

/// Who asks, from where, and what they may read.
pub struct Asker<'a> {
    /// Who.
    pub user: &'a User,
    /// Their rooms.
    pub rooms: &'a [JoinedRoom],
    /// The newest of all messages.
    pub newest: NewestMessage,
    /// The one room that it is about, if it is about one.
    pub within: Option<RoomId>,
    /// Their clock.
    pub offset: Offset,
}

impl Ask {
    /// Reads names and dates. What is unknown is a mistake that says so, in the same words whether
    /// it is not there or not the caller's to see.
    pub async fn new(db: &impl ConnectionTrait, query: Query, asker: &Asker<'_>) -> Result<Self> {
        let people = people(db, &query).await?;
        let names = Names { people, asker, now: Utc::now() };
        let asked = query.filter_groups();
        let wants_deleted = asked.iter().any(|kind| *kind[0] == Predicate::Is(Is::Deleted));
        if wants_deleted && !asker.user.is_admin {
            return Err(Error::new(
                Code::AdminOnly,
                "is:deleted is for admins: only they may look for what was deleted.",
            ));
        }
        let mut condition = Condition::all();
        let mut marks = Vec::new();
        let mut span: TimeRange = (None, None);
        let backend = db.get_database_backend();
        for kind in &asked {
            let mut any = Condition::any();
            for by in kind {
                any = any.add(names.condition(backend, by)?);
            }
            condition = condition.add(any);
            let some = kind.iter().map(|by| names.mark(by)).collect::<Option<Result<Vec<_>>>>();
            marks.extend(some.transpose()?);
            if let [by] = kind[..] {
                span = within(span, by.time_range(names.now, asker.offset.0).unwrap_or_default());
            }
        }
        if let Some(room) = asker.within {
            condition = condition.add(messages::Column::RoomId.eq(room.0));
            marks.push(vec![Facet::Room(room.0)]);
        }
        for by in query.excluded_predicates() {
            condition = condition.add(names.condition(backend, by)?.not());
        }
        let near = query.near.map(|seq| names.near(seq, &asked)).transpose()?;
        let lookup = if wants_deleted {
            // Nothing is known of them but where they were.
            Lookup { is_exact: query.all_of.is_empty(), ..Lookup::default() }
        } else {
            condition = condition.add(messages::Column::DeletedAt.is_null());
            if let Some(days) = days(span, asker.newest.created_at) {
                marks.push(days);
            }
            let asks_for_rooms = asker.within.is_some()
                || asked.iter().any(|kind| matches!(kind[0], Predicate::In(_)));
            let readable: i64 = asker.rooms.iter().map(|room| room.last_seq.0).sum();
            if !asks_for_rooms
                && readable < asker.newest.id / SHARE
                && asker.rooms.len() <= ROOMS_MAX
            {
                marks.push(asker.rooms.iter().map(|room| Facet::Room(room.id.0)).collect());
            }
            marks.retain(|any: &Vec<Facet>| !any.is_empty());
            Lookup::new(backend, &query, &marks)
        };
        let sought = Arc::new(Matcher::new(&query));
        Ok(Self { me: asker.user.id, query, sought, lookup, condition, near })
    }
}

struct Names<'a> {
    people: HashMap<String, i64>,
    asker: &'a Asker<'a>,
    now: DateTime<Utc>,
}

impl Names<'_> {
    fn person(&self, operator: &str, person: &Person) -> Result<i64> {
        match person {
            Person::Me => Ok(self.asker.user.id.0),
            Person::Name(name) => {
                let id = self.people.get(&rules::name_key(name)).copied();
                id.ok_or_else(|| wrong(format!("{operator}: nobody here is called “{name}”.")))
            }
        }
    }

    fn room(&self, place: &RoomRef) -> Result<i64> {
        let found = self.asker.rooms.iter().find(|room| match place {
            RoomRef::Id(id) => room.id == *id,
            RoomRef::Name(name) => rules::name_key(&room.name) == rules::name_key(name),
        });
        let called = match place {
            RoomRef::Id(id) => format!("with the number {id}"),
            RoomRef::Name(name) => format!("called “{name}”"),
        };
        let room = found.ok_or_else(|| wrong(format!("in: you are in no room {called}.")))?;
        Ok(room.id.0)
    }

    fn condition(&self, backend: DbBackend, by: &Predicate) -> Result<Condition> {
        use messages::Column as C;
        Ok(match by {
            Predicate::From(person) => C::UserId.eq(self.person("from", person)?).into_condition(),
            Predicate::In(place) => C::RoomId.eq(self.room(place)?).into_condition(),
            Predicate::Before(_) | Predicate::After(_) | Predicate::On(_) => {
                let (from, to) = by.time_range(self.now, self.asker.offset.0).unwrap_or_default();
                let from = from.map(|from| C::CreatedAt.gte(from.timestamp_micros()));
                let to = to.map(|to| C::CreatedAt.lt(to.timestamp_micros()));
                Condition::all().add_option(from).add_option(to)
            }
            Predicate::Has(Has::Link) => Facet::Link.condition(backend).into_condition(),
            Predicate::Has(Has::Code) => Facet::Code.condition(backend).into_condition(),
            Predicate::Has(Has::Reply) => C::ReplyTo.is_not_null().into_condition(),
            Predicate::Has(Has::Edit) | Predicate::Is(Is::Edited) => {
                C::EditedAt.is_not_null().into_condition()
            }
            Predicate::Has(Has::Mention) => mentioned(None).into_condition(),
            Predicate::Mentions(person) => {
                mentioned(Some(self.person("mentions", person)?)).into_condition()
            }
            Predicate::Is(Is::Mine) => C::UserId.eq(self.asker.user.id.0).into_condition(),
            Predicate::Is(Is::Unread) => {
                let read = Expr::col((members::Entity, members::Column::ReadSeq));
                C::Seq.into_simple_expr().gt(read).into_condition()
            }
            Predicate::Is(Is::Deleted) => C::DeletedAt.is_not_null().into_condition(),
        })
    }

    /// What the index knows of it.
    fn mark(&self, by: &Predicate) -> Option<Result<Facet>> {
        Some(match by {
            Predicate::From(person) => self.person("from", person).map(Facet::Author),
            Predicate::In(place) => self.room(place).map(Facet::Room),
            Predicate::Is(Is::Mine) => Ok(Facet::Author(self.asker.user.id.0)),
            Predicate::Has(Has::Link) => Ok(Facet::Link),
            Predicate::Has(Has::Code) => Ok(Facet::Code),
            Predicate::Has(Has::Reply) => Ok(Facet::Reply),
            Predicate::Has(Has::Edit) | Predicate::Is(Is::Edited) => Ok(Facet::Edited),
            _ => return None,
        })
    }

    /// Numbers are a room's.
    fn near(&self, seq: Seq, asked: &[Vec<&Predicate>]) -> Result<(RoomId, Seq)> {
        let rooms = asked.iter().find_map(|kind| match kind[..] {
            [Predicate::In(place)] => Some(self.room(place)),
            _ => None,
        });
        let alone = match self.asker.rooms {
            [room] => Some(Ok(room.id.0)),
            _ => None,
        };
        let says = "near: is about one room: say which, with in: and its name.";
        Ok((RoomId(rooms.or(alone).ok_or_else(|| wrong(says.into()))??), seq))
    }
}

/// A message of the row's room and number names somebody.
fn mentioned(user: Option<i64>) -> SimpleExpr {
    use mentions::Column as M;
    let of_message = |mine: M, theirs: messages::Column| {
        Expr::col((mentions::Entity, mine)).equals((messages::Entity, theirs))
    };
    let mut some = Select::select();
    some.expr(Expr::val(1))
        .from(mentions::Entity)
        .and_where(of_message(M::RoomId, messages::Column::RoomId))
        .and_where(of_message(M::Seq, messages::Column::Seq));
    if let Some(user) = user {
        some.and_where(Expr::col((mentions::Entity, M::UserId)).eq(user));
    }
    Expr::exists(some.to_owned())
}

/// The numbers of the people that a query names.
async fn people(db: &impl ConnectionTrait, query: &Query) -> Result<HashMap<String, i64>> {
    let names = query.filters.iter().filter_map(|filter| match &filter.predicate {
        Predicate::From(Person::Name(name)) | Predicate::Mentions(Person::Name(name)) => {
            Some(rules::name_key(name))
        }
        _ => None,
    });
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let found = users::Entity::find()
        .select_only()
        .columns([users::Column::UsernameKey])
        .column(users::Column::Id)
        .filter(users::Column::UsernameKey.is_in(names))
        .into_tuple::<(String, i64)>()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}
