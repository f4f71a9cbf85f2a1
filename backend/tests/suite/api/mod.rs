//! REST v1 and the live socket, as people of every role find them.

mod anchors;
mod calendar;
mod dates;
mod input;
mod live;
mod map;
mod messages;
mod origins;
mod people;
mod reading;
mod revalidate;
mod revoked;
mod roles;
