//! What somebody may not see is not there: every operation of the API and every frame of the live socket, for
//! every actor and every kind of room. A response about a room that the actor may not see equals that about
//! a room that does not exist, and no other response contains a word of the room.

mod entity_tags;
mod late_joiner;
mod live;
mod matrix;
mod names;
mod operations;
mod timing;
mod world;
