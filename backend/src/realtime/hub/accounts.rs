//! The credentials of the sockets, and the accounts that changed. The hub does not decide whose access
//! is over: the account watch looks it up in the database, and other nodes are told only which
//! account to look up.

use std::collections::HashSet;

use shared::ids::{SessionId, UserId};

use super::{Hub, NodeEvent};
use crate::tables::AccountChange;

/// How a socket was let in.
#[derive(Clone, Copy, Debug)]
pub struct Credential {
    pub user: UserId,
    /// `None` with HTTP Basic.
    pub session: Option<SessionId>,
    /// The account's generation when the credentials were checked.
    pub generation: i64,
    /// When the session expires, in microseconds since 1970; `None` with HTTP Basic.
    pub expires_at: Option<i64>,
}

impl Credential {
    /// Whether the session has expired at a time in microseconds since 1970.
    pub fn has_expired(&self, now: i64) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

/// The accounts and the rows of the log that the account watch has not taken yet.
#[derive(Default)]
pub(super) struct ChangedAccounts {
    /// Accounts that the account watch has to look up.
    users: HashSet<UserId>,
    /// The rows of the log of changed accounts that this node announced since it last read the log.
    announced: Vec<i64>,
}

impl Hub {
    /// Sets the callback, which clears caches, for accounts that changed. Called once, at start.
    pub fn on_account_change(&self, callback: impl Fn(UserId) + Send + Sync + 'static) {
        let _ = self.0.on_account_change.set(Box::new(callback));
    }

    /// Makes every node look up an account whose password, role, state or sessions changed. Called
    /// after the commit; if another node misses it, that node finds the change in the log. This node
    /// does not: [`Hub::take_announced_changes`] names the row.
    pub fn announce_account_change(&self, AccountChange { id, user }: AccountChange) {
        self.relay(&NodeEvent::AccountChanged { user });
        self.changed_accounts().announced.push(id);
        self.note_account_change(user);
    }

    /// Takes the rows of the log of changed accounts that this node announced and that were not taken
    /// yet. Events of other nodes name no rows: a forged one must not hide a change.
    pub fn take_announced_changes(&self) -> Vec<i64> {
        std::mem::take(&mut self.changed_accounts().announced)
    }

    /// Clears the caches of an account, and wakes [`Hub::account_changed`].
    pub fn note_account_change(&self, user: UserId) {
        if let Some(callback) = self.0.on_account_change.get() {
            callback(user);
        }
        self.changed_accounts().users.insert(user);
        self.0.account_changed.notify_one();
    }

    /// Waits until an account changed.
    pub async fn account_changed(&self) {
        self.0.account_changed.notified().await;
    }

    /// Takes the accounts that changed and were not taken yet.
    pub fn take_changed_accounts(&self) -> HashSet<UserId> {
        std::mem::take(&mut self.changed_accounts().users)
    }

    /// Returns accounts that could not be looked up, for the next [`Hub::take_changed_accounts`].
    pub fn return_changed_accounts(&self, users: HashSet<UserId>) {
        self.changed_accounts().users.extend(users);
    }
}
