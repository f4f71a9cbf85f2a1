//! The credentials of the sockets, and the accounts that changed. The hub does not decide whose access
//! is over: the account watch looks it up in the database, and other nodes are told only which
//! account to look up.

use std::collections::HashSet;

use shared::{
    ids::{SessionId, UserId},
    live::{CloseCode, ServerFrame},
    users::User,
};

use super::{Hub, NodeEvent, SocketId};

/// How a socket was let in.
#[derive(Clone, Copy, Debug)]
pub struct Credential {
    pub user: UserId,
    /// None with HTTP Basic.
    pub session: Option<SessionId>,
    /// The account's generation when the credentials were checked.
    pub generation: i64,
    /// When the session expires, in microseconds since 1970; never with HTTP Basic.
    pub expires_at: Option<i64>,
}

impl Credential {
    /// Whether the session has expired at a time in microseconds since 1970.
    pub fn has_expired(&self, now: i64) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

impl Hub {
    /// Sets the callback, which clears caches, for accounts that changed. Called once, at start.
    pub fn on_account_change(&self, callback: impl Fn(UserId) + Send + Sync + 'static) {
        let _ = self.0.on_account_change.set(Box::new(callback));
    }

    /// Makes every node look up an account whose password, role, state or sessions changed. Called
    /// after the commit; if a node misses it, the node finds the change in the database.
    pub fn announce_account_change(&self, user: UserId) {
        self.publish(NodeEvent::AccountChanged { user });
    }

    /// Clears the caches of an account, and wakes [`Hub::account_changed`].
    pub fn note_account_change(&self, user: UserId) {
        if let Some(callback) = self.0.on_account_change.get() {
            callback(user);
        }
        self.state().changed_accounts.insert(user);
        self.0.account_changed.notify_one();
    }

    /// Waits until an account changed.
    pub async fn account_changed(&self) {
        self.0.account_changed.notified().await;
    }

    /// Takes the accounts that changed and were not taken yet.
    pub fn take_changed_accounts(&self) -> HashSet<UserId> {
        std::mem::take(&mut self.state().changed_accounts)
    }

    /// Returns accounts that could not be looked up, for the next [`Hub::take_changed_accounts`].
    pub fn return_changed_accounts(&self, users: HashSet<UserId>) {
        self.state().changed_accounts.extend(users);
    }

    /// The sockets of these accounts on this node.
    pub fn sockets_of(&self, users: &[UserId]) -> Vec<(SocketId, Credential)> {
        let state = self.state();
        let connections = users.iter().filter_map(|user| state.connections_by_user.get(user));
        let sockets = connections.flatten().map(|(id, connection)| (*id, connection.credential));
        sockets.collect()
    }

    /// The sessions of this node's sockets.
    pub fn connected_sessions(&self) -> HashSet<SessionId> {
        self.state().connections.values().filter_map(|found| found.credential.session).collect()
    }

    /// Closes sockets whose access is over.
    pub fn close_sockets(&self, ids: &[SocketId]) {
        let state = self.state();
        for connection in ids.iter().filter_map(|id| state.connections.get(id)) {
            connection.close(CloseCode::SessionEnded);
        }
    }

    /// Closes the sockets whose session has expired at a time in microseconds since 1970.
    pub fn close_expired(&self, now: i64) {
        for connection in self.state().connections.values() {
            if connection.credential.has_expired(now) {
                connection.close(CloseCode::SessionEnded);
            }
        }
    }

    /// Sends an account's current state to its sockets on this node. A socket ignores what it knows.
    pub fn send_account(&self, user: User) {
        self.state().send_to_user(user.id, &ServerFrame::User { user });
    }
}
