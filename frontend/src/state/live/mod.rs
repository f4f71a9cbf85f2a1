//! What the live connection has to remember.

pub mod backoff;
pub mod outbox;
pub mod typing;
