//! Pages, calendar and overview of a room.

pub mod anchors;
mod calendar;
mod dates;
mod overview;
mod page_size;
mod zones;
