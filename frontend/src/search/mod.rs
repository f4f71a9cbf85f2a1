//! Search: its page, the palette, and the hits inside a room.

mod chips;
mod day_jump;
mod export;
mod hit;
mod navigator;
mod page;
mod palette;
mod recent;
mod results;
mod room_search;
mod summary;

pub use day_jump::DayJump;
pub use export::ExportDialog;
pub use hit::mark_matches;
pub use navigator::{HitBar, HitNavigator};
pub use page::{SearchPage, search_form};
pub use palette::Palette;
pub use recent::remember_room;
pub use room_search::RoomSearch;
