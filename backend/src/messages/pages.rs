//! Pages of a room: resolves the anchor to a `seq`, and reads the range around it.

use std::collections::HashMap;

use shared::{
    ids::{RoomId, Seq},
    messages::{Anchor, MessagePage},
    problem::FieldError,
    rules,
};

use super::{
    anchors::{resolve_anchor, skip_tombstone},
    queries,
};
use crate::{
    Result,
    http::time_zone::Zone,
    search::{Direction, SearchPlan, find, id_at_or_before, with_ranges},
    tables::{Connection, RoomView, events_after_messages, messages, text_lengths},
};

/// Which messages to return: an anchor, and how many on each side of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    anchor: Anchor,
    /// The reader's; applies to an anchor that is a date without an offset.
    zone: Zone,
    before: i64,
    after: i64,
}

impl PageRequest {
    /// Validates the parameters. If only one of `before` and `after` is given, the other is 0.
    pub fn new(
        (anchor, zone): (Anchor, Zone),
        before: Option<u64>,
        after: Option<u64>,
    ) -> Result<Self, Vec<FieldError>> {
        let sides = [("before", before), ("after", after)];
        let errors = sides.iter().filter_map(|(field, count)| {
            let count = count.filter(|count| *count > rules::PAGE_MAX)?;
            let message = format!("must be 0 to {}, but is {count}", rules::PAGE_MAX);
            Some(FieldError::new(*field, message))
        });
        let errors: Vec<_> = errors.collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let rest = rules::PAGE_DEFAULT as i64 - 1;
        let (before, after) = match (before, after, anchor) {
            (None, None, Anchor::Newest) => (rest, 0),
            (None, None, Anchor::Oldest) => (0, rest),
            (None, None, _) => (rest - rest / 2, rest / 2),
            (before, after, _) => (before.unwrap_or(0) as i64, after.unwrap_or(0) as i64),
        };
        Ok(Self { anchor, zone, before, after })
    }

    /// The state on which the response depends, for its entity tag. The messages change only with
    /// the room's `last_rev`, and `read_seq` changes independently of it. A new display name is a change of
    /// each room that its owner is in; of somebody who has left, the tag may stand for an earlier name.
    pub fn tag_state(&self, room: &RoomView) -> String {
        let Self { anchor, zone, before, after } = self;
        let (id, rev, first, read) = (room.id, room.last_rev, room.first_seq(), room.read_seq());
        format!("{id}/{rev}/{first}/{read}/{anchor}/{zone}/{before}/{after}")
    }

    /// The first and the last `seq` of the page around an anchor.
    fn range(&self, anchor: Seq, (first, last): (i64, i64)) -> (i64, i64) {
        ((anchor.0 - self.before).max(first), (anchor.0 + self.after).min(last))
    }
}

/// A page of a room. It ends at the `last_seq` of the room's row, which the caller has read before,
/// so it has no messages that commit later.
pub async fn message_page(
    db: &impl Connection,
    room: &RoomView,
    request: PageRequest,
) -> Result<MessagePage> {
    let mut anchor = resolve_anchor(db, room, (request.anchor, request.zone)).await?;
    let (first_seq, last_seq, read_seq) = (room.first_seq().0, room.last_seq, room.read_seq());
    let range = request.range(anchor.seq, (first_seq, last_seq));
    let (from, to) = fit_range(db, room, anchor.seq, range).await?;
    let messages = match last_seq < first_seq {
        true => Vec::new(),
        false => queries::range(db, room, from, to).await?,
    };
    if let Anchor::Seq(_) | Anchor::Id(_) = request.anchor {
        anchor = skip_tombstone(anchor, &messages);
    }
    let around = match messages.is_empty() {
        true => (first_seq - 1, last_seq),
        false => (from - 1, to),
    };
    let events = events_after_messages(db, room, around).await?;
    Ok(MessagePage {
        anchor,
        messages,
        ranges: Vec::new(),
        has_older: from > first_seq && last_seq >= first_seq,
        has_newer: to < last_seq,
        older: None,
        newer: None,
        events,
        room_last_seq: last_seq.into(),
        read_seq,
        first_unread_seq: (read_seq.0 < last_seq).then(|| read_seq.next()),
        as_of_rev: room.last_rev.into(),
    })
}

/// The part of a range around an anchor whose texts fit into a page.
async fn fit_range(
    db: &impl Connection,
    room: &RoomView,
    anchor: Seq,
    (from, to): (i64, i64),
) -> Result<(i64, i64)> {
    let count = from.abs_diff(to) + 1;
    if count <= rules::PAGE_ALWAYS_FITS {
        return Ok((from, to));
    }
    let (room, by_seq) = (RoomId(room.id), messages::Column::Seq);
    let lengths = text_lengths(db, room, by_seq, (from, to), count).await?;
    Ok(grow_page(&lengths.into_iter().collect(), anchor.0, (from, to)))
}

/// Takes the anchor, then turn by turn the next older and the next newer message, each side until it
/// ends or the page is full, so that a page of long texts has messages on both sides of its anchor.
fn grow_page(lengths: &HashMap<i64, i64>, anchor: i64, (from, to): (i64, i64)) -> (i64, i64) {
    let length = |seq: i64| lengths.get(&seq).copied().unwrap_or(0);
    let max = rules::PAGE_MAX_BYTES as i64;
    let (mut first, mut last, mut bytes) = (anchor, anchor, length(anchor));
    let (mut can_older, mut can_newer) = (true, true);
    while can_older || can_newer {
        can_older = can_older && first > from && bytes + length(first - 1) <= max;
        if can_older {
            first -= 1;
            bytes += length(first);
        }
        can_newer = can_newer && last < to && bytes + length(last + 1) <= max;
        if can_newer {
            last += 1;
            bytes += length(last);
        }
    }
    (first, last)
}

