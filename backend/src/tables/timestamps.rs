//! Times in the tables are microseconds since 1970 (UTC).

use chrono::Utc;
use shared::Timestamp;

/// The current time.
pub fn now() -> i64 {
    Utc::now().timestamp_micros()
}

/// A stored time as clients see it.
pub fn to_timestamp(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or_default()
}
