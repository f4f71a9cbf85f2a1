//! What admins see, and who comes in.

pub mod administration;
pub mod admission;