/// A page of hits in a room, and whether the search completed within its time budget. A hit at the
/// anchor itself counts neither as before nor as after it.
pub async fn hit_page(
    db: &impl Connection,
    room: &RoomView,
    request: PageRequest,
    plan: &SearchPlan,
) -> Result<(MessagePage, bool)> {
    let anchor = resolve_anchor(db, room, (request.anchor, request.zone)).await?;
    let anchor_id = id_at_or_before(db, RoomId(room.id), (room.first_seq(), anchor.seq)).await?;
    let mut older = find(db, plan, anchor_id, Direction::Older, request.before as u64 + 1).await?;
    let mut newer = find(db, plan, anchor_id, Direction::Newer, request.after as u64).await?;
    older.fit(rules::PAGE_MAX_BYTES / 2);
    newer.fit(rules::PAGE_MAX_BYTES / 2);
    let is_complete = older.is_complete && newer.is_complete;
    let mut messages = older.messages;
    let mut next_older = older.last_examined.map(|(_, seq)| Seq(seq.0 - 1));
    let has_anchor = messages.first().is_some_and(|first| first.seq == anchor.seq);
    if !has_anchor && messages.len() as i64 > request.before {
        next_older = messages.drain(request.before as usize..).next().map(|message| message.seq);
    }
    messages.reverse();
    messages.extend(newer.messages);
    let next_newer = match request.after {
        0 => Some(anchor.seq.next()),
        _ => newer.last_examined.map(|(_, seq)| seq.next()),
    };
    let (last_seq, read_seq) = (Seq(room.last_seq), room.read_seq());
    let next_older = next_older.filter(|seq| *seq >= room.first_seq());
    let next_newer = next_newer.filter(|seq| *seq <= last_seq);
    let hits = with_ranges(&plan.matcher, messages).await?;
    let (messages, ranges) = hits.into_iter().unzip();
    let page = MessagePage {
        anchor,
        messages,
        ranges,
        has_older: next_older.is_some(),
        has_newer: next_newer.is_some(),
        older: next_older,
        newer: next_newer,
        events: Vec::new(),
        room_last_seq: last_seq,
        read_seq,
        first_unread_seq: (read_seq < last_seq).then(|| read_seq.next()),
        as_of_rev: room.last_rev.into(),
    };
    Ok((page, is_complete))
}

#[cfg(test)]
mod tests {
    use shared::ids::MessageId;

    use super::*;

    fn request(anchor: Anchor, before: Option<u64>, after: Option<u64>) -> PageRequest {
        PageRequest::new((anchor, Zone::default()), before, after).unwrap()
    }

    #[test]
    fn a_page_has_fifty_messages_by_default() {
        let sides = |anchor, before, after| {
            let request = request(anchor, before, after);
            (request.before, request.after)
        };
        assert_eq!(sides(Anchor::Newest, None, None), (49, 0));
        assert_eq!(sides(Anchor::Oldest, None, None), (0, 49));
        for anchor in [Anchor::Seq(Seq(7)), Anchor::Id(MessageId(7)), Anchor::FirstUnread] {
            assert_eq!(sides(anchor, None, None), (25, 24));
            assert_eq!(sides(anchor, Some(3), None), (3, 0));
            assert_eq!(sides(anchor, None, Some(200)), (0, 200));
        }
        assert_eq!(sides(Anchor::Newest, None, Some(0)), (0, 0));
        let errors = PageRequest::new((Anchor::Newest, Zone::default()), Some(201), Some(u64::MAX))
            .unwrap_err();
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[0], FieldError::new("before", "must be 0 to 200, but is 201"));
    }

    #[test]
    fn a_page_grows_on_both_sides_until_it_is_full() {
        let of = |bytes: i64| (1..=100).map(|seq| (seq, bytes)).collect::<HashMap<_, _>>();
        let longest = of(rules::CONTENT_MAX_BYTES as i64);
        assert_eq!(grow_page(&longest, 50, (1, 100)), (18, 81));
        assert_eq!(grow_page(&longest, 3, (1, 100)), (1, 64));
        assert_eq!(grow_page(&longest, 100, (1, 100)), (37, 100));
        assert_eq!(grow_page(&of(1), 50, (20, 90)), (20, 90));
        assert_eq!(grow_page(&of(i64::MAX / 4), 50, (1, 100)), (50, 50));
    }

    #[test]
    fn a_range_stays_within_the_room() {
        let range = |seq, before, after| {
            request(Anchor::Seq(seq), Some(before), Some(after)).range(seq, (1, 120))
        };
        assert_eq!(range(Seq(60), 25, 24), (35, 84));
        assert_eq!(range(Seq(10), 25, 24), (1, 34));
        assert_eq!(range(Seq(110), 25, 24), (85, 120));
        assert_eq!(range(Seq(1), 200, 0), (1, 1));
        assert_eq!(range(Seq(120), 0, 200), (120, 120));
        assert_eq!(range(Seq(60), 200, 200), (1, 120));
    }
}
