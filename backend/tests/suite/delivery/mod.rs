//! The promises about delivery: one order, exactly once, no silent hole, nobody slows another.

use shared::ids::ClientId;
use uuid::Uuid;

pub mod order;
mod resume;
mod slow;

/// A name that nobody has given yet.
pub fn name() -> ClientId {
    ClientId(Uuid::now_v7())
}
