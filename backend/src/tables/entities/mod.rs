//! The sea-orm entities, one file for each table.

pub mod account_changes;
pub mod account_deletions;
pub mod binned_rooms;
pub mod members;
pub mod mentions;
pub mod messages;
pub mod rooms;
pub mod sessions;
pub mod users;
