//! The promises about delivery: one order, exactly once, no silent hole, nobody slows another, and
//! what somebody has read is the same on all their devices.

use shared::ids::ClientId;
use uuid::Uuid;

mod acks;
mod marks;
pub mod order;
mod resume;
mod slow;

/// A name that nobody has given yet.
pub fn name() -> ClientId {
    ClientId(Uuid::now_v7())
}
