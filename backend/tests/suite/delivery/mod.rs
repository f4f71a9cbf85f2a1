//! Delivery guarantees: one order, exactly once, no unreported gap, no client that delays others; and
//! read marks and unread counts that agree on all devices.

use shared::ids::ClientId;
use uuid::Uuid;

mod acks;
mod events;
mod fairness;
mod fan_out;
mod frames;
pub mod order;
mod preferences;
mod read_marks;
mod resume;
mod slow;
mod unread;

/// A new client id.
pub fn new_client_id() -> ClientId {
    ClientId(Uuid::now_v7())
}
