//! Who may see and do what, and when that ends.

mod actions;
mod revocation;
mod visibility;
