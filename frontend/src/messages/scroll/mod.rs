//! Places in a room: the reader's, and the ways to others.

mod back;
mod days;
mod going;
mod hits;
mod keys;
mod minimap;
mod scroll;
mod scrollbar;

pub use back::BackButton;
pub use days::to_day;
pub use going::{Arrival, begin_at_the_unread, go_where_asked, to_newest};
pub use keys::{shortcuts, to_oldest};
pub use scroll::Scroll;
pub use scrollbar::Scrollbar;
