//! Scrolling in a room: the viewport, jumps to messages, and the scrollbar of the whole room.

mod back_button;
mod jump;
mod measure;
mod minimap;
mod minimap_marks;
mod new_messages_pill;
mod place;
mod scrollbar;
mod shortcuts;
mod viewport;

pub use back_button::BackButton;
pub use jump::{follow_jumps, jump_to_newest, jump_to_oldest, start_at_first_unread};
pub use measure::focused_message;
pub use new_messages_pill::NewMessagesPill;
pub use place::keep_place;
pub use scrollbar::Scrollbar;
pub use shortcuts::handle_shortcuts;
pub use viewport::Viewport;
