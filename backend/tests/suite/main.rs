//! Tests of the server through its public interfaces: REST, live socket, classic endpoints, command
//! line. Each test has its own server. The only shortcuts are copies of prepared data folders and
//! changed timestamps of messages.

// The futures of a starting server nest deeper than the default of 128.
#![recursion_limit = "256"]

mod access;
mod api;
mod archive;
mod classic;
mod connections;
mod crash;
mod database;
mod deletion;
mod delivery;
mod direct;
mod export;
mod fixture;
mod health;
mod history;
mod nodes;
mod openapi;
mod program;
mod rooms;
mod search;
mod senders;
mod sqlite;
mod web;
