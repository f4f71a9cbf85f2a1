//! Rooms: the frame around all pages, the list of rooms, and the page of one room.

use leptos::prelude::*;
use shared::ids::RoomId;

mod all_read;
mod browse;
mod connection_banner;
mod delete_dialog;
mod header;
mod insights;
mod members;
mod page;
mod room_dialog;
mod shell;
mod sidebar;

pub use browse::RoomsPage;
pub use insights::insights;
pub use page::RoomPage;
pub use shell::Shell;

/// The dialogs and columns that open over or beside a page.
#[derive(Clone, Copy)]
pub struct Panels {
    pub browse: RwSignal<bool>,
    pub create: RwSignal<bool>,
    pub palette: RwSignal<bool>,
    pub members: RwSignal<bool>,
    /// The room in the address.
    pub current_room: Memo<Option<RoomId>>,
}

impl Panels {
    fn new(current_room: Memo<Option<RoomId>>) -> Self {
        let [browse, create, palette] = [(); 3].map(|()| RwSignal::new(false));
        let members = RwSignal::new(has_members_column());
        Self { browse, create, palette, members, current_room }
    }
}

/// Returns whether the window is wide enough for a column of members; otherwise they are a sheet over
/// the room. The style sheet has the same limit.
fn has_members_column() -> bool {
    let query = window().match_media("(min-width: 70rem)").ok().flatten();
    query.is_some_and(|query| query.matches())
}
