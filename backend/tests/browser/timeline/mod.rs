//! The timeline of a room: scrolling, jumps and unread messages.

mod long_room;
pub mod scroll;
mod unread;
