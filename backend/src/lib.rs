//! Hallway's server. `web` is the door to the net, `api` (REST), `socket` (live) and `classic` (the
//! clients of the chat that came before) are the doors of the house, `archive`, `export`, `messages`,
//! `search`, `rooms` and `users` its slices, `ledger` writes, `hub` tells everyone, on other nodes by
//! `relay`, `tables` holds the rows.
//! An arrow only points down that list.

pub mod app;
pub mod archive;
pub mod deliberate;
pub mod error;
pub mod export;
pub mod hub;
pub mod ledger;
pub mod messages;
pub mod relay;
pub mod rooms;
pub mod search;
pub mod settings;
pub mod socket;
pub mod tables;
pub mod users;
pub mod web;

mod api;
mod classic;

pub use api::openapi;
pub use app::App;
pub use error::{Error, Result};
pub use settings::{Settings, Storage};
