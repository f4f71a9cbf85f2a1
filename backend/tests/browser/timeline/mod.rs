//! The timeline of a room: scrolling, jumps and unread messages.

mod events;
mod long_room;
mod place;
pub mod scroll;
mod unread;
