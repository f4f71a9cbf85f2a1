//! The people whom somebody blocks. Only the person who blocks them learns of it.

use serde::{Deserialize, Serialize};

use super::UserRef;
use crate::Timestamp;

/// A person whom the caller blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Block {
    /// The person.
    pub user: UserRef,
    /// When the caller blocked them.
    pub created_at: Timestamp,
}

/// `GET /users/me/blocks`: the people whom the caller blocks, the last one first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BlockList {
    /// At most 1 000.
    pub blocks: Vec<Block>,
}
