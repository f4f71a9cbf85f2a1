//! The jump to a day of the open room, for components outside the room.

use chrono::NaiveDate;
use leptos::prelude::*;

/// The action of the open room that jumps to a day.
#[derive(Clone, Copy, Default)]
pub struct DayJump(RwSignal<Option<Action<NaiveDate, ()>>>);

impl DayJump {
    /// Sets the action of the room that opens, until the room closes.
    pub fn provide(self, jump: Action<NaiveDate, ()>) {
        self.0.set(Some(jump));
        on_cleanup(move || {
            self.0.try_set(None);
        });
    }

    pub fn is_possible(self) -> bool {
        self.0.with(Option::is_some)
    }

    pub fn jump_to(self, day: NaiveDate) {
        if let Some(jump) = self.0.get_untracked() {
            jump.dispatch(day);
        }
    }
}
