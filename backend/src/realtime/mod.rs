//! The core of the server. `ledger` executes every write to a room, `hub` fans committed changes
//! out to the sockets of this node, `relay` carries them between nodes, and `jobs` runs what comes after the
//! commit and may take long.

pub mod hub;
pub mod jobs;
pub mod ledger;
pub mod relay;
