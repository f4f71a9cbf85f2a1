//! The code that the server, the browser and the load rig share. It does no IO, reads no clock, uses
//! no randomness, and compiles to wasm32.
//!
//! - [`users`], [`rooms`], [`messages`]: the request and response bodies of the REST API
//! - [`access`]: who may do what
//! - [`administration`]: accounts, rooms and the audit log, as admins see them
//! - [`admission`]: who comes in: settings of the server, invitations
//! - [`live`]: the websocket protocol between server and browser
//! - [`paths`]: the routes
//! - [`rules`]: all limits and the validation of user input
//! - [`problem`]: the format of errors
//! - [`timeline`]: the reducer that merges changes into the state of a room
//! - [`search`]: the query language and the tokenizer
//! - [`time_zone`]: local dates and times
//! - [`text`]: links, mentions, code and Markdown in a message
//! - [`unicode`]: properties of characters
#![warn(missing_docs)]

pub mod access;
pub mod administration;
pub mod admission;
pub mod ids;
pub mod live;
pub mod messages;
pub mod paths;
pub mod problem;
pub mod rooms;
pub mod rules;
pub mod search;
pub mod sorting;
pub mod text;
pub mod time_zone;
pub mod timeline;
pub mod unicode;
pub mod users;

/// A time in UTC, RFC 3339 in JSON. It is for display only: [`ids::Seq`] and [`ids::Rev`] define the
/// order, because the clocks of two nodes can disagree.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
