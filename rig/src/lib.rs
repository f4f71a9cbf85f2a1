//! What loads and torments Hallway, and judges what it did.
//!
//! `services` are processes of our own (databases, Redis, Hallway, links between them) that can be
//! killed, paused and cut off; `workload` are people whose every step is written into a `history`;
//! `checker` judges it; `faults` brings them together and `report` shows it. `load` measures, beside
//! the bare loops that it brings along. `mutants` tests the rig: what it says of servers that are known to be bad. An
//! arrow only points down.

pub mod faults;
pub mod load;
pub mod mutants;
pub mod report;

pub mod checker;
pub mod workload;

pub mod history;
pub mod services;
