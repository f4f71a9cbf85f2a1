//! Those who take part, each with a loop of their own.

mod changer;
mod doorman;
mod followed;
mod racer;
mod reader;
mod sender;

use std::sync::Arc;

use shared::{
    ids::{ClientId, RoomId, UserId},
    messages::Message,
};
use uuid::Uuid;

pub use changer::{Changer, Wish};
pub use doorman::Doorman;
pub use racer::Racer;
pub use reader::Reader;
pub use sender::{Sender, Talk};

use super::{rest::Outcome, stage::Account};
use crate::history::{Event, Said};

/// Something new to say: a text of about 120 bytes like no other.
fn words(room: RoomId, user: UserId, rng: &mut fastrand::Rng) -> Arc<Said> {
    let client_id = ClientId(Uuid::now_v7());
    let count = rng.usize(2..14);
    let words: Vec<_> = (0..count).map(|_| WORDS[rng.usize(..WORDS.len())]).collect();
    let content = format!("{} {client_id}", words.join(" "));
    Arc::new(Said { room, user, client_id, content })
}

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

/// An acknowledged message that its author may change.
pub struct Own {
    /// As acknowledged.
    pub message: Arc<Message>,
    /// Its author.
    pub author: Arc<Account>,
}

/// The end of something that was asked for by REST.
fn end_of<T>(outcome: Outcome<T>, done: impl FnOnce(T) -> Event) -> Event {
    match outcome {
        Outcome::Done(answer) => done(answer),
        Outcome::Refused(code) => Event::Refused { code, retry: code.is_retryable() },
        Outcome::Lost => Event::Lost,
    }
}
