//! The rows, one file a table, the connections to them, and what each database says in its own way.

use chrono::Utc;
use shared::Timestamp;

mod changes;
mod database;
mod many;
pub mod members;
pub mod mentions;
pub mod messages;
mod readable;
pub mod rooms;
pub mod sessions;
pub mod users;
pub mod words;

pub use changes::changes;
pub use database::{
    Database, Durability, Pool, Refusal, beginning, contains, holding, in_time, last_number,
    lock_first_account, refusal, row_lock, set_last_number, snapshot, sqlite_file, sqlite_url,
    sqlite_version,
};
pub use many::{insert_messages, messages_between, messages_named, put_back};
pub use members::{Joined, joined, joined_and_newest};
pub use messages::{Newest, newest};
pub use readable::{Readable, messages_found};

/// Now, as it is stored: microseconds since 1970.
pub fn now() -> i64 {
    Utc::now().timestamp_micros()
}

/// A stored moment as it is shown.
pub fn moment(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or_default()
}
