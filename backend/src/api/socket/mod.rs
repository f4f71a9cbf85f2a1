//! Websockets: one session loop for the live protocol and the classic one. A session decodes
//! frames, calls the slices and the ledger, and delivers changes; it contains no rules about
//! messages.

mod admission;
mod catch_up;
mod codec;
mod commands;
mod delivery;
mod paged_frames;
mod session;
mod upgrade;
mod writer;

pub use codec::{Codec, LiveCodec};
pub use session::Session;
pub use upgrade::{accept, routes};
