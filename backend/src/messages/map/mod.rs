//! The map of a room: marks for a scrollbar over the whole room.

mod handlers;
mod hits;
mod overview;

pub use handlers::{hits, map};
