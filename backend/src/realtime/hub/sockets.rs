//! The sockets of this node: by account, and by the time when their sessions expire.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use shared::{
    ids::{SessionId, UserId},
    live::{CloseCode, ServerFrame},
    users::User,
};

use super::{Credential, Hub, Signal, SocketId, connection::Connection};

/// The table of the sockets.
#[derive(Default)]
pub(super) struct Sockets {
    last_id: u64,
    connections: HashMap<SocketId, Arc<Connection>>,
    by_user: BTreeSet<(UserId, SocketId)>,
    /// When the sessions of the connections expire, in microseconds since 1970.
    expiries: BTreeSet<(i64, SocketId)>,
    /// Set when the server stops. A socket that connects later is closed too: its upgrade may have
    /// been accepted just before.
    is_draining: bool,
}

impl Sockets {
    /// Adds a socket of a user; `None` if the user has `max` sockets already.
    pub(super) fn connect(
        &mut self,
        credential: Credential,
        max: usize,
    ) -> Option<(SocketId, Arc<Connection>)> {
        if self.has_sockets(credential.user, max) {
            return None;
        }
        let connection = Arc::new(Connection::new(credential));
        self.last_id += 1;
        let id = SocketId(self.last_id);
        self.by_user.insert((credential.user, id));
        self.connections.insert(id, connection.clone());
        self.expiries.extend(credential.expires_at.map(|expires_at| (expires_at, id)));
        if self.is_draining {
            connection.go_away(0);
        }
        Some((id, connection))
    }

    pub(super) fn disconnect(&mut self, id: SocketId, credential: &Credential) {
        self.connections.remove(&id);
        self.by_user.remove(&(credential.user, id));
        if let Some(expires_at) = credential.expires_at {
            self.expiries.remove(&(expires_at, id));
        }
    }

    /// The sockets of a user.
    pub(super) fn of_user(
        &self,
        user: UserId,
    ) -> impl Iterator<Item = (SocketId, &Arc<Connection>)> {
        let ids = self.by_user.range((user, SocketId::MIN)..=(user, SocketId::MAX));
        ids.filter_map(|(_, id)| Some((*id, self.connections.get(id)?)))
    }

    pub(super) fn has_sockets(&self, user: UserId, max: usize) -> bool {
        self.of_user(user).take(max).count() == max
    }

    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    pub(super) fn start_drain(&mut self) {
        self.is_draining = true;
        self.connections.values().enumerate().for_each(|(nth, connection)| connection.go_away(nth));
    }

    pub(super) fn send_to_user(&self, user: UserId, frame: &Arc<ServerFrame>) {
        for (_, connection) in self.of_user(user) {
            connection.send(Signal::ToUser(frame.clone()));
        }
    }

    /// Sends a frame to every socket.
    pub(super) fn send_to_all(&self, frame: &Arc<ServerFrame>) {
        for connection in self.connections.values() {
            connection.send(Signal::ToUser(frame.clone()));
        }
    }

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

impl Hub {
    /// Whether a user has `max` sockets on this node already.
    pub fn has_sockets(&self, user: UserId, max: usize) -> bool {
        self.sockets().has_sockets(user, max)
    }

    /// The sockets of these accounts on this node.
    pub fn sockets_of(&self, users: &[UserId]) -> Vec<(SocketId, Credential)> {
        let sockets = self.sockets();
        let found = users.iter().flat_map(|user| sockets.of_user(*user));
        found.map(|(id, connection)| (id, connection.credential)).collect()
    }

    /// The sessions of this node's sockets.
    pub fn connected_sessions(&self) -> HashSet<SessionId> {
        let sockets = self.sockets();
        sockets.connections.values().filter_map(|found| found.credential.session).collect()
    }

    /// Closes sockets whose access is over.
    pub fn close_sockets(&self, ids: &[SocketId]) {
        let sockets = self.sockets();
        for connection in ids.iter().filter_map(|id| sockets.connections.get(id)) {
            connection.close(CloseCode::SessionEnded);
        }
    }

    /// Closes the sockets whose session has expired at a time in microseconds since 1970.
    pub fn close_expired(&self, now: i64) {
        self.sockets().close_expired(now);
    }

    /// Sends an account's current state to its sockets on this node. A socket ignores what it knows.
    pub fn send_account(&self, user: User) {
        self.send_to_user(user.id, ServerFrame::User { user });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(user: i64, expires_at: Option<i64>) -> Credential {
        Credential { user: UserId(user), session: None, generation: 0, expires_at }
    }

    #[test]
    fn each_socket_closes_when_its_session_expires() {
        let mut table = Sockets::default();
        let expiries = [Some(30), None, Some(10), Some(20), Some(10)];
        let sockets =
            expiries.map(|expires_at| table.connect(credential(1, expires_at), 9).unwrap());
        let mut closed = |now| {
            table.close_expired(now);
            sockets.each_ref().map(|(_, connection)| connection.has_access_ended())
        };
        assert_eq!(closed(9), [false; 5]);
        assert_eq!(closed(10), [false, false, true, false, true]);
        assert_eq!(closed(29), [false, false, true, true, true]);
        assert_eq!(closed(i64::MAX), [true, false, true, true, true]);
        assert!(table.expiries.is_empty());
    }

    #[test]
    fn a_user_has_a_limit_and_gets_places_back() {
        let mut table = Sockets::default();
        let (first, connection) = table.connect(credential(2, None), 2).unwrap();
        table.connect(credential(2, None), 2).unwrap();
        table.connect(credential(1, None), 2).unwrap();
        table.connect(credential(3, None), 2).unwrap();
        assert!(table.connect(credential(2, None), 2).is_none());
        assert_eq!(table.of_user(UserId(2)).count(), 2);
        table.disconnect(first, &connection.credential);
        assert_eq!(table.of_user(UserId(2)).count(), 1);
        assert!(table.connect(credential(2, None), 2).is_some());
    }
}
