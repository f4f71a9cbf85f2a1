//! Presence: the hub sends it at most once a second and as a difference, so that a thousand users
//! who reconnect at once cost one frame, and a user who reconnects within the second costs none.

use std::time::Duration;

use shared::{ids::RoomId, live::ServerFrame, rules};

use super::{Hub, State};
use crate::{
    background::run_periodically,
    failpoints::{Failpoint, is_active},
};

impl Hub {
    /// Starts the task that sends presence; it ends with the runtime.
    pub(super) fn spawn_presence(&self) {
        let hub = self.clone();
        tokio::spawn(async move {
            let send = |_| async { hub.send_changed_presence() };
            run_periodically("presence", Duration::from_secs(1), send).await;
        });
    }

    fn send_changed_presence(&self) {
        let dirty = std::mem::take(&mut self.state().presence_dirty);
        for room in dirty {
            self.state().send_presence(room);
            self.relay_changed_presence(room);
        }
    }

    /// Relays the presence of this node only if it changed, because otherwise two nodes would reply
    /// to each other forever.
    fn relay_changed_presence(&self, room: RoomId) {
        let mut state = self.state();
        let Some(fanout) = state.rooms.get_mut(&room) else {
            // Under the lock, because otherwise this could undo the subscription of a socket that
            // connects now.
            self.unsubscribe_relay(room);
            drop(state);
            return self.relay_presence(room);
        };
        let local_users = fanout.local_users();
        if local_users != fanout.relayed_users {
            fanout.relayed_users = local_users;
            drop(state);
            self.relay_presence(room);
        }
    }
}

impl State {
    fn send_presence(&mut self, room: RoomId) {
        let Some(fanout) = self.rooms.get_mut(&room) else { return };
        let users = fanout.online_users();
        let online: Vec<_> = users.difference(&fanout.announced_users).copied().collect();
        let offline: Vec<_> = fanout.announced_users.difference(&users).copied().collect();
        fanout.announced_users = users;
        let max = rules::FRAME_MAX_ITEMS;
        let (mut online, mut offline) = (online.chunks(max), offline.chunks(max));
        while online.len() + offline.len() > 0 {
            let [online, offline] =
                [online.next(), offline.next()].map(|users| users.unwrap_or_default().to_vec());
            let frame = ServerFrame::Presence { room, online, offline };
            if is_active(Failpoint::PresenceToldOutside) {
                self.connections_by_user.keys().for_each(|user| self.send_to_user(*user, &frame));
                continue;
            }
            self.send_ephemeral(room, &frame, |_| true);
        }
    }
}
