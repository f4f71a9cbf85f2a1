//! Times as the tables store them: microseconds since 1970.

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
