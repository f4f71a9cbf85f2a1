//! The paths of pages inside the router; `ui::href` turns one into the address of an ordinary link.

use shared::ids::{RoomId, Seq};

pub fn room_path(room: RoomId) -> String {
    format!("/room/{room}")
}

pub fn message_path(room: RoomId, seq: Seq) -> String {
    format!("/room/{room}/m/{seq}")
}

/// The path of a search. Its hits are one list, or grouped by room.
pub fn search_path(q: &str, grouped: bool) -> String {
    let by = if grouped { "&by=room" } else { "" };
    format!("/search?q={}{by}", String::from(js_sys::encode_uri_component(q)))
}
