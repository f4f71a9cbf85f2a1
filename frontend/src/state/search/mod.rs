//! What the page knows of searches and of what they found.

pub mod fit;
pub mod groups;
pub mod marks;
pub mod recent;
pub mod trail;
