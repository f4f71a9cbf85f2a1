//! The core of the server. `ledger` executes every write to a room, `hub` fans committed changes
//! out to the sockets of this node, and `relay` carries them between nodes.

pub mod hub;
pub mod ledger;
pub mod relay;
