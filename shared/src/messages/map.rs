//! The data of the scrollbar of a room: months, mentions and search hits.

use serde::{Deserialize, Serialize};

use super::Month;
use crate::ids::{Rev, Seq};

/// `GET /rooms/{id}/map`: where in a room each month starts and which messages mention the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomMap {
    /// The months with messages, in order.
    pub months: Vec<MapMonth>,
    /// The newest 500 messages that mention the caller, ascending.
    pub mentions: Vec<Seq>,
    /// The newest message of the room at the time of the read; 0 if there was none.
    pub room_last_seq: Seq,
    /// The response contains every change up to this one.
    pub as_of_rev: Rev,
}

/// A month of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapMonth {
    /// The month, in the reader's time zone.
    pub month: Month,
    /// Its first message.
    pub first_seq: Seq,
}

/// `GET /rooms/{id}/map/hits`: where in a room the hits of a search are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapHits {
    /// The newest hit of each thousandth of the room, ascending.
    pub hits: Vec<Seq>,
    /// The `up_to` of the next request; null at the end.
    pub older: Option<Seq>,
    /// The newest message of the room at the time of the read; 0 if there was none.
    pub room_last_seq: Seq,
    /// The response contains every change up to this one.
    pub as_of_rev: Rev,
}
