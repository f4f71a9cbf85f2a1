//! Positions in a room: the part on the screen, the geometry of the room's scrollbar, the marks of
//! its minimap, and the history of jumps.

pub mod geometry;
pub mod goto_command;
pub mod jump_history;
pub mod minimap;
