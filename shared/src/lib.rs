//! What both ends of Hallway agree on. No IO, no clock, no randomness; compiles to wasm32.
//!
//! The nouns ([`users`], [`rooms`], [`messages`]) are the bodies of the REST API, [`live`] is the
//! websocket between server and browser, [`paths`] is where everything is, [`rules`] holds every
//! limit, [`problem`] is what an error looks like, [`timeline`] is the one reducer that turns changes
//! into what a reader sees, and [`search`] is the language in which history is asked.
//!
//! The page reads JSON its own way, because serde's is too large for it: where serde needs to be told
//! how (`tag`, `flatten`), wasm32 has the plain form, and what stands in the object of another struct
//! is the field `..` there. Nothing on wasm32 ever writes what has such an attribute.
#![warn(missing_docs)]

pub mod ids;
pub mod live;
pub mod messages;
#[cfg(any(target_arch = "wasm32", test))]
mod moment;
pub mod paths;
pub mod problem;
pub mod rooms;
pub mod rules;
pub mod search;
pub mod timeline;
pub mod users;

/// A moment in UTC; RFC 3339 on the wire. It is for people to read and never orders anything:
/// order is [`ids::Seq`] and [`ids::Rev`].
pub type Timestamp = chrono::DateTime<chrono::Utc>;
