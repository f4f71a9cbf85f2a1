//! Finding what was said: the page, its hits, and the pieces of what was asked.

use shared::{
    ids::{RoomId, Seq},
    paths,
};

mod chips;
mod export;
mod hit;
mod page;
mod summary;

pub use export::ExportDialog;
pub use page::SearchPage;

/// The address of a message, for links.
pub fn address(room: RoomId, seq: Seq) -> String {
    format!("{}/room/{room}/m/{seq}", paths::UI)
}

/// The address of a search inside the router.
pub fn search_address(q: &str) -> String {
    format!("/search?q={}", String::from(js_sys::encode_uri_component(q)))
}
