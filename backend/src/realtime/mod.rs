//! The core of the server. `ledger` owns every write that takes a number in a room, `hub` fans
//! committed changes out to the sockets of this node, `relay` carries them between nodes.

pub mod hub;
pub mod ledger;
pub mod relay;
