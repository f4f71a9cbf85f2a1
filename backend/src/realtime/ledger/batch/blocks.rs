//! Direct rooms of two people, one of whom blocks the other. Nobody writes there, so that a refusal does
//! not tell who blocks.

use std::collections::{BTreeSet, HashSet};

use shared::{access::RoomKind, ids::RoomId, problem::Code};

use super::Batch;
use crate::{Result, tables::refused_rooms};

impl Batch<'_> {
    /// Those of some locked rooms in which nobody may write. Reads nothing unless one of them is a direct
    /// room of two people.
    pub(in crate::realtime::ledger) async fn refused_rooms(
        &self,
        rooms: impl Iterator<Item = RoomId>,
    ) -> Result<HashSet<RoomId>> {
        let is_of_two = |room: &RoomId| {
            let row = self.room(*room);
            row.is_ok_and(|row| row.kind.0 == RoomKind::Direct && row.member_count == 2)
        };
        let of_two: BTreeSet<RoomId> = rooms.filter(is_of_two).collect();
        if of_two.is_empty() {
            return Ok(HashSet::new());
        }
        Ok(refused_rooms(self.txn, of_two).await?)
    }

    /// [`Code::DirectRefused`] if nobody may write in a locked room.
    pub(in crate::realtime::ledger) async fn check_direct(&self, room: RoomId) -> Result<()> {
        match self.refused_rooms([room].into_iter()).await?.is_empty() {
            true => Ok(()),
            false => Err(Code::DirectRefused.into()),
        }
    }
}
