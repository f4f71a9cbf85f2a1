//! The composer, the editor of a message, and messages that are being sent.

mod composer;
mod draft;
mod editor;
mod pauses;
mod pending;
mod stranded;
mod text_field;

pub use composer::Composer;
pub use editor::message_edit;
pub use pauses::{describe_time_out, time_out};
pub use pending::PendingRow;
pub use stranded::{StrandedDialog, StrandedTexts};
