//! Plans a search: splits a query into the part that the index answers, and conditions on the rows.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::IntoCondition};
use shared::{
    ids::UserId,
    problem::Code,
    search::{Has, Is, Predicate, Query, TimeRange, tokenizer::Matcher},
};

use super::{
    filters::{NearMessage, Resolver, SearchScope},
    fts_query::FtsQuery,
    time_buckets::{intersection, time_facets},
    unindexed::Unindexed,
};
use crate::{
    Error, Result,
    tables::{Connection, messages, search_index::Facet},
};

/// The maximum number of rooms that a search looks up in the index.
const ROOM_FACETS_MAX: usize = 100;
/// If the user can read fewer than one in four messages, the search looks up the user's rooms in
/// the index, because otherwise the engine would find mostly messages of other rooms.
const READABLE_ONE_IN: i64 = 4;

/// A search that is ready to run.
pub struct SearchPlan {
    /// The user who searches.
    pub user: UserId,
    pub query: Query,
    /// Matches the texts of the query in Rust.
    pub matcher: Arc<Matcher>,
    /// The part that the engine answers.
    pub fts_query: FtsQuery,
    /// The conditions on the rows.
    pub condition: Condition,
    /// The messages that the index does not contain; empty if the search does not use the index.
    pub unindexed: Unindexed,
    /// The message that `near:` names.
    pub near: Option<NearMessage>,
}

impl SearchPlan {
    /// Resolves the names and dates in a query, and compiles it. An unknown name is an error, with
    /// the same text whether it does not exist or the user may not see it.
    pub async fn new(db: &impl Connection, query: Query, scope: &SearchScope<'_>) -> Result<Self> {
        let backend = db.get_database_backend();
        let resolver = Resolver::new(db, &query, scope).await?;
        let filters = query.filter_groups();
        let finds_deleted = filters.iter().any(|filter| *filter[0] == Predicate::Is(Is::Deleted));
        if finds_deleted && !scope.user.is_admin {
            return Err(Error::new(
                Code::AdminOnly,
                "is:deleted is for admins: only they may search deleted messages.",
            ));
        }
        let mut conditions = Conditions::new(backend, &resolver, &query, &filters)?;
        if let Some(room) = scope.only_room {
            conditions.add(messages::Column::RoomId.eq(room.0));
        }
        let near = query.near.map(|seq| resolver.near(seq, &filters)).transpose()?;
        let fts_query = if finds_deleted {
            // Deleted messages are not in the index.
            FtsQuery { is_exact: query.all_of.is_empty(), ..FtsQuery::default() }
        } else {
            conditions.add(messages::Column::DeletedAt.is_null());
            FtsQuery::new(backend, &query, &facets(&resolver, &filters, scope)?)
        };
        let Conditions { of_indexed: condition, of_row, any_of, none_of } = conditions;
        let unindexed = Unindexed::new(scope, of_row, any_of, none_of);
        let unindexed = match fts_query.uses_index() || unindexed.reads_facets() {
            true => unindexed,
            false => Unindexed::empty(),
        };
        let matcher = Arc::new(Matcher::new(&query));
        Ok(Self { user: scope.user.id, query, matcher, fts_query, condition, unindexed, near })
    }
}

/// The conditions of the filters of a query.
struct Conditions {
    /// The conditions on the rows of messages that the index contains.
    of_indexed: Condition,
    /// The conditions on any row, without those of the facets that only the text of a message tells.
    of_row: Condition,
    /// A message has one of these facets or matches the condition; without facets, any does.
    any_of: (Vec<Facet>, Condition),
    /// A message has none of these facets.
    none_of: Vec<Facet>,
}

impl Conditions {
    fn new(
        backend: DbBackend,
        resolver: &Resolver,
        query: &Query,
        filters: &[Vec<&Predicate>],
    ) -> Result<Self> {
        let mut conditions = Self {
            of_indexed: Condition::all(),
            of_row: Condition::all(),
            any_of: (Vec::new(), Condition::any()),
            none_of: Vec::new(),
        };
        for alternatives in filters {
            let (mut any, mut others, mut of_text) =
                (Condition::any(), Condition::any(), Vec::new());
            for filter in alternatives {
                let condition = resolver.condition(backend, filter)?;
                any = any.add(condition.clone());
                match text_facet(filter) {
                    Some(facet) => of_text.push(facet),
                    None => others = others.add(condition),
                }
            }
            conditions.of_indexed = conditions.of_indexed.add(any);
            match of_text.is_empty() {
                true => conditions.of_row = conditions.of_row.add(others),
                // All `has:` of a query are alternatives.
                false => conditions.any_of = (of_text, others),
            }
        }
        for filter in query.excluded_predicates() {
            let excluded = resolver.condition(backend, filter)?.not();
            match text_facet(filter) {
                Some(facet) => {
                    conditions.of_indexed = conditions.of_indexed.add(excluded);
                    conditions.none_of.push(facet);
                }
                None => conditions.add(excluded),
            }
        }
        Ok(conditions)
    }

    /// Adds a condition on all rows.
    fn add(&mut self, condition: impl IntoCondition) {
        let condition = condition.into_condition();
        self.of_indexed = self.of_indexed.clone().add(condition.clone());
        self.of_row = self.of_row.clone().add(condition);
    }
}

/// The facet of a filter that only the text of a message tells.
fn text_facet(filter: &Predicate) -> Option<Facet> {
    match filter {
        Predicate::Has(Has::Link) => Some(Facet::Link),
        Predicate::Has(Has::Code) => Some(Facet::Code),
        _ => None,
    }
}

/// The facets to look up in the index; a message must have at least one of each list.
fn facets(
    resolver: &Resolver,
    filters: &[Vec<&Predicate>],
    scope: &SearchScope<'_>,
) -> Result<Vec<Vec<Facet>>> {
    let mut facets = Vec::new();
    let mut times: TimeRange = (None, None);
    for alternatives in filters {
        let as_facets = alternatives.iter().map(|filter| resolver.facet(filter));
        facets.extend(as_facets.collect::<Option<Result<Vec<_>>>>().transpose()?);
        if let [filter] = alternatives[..] {
            let range = filter.time_range(resolver.now, &scope.zone).unwrap_or_default();
            times = intersection(times, range);
        }
    }
    facets.extend(scope.only_room.map(|room| vec![Facet::Room(room.0)]));
    facets.extend(time_facets(times, scope.newest.created_at));
    let is_limited_to_rooms = scope.only_room.is_some()
        || filters.iter().any(|filter| matches!(filter[0], Predicate::In(_)));
    let readable: i64 = scope.rooms.iter().map(|room| room.last_seq.0).sum();
    if !is_limited_to_rooms
        && readable < scope.newest.id / READABLE_ONE_IN
        && scope.rooms.len() <= ROOM_FACETS_MAX
    {
        facets.push(scope.rooms.iter().map(|room| Facet::Room(room.id.0)).collect());
    }
    facets.retain(|alternatives| !alternatives.is_empty());
    Ok(facets)
}
