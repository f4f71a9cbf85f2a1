//! The conversation in one room: the timeline, its messages, and the composer.

mod announcer;
mod calendar;
mod context;
mod conversation;
mod event_lines;
mod loader;
mod message_row;
mod reactions;
mod report_form;
mod room_dialog;
mod scroll;
mod text;
mod timeline;
mod toolbar;
mod unread;
mod writing;

pub use conversation::Conversation;
pub use writing::{StrandedDialog, StrandedTexts};
