//! The composer, the editor of a message, and messages that are being sent.

mod composer;
mod draft;
mod editor;
mod pending;
mod text_field;

pub use composer::Composer;
pub use draft::stored_draft;
pub use editor::Editor;
pub use pending::PendingRow;
pub use text_field::is_composing;
