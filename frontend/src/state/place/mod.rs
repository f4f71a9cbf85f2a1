//! Places in a room, and the words for them.

pub mod goto;
