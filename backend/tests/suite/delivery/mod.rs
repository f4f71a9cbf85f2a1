//! Promises about delivery: one order, exactly once, no silent hole, nobody slows another; and read
//! marks that agree on all devices.

use shared::ids::ClientId;
use uuid::Uuid;

mod acks;
pub mod order;
mod read_marks;
mod resume;
mod slow;

/// A new client id.
pub fn name() -> ClientId {
    ClientId(Uuid::now_v7())
}
