//! The credentials of the sockets, and the accounts that changed. The hub does not decide whose access
//! is over: the account watch looks it up in the database, and other nodes are told only which
//! account to look up.

use std::collections::HashSet;

use shared::{
    ids::{SessionId, UserId},
    live::{CloseCode, ServerFrame},
    users::User,
};

use super::{Hub, NodeEvent, SocketId, State};
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
        self.state().announced_changes.push(id);
        self.note_account_change(user);
    }

    /// Takes the rows of the log of changed accounts that this node announced and that were not taken
    /// yet. Events of other nodes name no rows: a forged one must not hide a change.
    pub fn take_announced_changes(&self) -> Vec<i64> {
        std::mem::take(&mut self.state().announced_changes)
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
        self.state().close_expired(now);
    }

    /// Sends an account's current state to its sockets on this node. A socket ignores what it knows.
    pub fn send_account(&self, user: User) {
        self.state().send_to_user(user.id, &ServerFrame::User { user });
    }
}

impl State {
    /// Takes as long as there are expired sessions, however many sockets are open.
    fn close_expired(&mut self, now: i64) {
        while let Some(&(expires_at, socket)) = self.expiries.first()
            && expires_at <= now
        {
            self.expiries.pop_first();
            if let Some(connection) = self.connections.get(&socket) {
                connection.close(CloseCode::SessionEnded);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_closes_when_its_session_expires() {
        let mut state = State::default();
        let sockets = [Some(30), None, Some(10), Some(20), Some(10)].map(|expires_at| {
            let credential =
                Credential { user: UserId(1), session: None, generation: 0, expires_at };
            state.connect(credential)
        });
        let mut closed = |now| {
            state.close_expired(now);
            sockets.each_ref().map(|(_, connection)| connection.has_access_ended())
        };
        assert_eq!(closed(9), [false; 5]);
        assert_eq!(closed(10), [false, false, true, false, true]);
        assert_eq!(closed(29), [false, false, true, true, true]);
        assert_eq!(closed(i64::MAX), [true, false, true, true, true]);
        assert!(state.expiries.is_empty());
    }
}
