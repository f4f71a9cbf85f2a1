//! Who may see and do what, and when that ends.

mod actions;
mod blocks;
mod moderation;
mod revocation;
mod typing;
mod visibility;
