//! The page's state as plain structs, without signals, DOM or a clock of their own, so that native
//! tests cover every rule. Must not depend on leptos.

pub mod admin;
pub mod announcement;
pub mod charts;
pub mod draft_key;
pub mod keys;
pub mod live;
pub mod message_length;
pub mod profile;
pub mod reactions;
pub mod read_tracking;
pub mod rooms;
pub mod scroll;
pub mod search;
pub mod slash_command;
#[cfg(test)]
mod test_data;
pub mod timeline_rows;
pub mod title;
