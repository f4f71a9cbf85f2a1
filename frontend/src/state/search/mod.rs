//! State of searches and their results.

pub mod fuzzy_rank;
pub mod groups;
pub mod highlight;
pub mod hit_list;
pub mod recent_list;
pub mod room_names;
