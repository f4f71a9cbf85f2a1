//! The house through its public doors: real servers on ports of their own, people who come in by
//! REST, by live socket and by the doors of the classic chat. Nothing in here reaches around a
//! door, except to copy a data folder and to say when something was said.

mod actors;
mod api;
mod archive;
mod classic;
mod crash;
mod delivery;
mod export;
mod nodes;
mod openapi;
mod program;
mod search;
mod senders;
mod sqlite;
