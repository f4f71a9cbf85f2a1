//! Turns the filters of a query into SQL conditions and facets of the index.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, IntoSimpleExpr, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, IntoCondition, Query as Select, SimpleExpr},
};
use shared::{
    access::Rank,
    ids::{RoomId, Seq},
    problem::{Code, FieldError},
    rules,
    search::{Has, Is, Person, Predicate, Query, RoomRef},
    users::User,
};

use crate::{
    Error, Result,
    http::time_zone::Zone,
    tables::{
        Connection, JoinedRoom, NewestMessage, members, mentions, messages, people_of,
        search_index::Facet, users, wrote_to,
    },
};

/// The user of a search, and the rooms to search.
pub struct SearchScope<'a> {
    pub user: &'a User,
    /// All rooms of the user, or only the one to search.
    pub rooms: &'a [JoinedRoom],
    /// The newest message of all rooms.
    pub newest: NewestMessage,
    /// The room to search, if the search is limited to one.
    pub only_room: Option<RoomId>,
    /// The user's time zone.
    pub zone: Zone,
}

/// A message in a room of the user.
#[derive(Clone, Copy, Debug)]
pub struct NearMessage {
    pub room: RoomId,
    pub seq: Seq,
    /// The first message of the room that the user may read.
    pub first_seq: Seq,
}

/// Resolves the names and dates in filters.
pub(super) struct Resolver<'a> {
    scope: &'a SearchScope<'a>,
    pub(super) now: DateTime<Utc>,
    /// The users that the query names, by username key.
    user_ids: HashMap<String, i64>,
}

impl<'a> Resolver<'a> {
    /// Looks up the users that the query names.
    pub(super) async fn new(
        db: &impl Connection,
        query: &Query,
        scope: &'a SearchScope<'a>,
    ) -> Result<Self> {
        Ok(Self { scope, now: Utc::now(), user_ids: user_ids(db, query, scope.user).await? })
    }

    fn user_id(&self, operator: &str, person: &Person) -> Result<i64> {
        match person {
            Person::Me => Ok(self.scope.user.id.0),
            Person::Name(name) => {
                let id = self.user_ids.get(&rules::name_key(name)).copied();
                id.ok_or_else(|| invalid(format!("{operator}: nobody here is called “{name}”.")))
            }
        }
    }

    /// Finds a room of the user. The error is the same whether the room does not exist or the user
    /// is not in it.
    fn room(&self, room_ref: &RoomRef) -> Result<&JoinedRoom> {
        let found = self.scope.rooms.iter().find(|room| match room_ref {
            RoomRef::Id(id) => room.id == *id,
            RoomRef::Name(name) => rules::name_key(&room.name) == rules::name_key(name),
        });
        let called = match room_ref {
            RoomRef::Id(id) => format!("with the number {id}"),
            RoomRef::Name(name) => format!("called “{name}”"),
        };
        found.ok_or_else(|| invalid(format!("in: you are in no room {called}.")))
    }

    /// The SQL condition of a filter.
    pub(super) fn condition(&self, backend: DbBackend, filter: &Predicate) -> Result<Condition> {
        use messages::Column as C;
        Ok(match filter {
            Predicate::From(person) => C::UserId.eq(self.user_id("from", person)?).into_condition(),
            Predicate::In(room_ref) => C::RoomId.eq(self.room(room_ref)?.id.0).into_condition(),
            Predicate::Before(_) | Predicate::After(_) | Predicate::On(_) => {
                let (start, end) =
                    filter.time_range(self.now, &self.scope.zone).unwrap_or_default();
                let start = start.map(|start| C::CreatedAt.gte(start.timestamp_micros()));
                let end = end.map(|end| C::CreatedAt.lt(end.timestamp_micros()));
                Condition::all().add_option(start).add_option(end)
            }
            Predicate::Has(Has::Link) => Facet::Link.condition(backend).into_condition(),
            Predicate::Has(Has::Code) => Facet::Code.condition(backend).into_condition(),
            Predicate::Has(Has::Reply) => C::ReplyTo.is_not_null().into_condition(),
            Predicate::Has(Has::Edit) | Predicate::Is(Is::Edited) => {
                C::EditedAt.is_not_null().into_condition()
            }
            Predicate::Has(Has::Mention) => mentions_condition(None).into_condition(),
            Predicate::Mentions(person) => {
                mentions_condition(Some(self.user_id("mentions", person)?)).into_condition()
            }
            Predicate::Is(Is::Mine) => C::UserId.eq(self.scope.user.id.0).into_condition(),
            Predicate::Is(Is::Unread) => {
                let read = Expr::col((members::Entity, members::Column::ReadSeq));
                C::Seq.into_simple_expr().gt(read).into_condition()
            }
            Predicate::Is(Is::Deleted) => C::DeletedAt.is_not_null().into_condition(),
        })
    }

