//! State of the live connection.

pub mod backoff;
pub mod countdown;
pub mod outbox;
pub mod preview_cache;
pub mod send_gate;
pub mod silence;
pub mod typing;
