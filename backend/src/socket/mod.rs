//! Sockets: one session loop for the live wire and the classic one. Decodes, dispatches, delivers;
//! what a message may be and who may say it is the slices' and the ledger's to know.

mod commands;
mod delivery;
mod session;
mod upgrade;
mod wire;

pub use session::Session;
pub use upgrade::{accept, routes};
pub use wire::{Live, Wire};
