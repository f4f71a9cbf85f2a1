//! What the page knows, as plain structs: no signal, no DOM, no clock of its own, so that every rule
//! here is tested natively. Must not know leptos.

pub mod insights;
pub mod lines;
pub mod live;
pub mod pieces;
pub mod place;
pub mod reading;
pub mod rooms;
pub mod search;
pub mod title;
