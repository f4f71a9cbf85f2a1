//! Who is there: told once a second and as a difference, so that a thousand people who come back at
//! once are one frame, and one who reconnects within the second is none.

use std::time::Duration;

use shared::{ids::RoomId, live::ServerFrame};

use super::{Hub, State};

impl Hub {
    /// Starts telling; ends with the runtime.
    pub fn tell_presence(&self) {
        let hub = self.clone();
        tokio::spawn(async move {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            loop {
                second.tick().await;
                let mut state = hub.state();
                for room in std::mem::take(&mut state.stirred) {
                    state.tell_presence(room);
                }
            }
        });
    }
}

impl State {
    fn tell_presence(&mut self, room: RoomId) {
        let present = self.present(room);
        let Some(listened) = self.rooms.get_mut(&room) else { return };
        let online: Vec<_> = present.difference(&listened.announced).copied().collect();
        let offline: Vec<_> = listened.announced.difference(&present).copied().collect();
        listened.announced = present;
        if !online.is_empty() || !offline.is_empty() {
            self.whisper(room, &ServerFrame::Presence { room, online, offline }, |_| true);
        }
    }
}
