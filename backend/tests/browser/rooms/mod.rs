//! Rooms: who may do what in them, private and direct ones, favourites and muted ones.

mod access;
mod blocked;
mod direct;
mod favourites;
mod moderation;
mod permission_preview;
mod private_rooms;
mod profile;
