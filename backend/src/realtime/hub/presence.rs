//! Who is there: told once a second and as a difference, so that a thousand people who come back at
//! once are one frame, and one who reconnects within the second is none.

use std::time::Duration;

use shared::{ids::RoomId, live::ServerFrame};

use super::{Hub, State};

impl Hub {
    /// Starts telling; ends with the runtime.
    pub(super) fn tell_presence(&self) {
        let hub = self.clone();
        tokio::spawn(async move {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            loop {
                second.tick().await;
                let stirred = std::mem::take(&mut hub.state().stirred);
                for room in stirred {
                    hub.state().tell_presence(room);
                    hub.tell_nodes(room);
                }
            }
        });
    }

    /// Other nodes are told only what is different for them, or two would tell each other for ever.
    fn tell_nodes(&self, room: RoomId) {
        let mut state = self.state();
        let Some(listened) = state.rooms.get_mut(&room) else {
            // Under the lock, or somebody who comes right now would not be heard.
            self.unfollow(room);
            drop(state);
            return self.say_present(room);
        };
        let here = listened.here();
        if here != listened.said {
            listened.said = here;
            drop(state);
            self.say_present(room);
        }
    }
}

impl State {
    fn tell_presence(&mut self, room: RoomId) {
        let Some(listened) = self.rooms.get_mut(&room) else { return };
        let present = listened.present();
        let online: Vec<_> = present.difference(&listened.announced).copied().collect();
        let offline: Vec<_> = listened.announced.difference(&present).copied().collect();
        listened.announced = present;
        if !online.is_empty() || !offline.is_empty() {
            self.whisper(room, &ServerFrame::Presence { room, online, offline }, |_| true);
        }
    }
}
