//! HTTP for handlers: extractors, conditional requests, problem details, request ids and metrics.
//! Knows nothing of users, rooms or messages.

pub mod conditional;
pub mod extract;
pub mod instrument;
pub mod peer;
pub mod problems;
