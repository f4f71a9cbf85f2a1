//! Reports and bans of a room, for those who manage it.

mod bans;
mod reports;

pub use bans::BannedPeople;
pub use reports::{ReportsDialog, follow_reports};
