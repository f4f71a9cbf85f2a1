//! Rooms: who may do what in them, private and direct ones.

mod access;
mod direct;
mod private_rooms;
