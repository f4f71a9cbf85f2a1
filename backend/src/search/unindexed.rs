//! Finds hits among the messages that the index does not contain: the newest ones of each room, which the
//! follower of the ledger indexes soon, and the oldest ones while a rebuild runs. They are read from
//! `messages` and matched in Rust.

use std::{collections::HashSet, sync::Arc};

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::ExprTrait,
};
use shared::{
    ids::{MessageId, RoomId, Seq, UserId},
    messages::Message,
    search::tokenizer::Matcher,
};

use super::{filters::SearchScope, recheck::matching};
use crate::{
    Result,
    tables::{Connection, VisibleMessages, fetch_messages, messages, search_index::Facet},
};

/// The maximum number of rooms that one statement names.
const ROOMS_MAX: usize = 100;

/// The direction of a search from an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// This id and smaller ones, the greatest first.
    Older,
    /// Ids greater than this one, the smallest first.
    Newer,
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

/// A part of the ids, which the search reads in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// Ids greater than this one.
    pub after: i64,
    pub up_to: i64,
    /// Whether the index contains the messages, except for the newest ones of each room.
    pub is_indexed: bool,
}

impl IdRange {
    /// The ids from `from` on that a search reads next, if the index contains no id smaller than
    /// `before_id`.
    pub fn next(from: i64, direction: Direction, before_id: i64) -> Self {
        let last_unindexed = Ord::max(before_id - 1, 0);
        let is_indexed = match direction {
            Direction::Older => from > last_unindexed,
            Direction::Newer => from >= last_unindexed,
        };
        let (after, up_to) = match (direction, is_indexed) {
            (Direction::Older, true) => (last_unindexed, from),
            (Direction::Older, false) => (0, from),
            (Direction::Newer, true) => (from, i64::MAX),
            (Direction::Newer, false) => (from, last_unindexed),
        };
        Self { after, up_to, is_indexed }
    }

    /// The id from which the search continues behind these ids; `None` at its end.
    pub fn end(self, direction: Direction) -> Option<i64> {
        match direction {
            Direction::Older => Some(self.after).filter(|id| *id > 0),
            Direction::Newer => Some(self.up_to).filter(|id| *id < i64::MAX),
        }
    }
}

/// The messages that the index does not contain, and which of them are hits.
pub struct Unindexed {
    /// The index contains no message with a smaller id.
    pub before_id: i64,
    /// The rooms with newer messages than the index contains, each with the last one that it contains.
    tail: Vec<(RoomId, Seq)>,
    /// The newest message when the positions of the index were read. Later ones are no hits, because
    /// the index may get one before another with a smaller id, which a cursor would then pass.
    newest_id: i64,
    /// The conditions on the rows, without those on the text.
    pub condition: Condition,
    /// A message has one of these facets or matches the condition; without facets, any does.
    any_of: (Vec<Facet>, Condition),
    /// A message has none of these.
    none_of: Vec<Facet>,
}

impl Unindexed {
    /// The messages of the rooms to search that the index does not contain.
    pub fn new(
        scope: &SearchScope<'_>,
        condition: Condition,
        any_of: (Vec<Facet>, Condition),
        none_of: Vec<Facet>,
    ) -> Self {
        let before_id = scope.rooms.iter().map(|room| room.indexed.from_id).max().unwrap_or(0);
        let pending = scope.rooms.iter().filter(|room| room.last_seq > room.indexed.to_seq);
        let tail = pending.map(|room| (room.id, room.indexed.to_seq)).collect();
        Self { before_id, tail, newest_id: scope.newest.id, condition, any_of, none_of }
    }

    /// The greatest id that a hit may have.
    pub fn newest_id(&self) -> i64 {
        self.newest_id
    }

    /// For a search that does not use the index and so reads all messages themselves.
    pub fn empty() -> Self {
        let (condition, any_of) = (Condition::all(), (Vec::new(), Condition::any()));
        let (tail, none_of) = (Vec::new(), Vec::new());
        Self { before_id: 0, tail, newest_id: 0, condition, any_of, none_of }
    }

    /// Whether the search reads facets that only the text of a message tells.
    pub fn reads_facets(&self) -> bool {
        !self.any_of.0.is_empty() || !self.none_of.is_empty()
    }

    /// Keeps the messages whose facets match.
    pub async fn with_facets(
        &self,
        db: &impl Connection,
        mut messages: Vec<Message>,
    ) -> Result<Vec<Message>> {
        messages.retain(|message| !has_any(&self.none_of, message));
        let (facets, condition) = &self.any_of;
        let others = messages.iter().filter(|message| !has_any(facets, message));
        let others: Vec<i64> = others.map(|message| message.id.0).collect();
        if facets.is_empty() || others.is_empty() {
            return Ok(messages);
        }
        let mut matching: HashSet<i64> = HashSet::new();
        if !condition.is_empty() {
            let select = messages::Entity::find()
                .select_only()
                .column(messages::Column::Id)
                .filter(messages::Column::Id.is_in(others))
                .filter(condition.clone());
            matching.extend(select.into_tuple::<i64>().all(db).await?);
        }
        messages.retain(|message| has_any(facets, message) || matching.contains(&message.id.0));
        Ok(messages)
    }

    /// The hits of a user from an id on among the messages that are newer than what the index contains, in any
    /// order.
    pub async fn find_tail(
        &self,
        db: &impl Connection,
        user: UserId,
        matcher: &Arc<Matcher>,
        (from, direction): (i64, Direction),
    ) -> Result<Vec<Message>> {
        let (first, last) = match direction {
            Direction::Older => (self.before_id, Ord::min(from, self.newest_id)),
            Direction::Newer => (Ord::max(self.before_id, from.saturating_add(1)), self.newest_id),
        };
        if first > last {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for rooms in self.tail.chunks(ROOMS_MAX) {
            let after = rooms.iter().fold(Condition::any(), |any, (room, seq)| {
                any.add(messages::Column::RoomId.eq(room.0).and(messages::Column::Seq.gt(seq.0)))
            });
            let mut select = VisibleMessages::to(user).select(db);
            select.cond_where(after).cond_where(self.condition.clone());
            select.and_where(messages::Column::Id.between(first, last));
            let messages = fetch_messages(db, &select).await?;
            found.extend(self.with_facets(db, matching(matcher, messages).await?).await?);
        }
        Ok(found)
    }
}

fn has_any(facets: &[Facet], message: &Message) -> bool {
    facets.iter().any(|facet| facet.is_in_text(message.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, direction: Direction, before_id: i64) -> (i64, i64, bool, Option<i64>) {
        let ids = IdRange::next(from, direction, before_id);
        (ids.after, ids.up_to, ids.is_indexed, ids.end(direction))
    }

    #[test]
    fn a_search_reads_the_ids_that_a_rebuild_has_not_reached_by_themselves() {
        use Direction::{Newer, Older};
        let max = i64::MAX;
        for complete in [0, 1] {
            assert_eq!(range(max, Older, complete), (0, max, true, None));
            assert_eq!(range(0, Newer, complete), (0, max, true, None));
        }
        assert_eq!(range(max, Older, 100), (99, max, true, Some(99)));
        assert_eq!(range(99, Older, 100), (0, 99, false, None));
        assert_eq!(range(7, Older, 100), (0, 7, false, None));
        assert_eq!(range(0, Newer, 100), (0, 99, false, Some(99)));
        assert_eq!(range(99, Newer, 100), (99, max, true, None));
        assert_eq!(range(120, Newer, 100), (120, max, true, None));
    }
}
