//! Accounts and sessions: registration, login, logout, passwords, roles, e-mail addresses.
//!
//! All transactions lock in one order, because the database would otherwise end one of two that wait for each
//! other, which answers 503: the names (`lock_account_names`), then accounts by id, of which several are locked
//! by one statement, then what belongs to accounts (confirmations, sessions, blocks).

mod account_watch;
mod accounts;
mod blocks;
mod default_rooms;
mod deletion;
mod email;
mod invitation_use;
mod jobs;
mod profile;
mod registration;
mod revocation;
mod routes;
mod sessions;

pub use account_watch::watch_accounts;
pub use accounts::promote;
pub use deletion::delete_account;
pub use email::MailTransport;
pub use invitation_use::{accept as accept_invitation, find_usable as find_usable_invitation};
pub use jobs::register_jobs;
pub use registration::{register, set_up};
pub use revocation::{end_sessions, reset_password, set_random_password};
pub use routes::routes;
pub use sessions::{list as list_sessions, sign_in, write_session_uses};
