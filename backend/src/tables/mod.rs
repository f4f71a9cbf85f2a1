//! The rows, one file a table, the connections to them, and what each database says in its own way.

use chrono::Utc;
use shared::Timestamp;

mod bulk;
mod changes;
mod database;
pub mod members;
pub mod mentions;
pub mod messages;
pub mod rooms;
pub mod search_index;
pub mod sessions;
pub mod users;
mod visibility;

pub use bulk::{flush_counters, insert_messages, messages_by_client_id, messages_in_range};
pub use changes::changes;
pub use database::{
    Database, DbErrorKind, Durability, Pool, contains_ignoring_case, db_error_kind,
    last_generated_id, lock_first_account, prefix_pattern, row_lock, set_last_generated_id,
    snapshot, sqlite_file, sqlite_url, sqlite_version, substring_pattern, with_timeout,
};
pub use members::{JoinedRoom, joined_rooms, joined_rooms_and_newest};
pub use messages::{NewestMessage, newest_message};
pub use visibility::{VisibleMessages, fetch_messages};

/// Now, as it is stored: microseconds since 1970.
pub fn now() -> i64 {
    Utc::now().timestamp_micros()
}

/// A stored moment as it is shown.
pub fn to_timestamp(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or_default()
}
