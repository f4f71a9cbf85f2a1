//! What every handler needs of HTTP: reading requests, conditional requests, response headers,
//! problem details. Knows no noun of the chat.

pub mod conditional;
pub mod extract;
pub mod headers;
pub mod peer;
pub mod problems;
