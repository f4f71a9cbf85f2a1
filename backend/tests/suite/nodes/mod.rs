//! Several nodes on one database and one Redis, which the tests kill and pause.
//!
//! SQLite has one node, so these tests need `HALLWAY_TEST_DATABASE=mariadb` or `postgres`, and are
//! ignored by default; `cargo xtask test` runs them on both.

mod cluster;
mod crossing;
mod durable;
mod health;
mod locks;
mod names;
mod presence;
mod redis;
mod revoked;
mod starting;
mod stopping;

use cluster::{Cluster, Fault};
