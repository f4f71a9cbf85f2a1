//! SQLite, called directly. A statement runs on a thread that may block, and returns all of its rows at
//! once; a request with several statements can run all of them in one visit to such a thread with
//! [`SqlitePool::run`]. Each connection keeps its prepared statements.

mod open;
mod pool;
mod rows;
mod statements;

pub(super) use open::SqliteLimits;
pub use open::connect_for_migrations;
pub use open::{check_version, sqlite_file, sqlite_url, sqlite_version};
pub use pool::{SqlitePool, SqliteTransaction};
pub(super) use rows::SqliteFailure;
pub use statements::{RowReader, query_row, read_rows, run_sql};
pub(super) use statements::{execute, execute_script, query};
