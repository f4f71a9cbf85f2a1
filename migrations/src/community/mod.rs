//! The migrations from profiles to mail.

pub mod m0012_profiles;
pub mod m0013_preferences;
pub mod m0014_room_events;
pub mod m0015_blocks;
pub mod m0016_moderation;
pub mod m0017_deletion;
pub mod m0018_email;
