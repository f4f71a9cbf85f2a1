//! Several nodes on one database and one Redis, of which each may be killed or paused at any moment.
//!
//! SQLite has one node, so these tests need `HALLWAY_TEST_DATABASE=mariadb` or `postgres`, and are
//! left out (`ignored`) unless asked for: `cargo xtask test` runs them on both.

mod cluster;
mod crossing;
mod durable;
mod health;
mod people;
mod redis;
mod revoked;
mod silent;
mod starting;
mod stopping;

use cluster::{Cluster, Fault};
