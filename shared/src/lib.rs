//! What both ends of Hallway agree on. No IO, no clock, no randomness; compiles to wasm32.
//!
//! The nouns ([`users`], [`rooms`], [`messages`]) are the bodies of the REST API, [`live`] is the
//! websocket between server and browser, [`paths`] is where everything is, [`rules`] holds every
//! limit, [`problem`] is what an error looks like, [`timeline`] is the one reducer that turns changes
//! into what a reader sees, and [`search`] is the language in which history is asked.
#![warn(missing_docs)]

pub mod ids;
pub mod live;
pub mod messages;
pub mod paths;
pub mod problem;
pub mod rooms;
pub mod rules;
pub mod search;
pub mod text;
pub mod timeline;
pub mod users;

/// A moment in UTC; RFC 3339 on the wire. It is for people to read and never orders anything:
/// order is [`ids::Seq`] and [`ids::Rev`].
pub type Timestamp = chrono::DateTime<chrono::Utc>;
