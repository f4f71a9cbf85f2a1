//! Where in a room a search has hits: the newest hit in each bucket of a thousandth of the room,
//! because a scrollbar cannot show more marks.

use std::time::Instant;

use shared::{
    ids::{RoomId, Seq},
    messages::MapHits,
    rules::MAP_BUCKETS,
};

use crate::{
    Result,
    search::{Direction, SearchPlan, TIME_BUDGET, find, id_at_or_before},
    tables::{Connection, RoomView},
};

/// The number of hits that the first statement reads.
const FIRST_LIMIT: u64 = 16;
/// The maximum number of hits that a statement reads.
const LIMIT_MAX: u64 = 256;

/// The newest hit in each bucket, from `up_to` backwards, and whether the search completed within
/// its time budget.
pub async fn newest_hit_per_bucket(
    db: &impl Connection,
    room: &RoomView,
    up_to: Option<Seq>,
    plan: &SearchPlan,
) -> Result<(MapHits, bool)> {
    let (started, buckets) = (Instant::now(), Buckets { last_seq: room.last_seq });
    let (mut hits, mut limit): (Vec<Seq>, _) = (Vec::new(), FIRST_LIMIT);
    let mut next = Some(up_to.map_or(room.last_seq, |seq| seq.0.min(room.last_seq)));
    let (first, mut has_time) = (room.first_seq().0, true);
    while let Some(seq) = next.filter(|seq| *seq >= first && has_time) {
        let id = id_at_or_before(db, RoomId(room.id), (Seq(first), Seq(seq))).await?;
        let found = find(db, plan, id, Direction::Older, limit).await?;
        let count_before = hits.len();
        for message in &found.messages {
            let bucket = buckets.of(message.seq);
            if hits.last().is_none_or(|last| bucket < buckets.of(*last)) {
                hits.push(message.seq);
            }
        }
        // The limit adapts, because where hits are dense, all but one hit of a bucket are
        // discarded.
        limit = (2 * (hits.len() - count_before) as u64).clamp(1, LIMIT_MAX);
        next = found.last_examined.map(|(_, seq)| match hits.last() {
            Some(last) => buckets.end_of_previous(*last).min(seq.0 - 1),
            None => seq.0 - 1,
        });
        has_time = found.is_complete && started.elapsed() < TIME_BUDGET;
    }
    hits.reverse();
    let older = next.filter(|seq| *seq >= first).map(Seq);
    let (room_last_seq, as_of_rev) = (room.last_seq.into(), room.last_rev.into());
    Ok((MapHits { hits, older, room_last_seq, as_of_rev }, older.is_none()))
}

/// Divides a room into [`MAP_BUCKETS`] buckets of messages.
struct Buckets {
    last_seq: i64,
}

impl Buckets {
    /// The bucket of a message.
    fn of(&self, seq: Seq) -> i64 {
        (seq.0 - 1) * MAP_BUCKETS / self.last_seq.max(1)
    }

    /// The last `seq` before the bucket of a message.
    fn end_of_previous(&self, seq: Seq) -> i64 {
        (self.of(seq) * self.last_seq + MAP_BUCKETS - 1) / MAP_BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_contiguous() {
        for last_seq in [1, 7, 999, 1_000, 1_001, 2_500, 123_457] {
            let buckets = Buckets { last_seq };
            let first = (buckets.of(Seq(1)), buckets.end_of_previous(Seq(1)));
            assert_eq!(first, (0, 0), "{last_seq}");
            assert!(buckets.of(Seq(last_seq)) < MAP_BUCKETS);
            for seq in 2..=last_seq {
                let (bucket, end) = (buckets.of(Seq(seq)), buckets.end_of_previous(Seq(seq)));
                assert!(end < seq && buckets.of(Seq(end + 1)) == bucket, "{seq} of {last_seq}");
                assert!(end == 0 || buckets.of(Seq(end)) < bucket, "{seq} of {last_seq}");
            }
        }
    }
}
