//! The kinds of clients. Each has a `run` loop.

mod duplicate_sender;
mod editor;
mod membership_churn;
mod reader;
mod room_replica;
mod sender;

use std::sync::Arc;

use shared::ids::{ClientId, RoomId, UserId};
use uuid::Uuid;

pub use duplicate_sender::DuplicateSender;
pub use editor::Editor;
pub use membership_churn::MembershipChurn;
pub use reader::Reader;
pub use sender::{SendSettings, Sender};

use crate::history::Draft;

const WORDS: [&str; 16] = [
    "deploy",
    "rollback",
    "staging",
    "build",
    "passes",
    "fails",
    "again",
    "coffee",
    "meeting",
    "ticket",
    "日本語",
    "grüße",
    "🚀",
    "customer",
    "PLT-3699",
    "10.4.1.74",
];

/// A message with a unique text of about 120 bytes.
pub fn new_draft(room: RoomId, user: UserId, rng: &mut fastrand::Rng) -> Arc<Draft> {
    let client_id = ClientId(Uuid::now_v7());
    let count = rng.usize(2..14);
    let words: Vec<_> = (0..count).map(|_| WORDS[rng.usize(..WORDS.len())]).collect();
    let content = format!("{} {client_id}", words.join(" "));
    Arc::new(Draft { room, user, client_id, content })
}
