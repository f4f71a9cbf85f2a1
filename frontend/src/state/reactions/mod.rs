//! Reactions to messages: how they are described, and the emoji to choose from.

pub mod emoji_grid;
pub mod emoji_search;
pub mod quick_emojis;
pub mod sentences;
