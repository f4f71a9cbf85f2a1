//! Accounts and sessions: registration, login, logout, passwords, roles.

mod account_watch;
mod accounts;
mod routes;
mod sessions;
mod upkeep;

pub use account_watch::watch_accounts;
pub use accounts::{promote, register, reset_password};
pub use routes::routes;
pub use sessions::sign_in;
pub use upkeep::run_upkeep;
