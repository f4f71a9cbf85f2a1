//! A room at a glance.

use serde::{Deserialize, Serialize};

use super::Month;
use crate::ids::{Rev, Seq};

/// `GET /rooms/{id}/map`: where in a room, however long, which month begins, and who in it has spoken
/// of the one who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomMap {
    /// The months in which something was said, in their order.
    pub months: Vec<MapMonth>,
    /// The messages that mention me, ascending: the newest 500.
    pub mentions: Vec<Seq>,
    /// The room's newest message when this was read; 0 if there was none.
    pub room_last_seq: Seq,
    /// Every change up to this one shows.
    pub as_of_rev: Rev,
}

/// A month of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapMonth {
    /// Which, by the reader's clock.
    pub month: Month,
    /// Its first message: greater than the one of the month before.
    pub first_seq: Seq,
}

/// `GET /rooms/{id}/map/hits`: where in a room there is what a search finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapHits {
    /// The newest hit of each thousandth of the room, ascending.
    pub hits: Vec<Seq>,
    /// The `up_to` of the next request; null where there is nothing more to look at.
    pub older: Option<Seq>,
    /// The room's newest message when this was read; 0 if there was none.
    pub room_last_seq: Seq,
    /// Every change up to this one shows.
    pub as_of_rev: Rev,
}
