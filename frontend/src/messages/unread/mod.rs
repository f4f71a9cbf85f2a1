//! What is unread: what marks it, and what is said of it.

mod marking;
mod since;

pub use marking::{attention, draw_the_line, keys, mark_what_is_seen};
pub use since::SinceBar;
