//! How long the work of a database may take.

use std::time::Duration;

/// How long a statement or a transaction may take. After a timeout it may have been executed
/// anyway.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement of a search may run. A client that gives up does not end its statement on a
/// database server, and a scan of all texts would go on for minutes.
pub const SEARCH_LIMIT: Duration = Duration::from_secs(3);
/// How long acquiring a connection may take. It is short, so that retries soon notice that the
/// database is reachable again.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