    /// The facet in the index that equals a filter, if there is one.
    pub(super) fn facet(&self, filter: &Predicate) -> Option<Result<Facet>> {
        Some(match filter {
            Predicate::From(person) => self.user_id("from", person).map(Facet::Author),
            Predicate::In(room_ref) => self.room(room_ref).map(|room| Facet::Room(room.id.0)),
            Predicate::Is(Is::Mine) => Ok(Facet::Author(self.scope.user.id.0)),
            Predicate::Has(Has::Link) => Ok(Facet::Link),
            Predicate::Has(Has::Code) => Ok(Facet::Code),
            Predicate::Has(Has::Reply) => Ok(Facet::Reply),
            Predicate::Has(Has::Edit) | Predicate::Is(Is::Edited) => Ok(Facet::Edited),
            Predicate::Before(_)
            | Predicate::After(_)
            | Predicate::On(_)
            | Predicate::Has(Has::Mention)
            | Predicate::Mentions(_)
            | Predicate::Is(Is::Unread | Is::Deleted) => return None,
        })
    }

    /// The message that `near:` names. A `seq` belongs to one room, so the query must name it unless
    /// the user is in only one.
    pub(super) fn near(&self, seq: Seq, filters: &[Vec<&Predicate>]) -> Result<NearMessage> {
        let named = filters.iter().find_map(|alternatives| match alternatives[..] {
            [Predicate::In(room_ref)] => Some(self.room(room_ref)),
            _ => None,
        });
        let only = match self.scope.rooms {
            [room] => Some(Ok(room)),
            _ => None,
        };
        let error = "near: needs one room: add in: and its name.";
        let room = named.or(only).ok_or_else(|| invalid(error.into()))??;
        Ok(NearMessage { room: room.id, seq, first_seq: room.first_seq })
    }
}

fn invalid(message: String) -> Error {
    let mut error = Error::new(Code::InvalidSearch, message.clone());
    error.problem.errors = vec![FieldError::new("q", message)];
    error
}

/// The SQL condition that a message mentions a user, or anyone.
fn mentions_condition(user: Option<i64>) -> SimpleExpr {
    use mentions::Column as M;
    let equals = |mention: M, message: messages::Column| {
        Expr::col((mentions::Entity, mention)).equals((messages::Entity, message))
    };
    let mut select = Select::select();
    select
        .expr(Expr::val(1))
        .from(mentions::Entity)
        .and_where(equals(M::RoomId, messages::Column::RoomId))
        .and_where(equals(M::Seq, messages::Column::Seq));
    if let Some(user) = user {
        select.and_where(Expr::col((mentions::Entity, M::UserId)).eq(user));
    }
    Expr::exists(select)
}

/// Looks up the users that the query names, by username key. A guest knows only the people in the same
/// rooms and the authors of what is there: for all other names the error is the same, whether there is such
/// an account or not.
async fn user_ids(db: &impl Connection, query: &Query, by: &User) -> Result<HashMap<String, i64>> {
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
    let mut users = users::Entity::find()
        .select_only()
        .columns([users::Column::UsernameKey, users::Column::Id])
        .filter(users::Column::UsernameKey.is_in(names));
    if by.rank == Rank::Guest {
        let is_known = users::Column::Id.in_subquery(people_of(by.id));
        let is_me = users::Column::Id.eq(by.id.0);
        users = users.filter(is_known.or(is_me).or(wrote_to(by.id)));
    }
    Ok(users.into_tuple::<(String, i64)>().all(db).await?.into_iter().collect())
}
