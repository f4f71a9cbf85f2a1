//! Places in a room: which part of it is in sight, where that is on its scrollbar, what is marked
//! there, and the way back.

pub mod back;
pub mod bar;
pub mod goto;
pub mod marks;
