//! The migrations before profiles.

pub mod m0001_first;
pub mod m0002_history;
pub mod m0003_search;
pub mod m0004_merging;
pub mod m0005_revocation;
pub mod m0006_installation;
pub mod m0007_deleted_messages;
pub mod m0008_no_topic;
pub mod m0009_access;
pub mod m0010_admission;
pub mod m0011_administration;
