//! The writes that wait for an actor: a queue for each account, served in turns (deficit round
//! robin), so that an account with many or long writes delays its own writes and nobody else's.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use shared::ids::UserId;

/// The maximum number of writes in one transaction.
pub(super) const BATCH_MAX: usize = 64;
/// The maximum size of the texts in one transaction, in bytes, if it has more than one write. The
/// search index makes long texts expensive, and a write of another account waits for the batch in
/// progress and for its own. The fsync, which all writes of a batch share, costs little beside so many
/// bytes.
const BATCH_TEXT_MAX: usize = 32 * 1_024;
/// The cost of a write without text, in bytes of text that take as long.
const WRITE_COST: usize = 1_024;
/// The cost that an account may spend in each turn.
const TURN_COST: usize = 4 * WRITE_COST;
/// The maximum cost that an account can save up: enough for the longest message.
const SAVED_COST_MAX: usize = 32 * WRITE_COST;

/// The account that a write counts for; `None` is the server itself.
pub(super) type Account = Option<UserId>;

/// The writes of all accounts, each account's in the order of arrival.
pub(super) struct FairQueue<T> {
    by_account: HashMap<Account, AccountQueue<T>>,
    /// The accounts with writes, in the order of their turns.
    turns: VecDeque<Account>,
    len: usize,
}

struct AccountQueue<T> {
    /// The writes with the sizes of their texts.
    writes: VecDeque<(usize, T)>,
    /// The unspent cost of the past turns.
    saved_cost: usize,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { by_account: HashMap::new(), turns: VecDeque::new(), len: 0 }
    }
}

impl<T> FairQueue<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn push(&mut self, account: Account, text_bytes: usize, write: T) {
        self.len += 1;
        match self.by_account.entry(account) {
            Entry::Occupied(mut queue) => queue.get_mut().writes.push_back((text_bytes, write)),
            Entry::Vacant(place) => {
                let writes = VecDeque::from([(text_bytes, write)]);
                place.insert(AccountQueue { writes, saved_cost: 0 });
                self.turns.push_back(account);
            }
        }
    }

    /// Removes the writes of the next batch. The batch ends when all accounts that are left have to save
    /// up for a long write: that write goes into a later batch, and those before it do not wait until it
    /// is written too.
    pub(super) fn take_batch(&mut self) -> Vec<T> {
        let mut batch = Vec::with_capacity(self.len.min(BATCH_MAX));
        let mut batch_text = 0;
        // The number of turns, one after the other, in which an account saved up.
        let mut savers = 0;
        while let Some(account) = self.turns.pop_front() {
            let Some(queue) = self.by_account.get_mut(&account) else { continue };
            queue.saved_cost = SAVED_COST_MAX.min(queue.saved_cost + TURN_COST);
            let mut is_full = false;
            let before = batch.len();
            while let Some((text_bytes, _)) = queue.writes.front() {
                let cost = WRITE_COST + text_bytes;
                if cost > queue.saved_cost && cost <= SAVED_COST_MAX {
                    break;
                }
                let fits = batch.is_empty() || batch_text + text_bytes <= BATCH_TEXT_MAX;
                is_full = batch.len() == BATCH_MAX || !fits;
                if is_full {
                    break;
                }
                queue.saved_cost = queue.saved_cost.saturating_sub(cost);
                batch_text += text_bytes;
                batch.extend(queue.writes.pop_front().map(|(_, write)| write));
                self.len -= 1;
            }
            savers = if batch.len() == before { savers + 1 } else { 0 };
            match (queue.writes.is_empty(), is_full) {
                (true, _) => drop(self.by_account.remove(&account)),
                (false, false) => self.turns.push_back(account),
                (false, true) => {
                    // First in the next batch: otherwise a long write could miss every batch.
                    self.turns.push_front(account);
                    break;
                }
            }
            if !batch.is_empty() && savers >= self.turns.len() {
                break;
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Account = Some(UserId(1));
    const BOB: Account = Some(UserId(2));
    const LONG: usize = 16 * 1_024;

    fn queue(writes: &[(Account, usize, &'static str)], times: usize) -> FairQueue<&'static str> {
        let mut queue = FairQueue::default();
        for _ in 0..times {
            for (account, text_bytes, name) in writes {
                queue.push(*account, *text_bytes, *name);
            }
        }
        queue
    }

    #[test]
    fn a_late_write_of_another_account_is_in_the_next_batch() {
        for (text_bytes, per_batch) in [(LONG, 1), (10, 64)] {
            let mut queue = queue(&[(ADA, text_bytes, "ada")], 512);
            assert_eq!(queue.take_batch().len(), per_batch);
            queue.push(BOB, 10, "bob");
            assert!(queue.take_batch().contains(&"bob"), "{text_bytes}");
        }
    }

    #[test]
    fn a_short_write_does_not_wait_for_long_ones_in_its_batch() {
        let mut queue = queue(&[(ADA, LONG, "ada")], 100);
        queue.take_batch();
        queue.push(BOB, 10, "bob");
        assert_eq!(queue.take_batch(), ["bob"]);
        let mut long = 0;
        for _ in 0..100 {
            queue.push(BOB, 10, "bob");
            let batch = queue.take_batch();
            assert!(batch.contains(&"bob"));
            long += batch.len() - 1;
        }
        // The long ones get their share nevertheless.
        assert!((30..=65).contains(&long), "{long}");
    }

    #[test]
    fn accounts_share_a_batch_by_bytes() {
        let mut queue = queue(&[(ADA, LONG, "ada")], 100);
        for _ in 0..100 {
            queue.push(BOB, 1_024, "bob");
        }
        let batches: Vec<_> = (0..8).flat_map(|_| queue.take_batch()).collect();
        let bobs = batches.iter().filter(|name| **name == "bob").count();
        let adas = batches.len() - bobs;
        assert!(bobs >= 6 * adas, "{bobs} short and {adas} long writes");
    }

    #[test]
    fn many_accounts_take_turns_and_each_keeps_its_order() {
        let mut queue = FairQueue::default();
        for nth in 0..100 {
            for user in 0..8 {
                // Short and long ones mixed, some longer than any message.
                queue.push(Some(UserId(user)), [0, 500, LONG, 40 * 1_024][nth % 4], (user, nth));
            }
        }
        let mut next = [0; 8];
        while !queue.is_empty() {
            let before = queue.len();
            let batch = queue.take_batch();
            assert!((1..=BATCH_MAX).contains(&batch.len()) && queue.len() + batch.len() == before);
            for (user, nth) in batch {
                assert_eq!(next[user as usize], nth);
                next[user as usize] += 1;
            }
            let (least, most) = (next.iter().min().unwrap(), next.iter().max().unwrap());
            assert!(most - least <= 8, "{next:?}");
        }
        assert!(queue.by_account.is_empty() && queue.turns.is_empty());
        assert_eq!(next, [100; 8]);
    }
}
