//! The client of the live socket: frames from the server become state, commands go to the server,
//! and unacknowledged messages stay in the outbox. This module must not render anything.

mod client;
mod connection;
mod departure;
mod frame_queue;
mod frames;
mod outbox_store;
mod previews;
mod read_marks;
mod room_state;
mod sending;
mod unsent;

pub use client::{ConnectionStatus, LiveClient};
pub use departure::place_key;
pub use room_state::RoomState;
pub use unsent::{load_draft, load_edits, store_draft};
