//! The contract of the chat that came before, row by row, to the letter: DESIGN §5.

mod contract;
mod history;
mod socket;

use crate::actors::{Cast, Client};

/// An address, with and without its last slash: both must do the same.
fn both(path: &str) -> [String; 2] {
    let bare = path.trim_end_matches('/');
    [format!("{bare}/"), bare.to_owned()]
}

/// Somebody as the old clients introduce themselves.
fn by_token(cast: &Cast, token: &str) -> Client {
    cast.anon.with(&format!("Token {token}"))
}
