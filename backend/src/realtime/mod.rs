//! The core: `ledger` writes all that takes a number in a room, `hub` fans committed changes out to
//! listeners on this node, `relay` carries them between nodes.

pub mod hub;
pub mod ledger;
pub mod relay;
