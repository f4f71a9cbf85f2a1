//! The API of the classic chat, which its clients use unchanged.

mod contract;
mod forms;
mod history;
mod members;
mod recorded;
mod socket;

use crate::fixture::{Client, Fixture};

/// A path with and without its trailing slash; both must work alike.
fn both(path: &str) -> [String; 2] {
    let bare = path.trim_end_matches('/');
    [format!("{bare}/"), bare.to_owned()]
}

/// A client that authenticates as classic clients do.
fn by_token(fixture: &Fixture, token: &str) -> Client {
    fixture.anon.with_authorization(&format!("Token {token}"))
}
