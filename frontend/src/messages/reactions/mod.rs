//! Reactions to messages: the buttons below a message, and the dialog that adds one.

mod buttons;
mod emoji_grid;
mod picker;
mod request;

pub use buttons::Reactions;
pub use picker::{EmojiPicker, load_emojis, load_skin_tone};
