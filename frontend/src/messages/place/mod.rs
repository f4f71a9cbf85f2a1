//! Places in a room, and the ways to them.

mod days;

pub use days::to_day;
