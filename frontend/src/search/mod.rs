//! Search: its page, the palette, and the hits inside a room.

use shared::{
    ids::{RoomId, Seq},
    paths,
};

mod chips;
mod export;
mod hit;
mod navigator;
mod page;
mod palette;
mod recent;
mod results;
mod room_search;
mod summary;

pub use export::ExportDialog;
pub use hit::mark_matches;
pub use navigator::{HitBar, HitNavigator};
pub use page::{SearchPage, search_form};
pub use palette::Palette;
pub use room_search::RoomSearch;

/// Returns the address of a message for an ordinary link.
pub fn message_href(room: RoomId, seq: Seq) -> String {
    format!("{}/room/{room}/m/{seq}", paths::UI)
}

/// Returns the path of a search inside the router. Its hits are one list, or grouped by room.
pub fn search_path(q: &str, grouped: bool) -> String {
    let by = if grouped { "&by=room" } else { "" };
    format!("/search?q={}{by}", String::from(js_sys::encode_uri_component(q)))
}
