//! The lines of the blocks, which follow the last account.

use shared::{problem::FieldError, rules::BLOCKS_MAX};

use super::{check, lines::Block};
use crate::tables::{BlockRow, to_timestamp};

/// Checks the order of the lines, and how many of them each account has.
#[derive(Default)]
pub struct BlockChecker {
    /// The last account that blocks somebody, and whom.
    last: (i64, i64),
    /// The number of lines of that account.
    count: u64,
}

impl BlockChecker {
    /// Checks a line between two accounts that exist.
    pub fn check(&mut self, line: &Block) -> Result<(), FieldError> {
        if line.user == line.blocked {
            return Err(FieldError::new("blocked", "must be another account than user"));
        }
        if (line.user, line.blocked) <= self.last {
            let message = "must follow that of the line before, and blocked within an account";
            return Err(FieldError::new("user", message));
        }
        self.count = if line.user == self.last.0 { self.count + 1 } else { 1 };
        if self.count > BLOCKS_MAX {
            let message = format!("must be at most {BLOCKS_MAX} accounts of each user");
            return Err(FieldError::new("blocked", message));
        }
        self.last = (line.user, line.blocked);
        check::timestamp("created_at", line.created_at)
    }
}

impl From<BlockRow> for Block {
    fn from(row: BlockRow) -> Self {
        let BlockRow { user_id: user, blocked_id: blocked, created_at } = row;
        Self { user, blocked, created_at: to_timestamp(created_at) }
    }
}

impl From<Block> for BlockRow {
    fn from(line: Block) -> Self {
        let Block { user, blocked, created_at } = line;
        Self { user_id: user, blocked_id: blocked, created_at: created_at.timestamp_micros() }
    }
}
