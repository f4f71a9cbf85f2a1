//! The dialogs that create, edit, leave and delete a room.

mod confirm;
mod editor;
mod form;
mod options;
mod permission_preview;

pub use confirm::{DeleteDialog, LeaveDialog};
pub use editor::EditDialog;
pub use form::CreateDialog;
