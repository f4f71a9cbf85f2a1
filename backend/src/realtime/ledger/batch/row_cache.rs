//! The rows that the next batch need not read again.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::ids::{RoomId, UserId};

use crate::tables::{members, rooms, users};

/// A room and a member.
pub(in crate::realtime::ledger) type MemberKey = (RoomId, UserId);

/// The maximum number of rooms, and of members, that the cache keeps between batches.
pub(super) const CACHE_MAX: usize = 50_000;

/// Rooms and members as the last batch left them. With SQLite, where this process is the only
/// writer, the next batch does not read them again; reading is most of the work of a batch that
/// spans many rooms.
#[derive(Default)]
pub(in crate::realtime::ledger) struct RowCache {
    pub(super) rooms: BTreeMap<RoomId, rooms::Model>,
    /// A member row with its account; `None` if the row does not exist.
    pub(super) members: HashMap<MemberKey, Option<(members::Model, users::Model)>>,
}

impl RowCache {
    /// Forgets the member rows of accounts that changed.
    pub(in crate::realtime::ledger) fn forget_accounts(&mut self, changed: &HashSet<UserId>) {
        if !changed.is_empty() {
            self.members.retain(|(_, user), _| !changed.contains(user));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rows_of_changed_accounts_are_forgotten() {
        let mut cache = RowCache::default();
        let keys =
            [(1, 1), (1, 2), (2, 1), (2, 3)].map(|(room, user)| (RoomId(room), UserId(user)));
        cache.members.extend(keys.map(|key| (key, None)));
        cache.forget_accounts(&HashSet::new());
        assert_eq!(cache.members.len(), 4);
        cache.forget_accounts(&HashSet::from([UserId(1), UserId(9)]));
        assert!(cache.members.keys().all(|(_, user)| *user != UserId(1)));
        assert_eq!(cache.members.len(), 2);
    }
}
