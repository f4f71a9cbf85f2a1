//! Where in a room there is what a search finds. In a room of a million messages that may be
//! anywhere and everywhere, and nobody can see more than a mark for each thousandth of it.

use std::time::Instant;

use sea_orm::ConnectionTrait;
use shared::{
    ids::{RoomId, Seq},
    messages::MapHits,
    rules::MAP_BUCKETS,
};

use crate::{
    Result,
    search::{self, Ask, Towards, WITHIN, find},
    tables::rooms,
};

/// Hits that one statement asks for: at first, and at most.
const SOME: u64 = 16;
const MOST: u64 = 256;

/// The newest hit of each thousandth of a room, whose row was read before, from a message back; and
/// whether there was time for all of them.
pub async fn newest_of_each_part(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    up_to: Option<Seq>,
    ask: &Ask,
) -> Result<(MapHits, bool)> {
    let (began, parts) = (Instant::now(), Parts(room.last_seq));
    let (mut hits, mut limit): (Vec<Seq>, _) = (Vec::new(), SOME);
    let mut next = Some(up_to.map_or(room.last_seq, |seq| seq.0.min(room.last_seq)));
    let mut in_time = true;
    while let Some(place) = next.filter(|seq| *seq > 0 && in_time) {
        let id = search::number_of(db, RoomId(room.id), Seq(place)).await?;
        let found = find(db, ask, id, Towards::Older, limit).await?;
        let before = hits.len();
        for message in &found.messages {
            if hits.last().is_none_or(|last| parts.of(message.seq) < parts.of(*last)) {
                hits.push(message.seq);
            }
        }
        // Where there is one everywhere, more than one for each thousandth is read for nothing.
        limit = (2 * (hits.len() - before) as u64).clamp(1, MOST);
        next = found.up_to.map(|(_, seq)| match hits.last() {
            Some(last) => parts.before(*last).min(seq.0 - 1),
            None => seq.0 - 1,
        });
        in_time = found.in_time && began.elapsed() < WITHIN;
    }
    hits.reverse();
    let older = next.filter(|seq| *seq > 0).map(Seq);
    let (room_last_seq, as_of_rev) = (room.last_seq.into(), room.last_rev.into());
    Ok((MapHits { hits, older, room_last_seq, as_of_rev }, older.is_none()))
}

/// The thousandths of a room of so many messages.
struct Parts(i64);

impl Parts {
    /// The one that a message is in.
    fn of(&self, seq: Seq) -> i64 {
        (seq.0 - 1) * MAP_BUCKETS / self.0.max(1)
    }

    /// The last message before the one that a message is in.
    fn before(&self, seq: Seq) -> i64 {
        (self.of(seq) * self.0 + MAP_BUCKETS - 1) / MAP_BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_in_one_part_and_before_it_are_the_others() {
        for last in [1, 7, 999, 1_000, 1_001, 2_500, 123_457] {
            let parts = Parts(last);
            assert_eq!((parts.of(Seq(1)), parts.before(Seq(1))), (0, 0), "{last}");
            assert!(parts.of(Seq(last)) < MAP_BUCKETS);
            for seq in 2..=last {
                let (this, before) = (parts.of(Seq(seq)), parts.before(Seq(seq)));
                assert!(before < seq && parts.of(Seq(before + 1)) == this, "{seq} of {last}");
                assert!(before == 0 || parts.of(Seq(before)) < this, "{seq} of {last}");
            }
        }
    }
}
