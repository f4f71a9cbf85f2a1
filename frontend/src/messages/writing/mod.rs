//! The composer, the editor of a message, and messages that are being sent.

mod composer;
mod draft;
mod editor;
mod markup;
mod pending;
mod post_restrictions;
mod stranded;
mod suggest_members;
mod suggestions;
mod text_field;
mod typing_aids;

pub use composer::Composer;
pub use editor::message_edit;
pub use pending::PendingRow;
pub use post_restrictions::{describe_time_out, time_out};
pub use stranded::{StrandedDialog, StrandedTexts};
