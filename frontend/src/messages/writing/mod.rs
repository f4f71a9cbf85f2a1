//! Writing: a new message, another text for an old one, and what is on its way.

mod composer;
mod edit;
mod pending;

pub use composer::{Composer, is_composing, remembered_draft};
pub use edit::Editor;
pub use pending::PendingRow;
