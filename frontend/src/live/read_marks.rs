//! Commands that move my read positions.

use leptos::prelude::*;
use shared::{
    ids::{RoomId, Seq},
    live::ClientFrame,
};

use super::client::{ConnectionStatus, LiveClient};

impl LiveClient {
    /// Marks everything up to `seq` as read, unless my read position is no longer `known`. The page
    /// shows the new position when the server confirms it, because only then do my other devices
    /// have it.
    pub fn mark_read(self, room: RoomId, seq: Seq, known: Seq) {
        self.send_command(ClientFrame::Read { room, seq, exact: false, if_read_seq: Some(known) });
    }

    /// Marks everything in one room, or in all rooms, as read.
    pub fn mark_all_read(self, only: Option<RoomId>) {
        let unread = self.rooms.with_untracked(|rooms| rooms.last_of_unread(only));
        if unread.is_empty() || !self.check_connected() {
            return;
        }
        for (room, seq) in unread {
            self.send_command(ClientFrame::Read { room, seq, exact: false, if_read_seq: None });
        }
    }

    /// Marks this message and everything after it as unread, on all my devices.
    pub fn mark_unread_from(self, room: RoomId, seq: Seq) {
        if self.check_connected() {
            let seq = Seq(seq.0 - 1);
            self.send_command(ClientFrame::Read { room, seq, exact: true, if_read_seq: None });
        }
    }

    /// Returns whether the client is connected, and shows an error if it is not.
    fn check_connected(self) -> bool {
        let is_connected = self.status.get_untracked() == ConnectionStatus::Connected;
        if !is_connected {
            self.ui.error("You're offline, so nothing was marked. Try again when you're back.");
        }
        is_connected
    }
}
