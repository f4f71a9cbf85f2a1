//! Bans, and reports of messages.

pub mod reports;
pub mod room_bans;
