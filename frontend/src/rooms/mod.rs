//! Rooms: the frame around them, finding them, and one of them with the people in it.

use leptos::prelude::*;
use shared::ids::RoomId;

mod all_read;
mod browse;
mod delete_dialog;
mod header;
mod insights;
mod members;
mod page;
mod room_dialog;
mod shell;
mod sidebar;

pub use browse::RoomsPage;
pub use page::RoomPage;
pub use shell::Shell;

#[derive(Clone, Copy)]
pub struct Panels {
    pub browse: RwSignal<bool>,
    pub create: RwSignal<bool>,
    pub palette: RwSignal<bool>,
    pub members: RwSignal<bool>,
    /// The room that the address names.
    pub here: Memo<Option<RoomId>>,
}

impl Panels {
    fn new(here: Memo<Option<RoomId>>) -> Self {
        let [browse, create, palette] = [(); 3].map(|()| RwSignal::new(false));
        // As in the style sheet: from here on the people have a column of their own.
        let wide = window().match_media("(min-width: 70rem)").ok().flatten();
        let members = RwSignal::new(wide.is_some_and(|m| m.matches()));
        Self { browse, create, palette, members, here }
    }
}

/// A room's address inside the router.
pub fn address(room: RoomId) -> String {
    format!("/room/{room}")
}
