//! Unread messages: the bar that counts them, the divider above them, and their read marks.

mod read_marks;
mod unread_bar;

pub use read_marks::{handle_keys, mark_visible_messages, place_unread_divider, track_attention};
pub use unread_bar::UnreadBar;
