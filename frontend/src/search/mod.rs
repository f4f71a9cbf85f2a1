//! Finding what was said: the page, its hits, and the pieces of what was asked.

use shared::{
    ids::{RoomId, Seq},
    paths,
};

mod chips;
mod export;
mod hit;
mod page;
mod palette;
mod recent;
mod results;
mod room_search;
mod summary;
mod trail;

pub use export::ExportDialog;
pub use hit::marked;
pub use page::SearchPage;
pub use palette::Palette;
pub use room_search::RoomSearch;
pub use trail::{Tour, TrailBar};

/// The address of a message, for links.
pub fn address(room: RoomId, seq: Seq) -> String {
    format!("{}/room/{room}/m/{seq}", paths::UI)
}

/// The address of a search inside the router, flat or by room.
pub fn search_address(q: &str, grouped: bool) -> String {
    let by = if grouped { "&by=room" } else { "" };
    format!("/search?q={}{by}", String::from(js_sys::encode_uri_component(q)))
}
