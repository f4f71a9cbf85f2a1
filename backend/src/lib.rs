//! Hallway's server. From top to bottom; a module imports only from modules below it:
//!
//! - `api`, `socket`: the router, the classic endpoints, the live websocket;
//! - `archive`, `export`, `search`, `messages`, `rooms`, `users`: one slice for each noun;
//! - `app`: the handles that handlers share;
//! - `realtime`: the ledger, the hub and the relay;
//! - `http`, `tables`: extractors and problem details; entities and queries.

pub mod api;
pub mod app;
pub mod archive;
pub mod error;
pub mod export;
pub mod failpoints;
pub mod http;
pub mod messages;
pub mod realtime;
pub mod rooms;
pub mod search;
pub mod settings;
pub mod socket;
pub mod tables;
pub mod users;

pub use api::openapi;
pub use app::App;
pub use error::{Error, Result};
pub use settings::{Settings, Storage};
