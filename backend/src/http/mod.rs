//! HTTP for handlers: extractors, conditional requests, problem details, request ids and metrics.
//! Independent of users, rooms and messages.

pub mod client_address;
pub mod conditional;
pub mod encoding;
pub mod extract;
pub mod instrument;
pub mod long_body;
pub mod media_type;
pub mod problems;
pub mod time_zone;
