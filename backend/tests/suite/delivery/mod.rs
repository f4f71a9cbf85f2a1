//! The promises about delivery: one order, exactly once, no silent hole, nobody slows another.

use shared::ids::ClientId;
use uuid::Uuid;

mod order;
mod resume;
mod slow;

/// A name that nobody has given yet.
fn name() -> ClientId {
    ClientId(Uuid::now_v7())
}
