//! The map of a room: positions to mark on a scrollbar of the whole room.

mod handlers;
mod hits;
mod overview;

pub use handlers::{hits, map};
