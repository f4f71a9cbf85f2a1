//! The load generator, fault injector and history checker of Hallway.
//!
//! `services` run databases, Redis and Hallway, which can be killed, paused and disconnected. The
//! clients of a `workload` record every step in a `history`, and the `checker` finds its
//! violations. `faults` combines them, and `report` writes the result. `load` measures speed
//! against baselines. `access` lets people with all ranks act at random, and an oracle judges what each of
//! them sees. `mutants` tests the rig itself with servers that have known faults. A module
//! uses only modules below it in this list.

pub mod mutants;

pub mod access;

pub mod faults;
pub mod load;

pub mod report;
pub mod workload;

pub mod accounts;
pub mod checker;

pub mod api;
pub mod history;
pub mod services;
pub mod stats;
