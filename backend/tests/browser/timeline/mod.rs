//! The timeline of a room: scrolling, jumps and unread messages.

mod events;
mod long_room;
mod place;
mod reactions;
pub mod scroll;
mod unread;
