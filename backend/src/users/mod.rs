//! Accounts and sessions: registration, login, logout, passwords, roles.

mod accounts;
mod routes;
mod sessions;

pub use accounts::{promote, register, reset_password};
pub use routes::routes;
pub use sessions::{delete_expired_sessions, sign_in};
