//! What is said in a room: the timeline, each message, and writing.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
    timeline::Timeline,
};

use crate::{
    api::{self, Answer, Page},
    live::RoomState,
    state::place::back::Back,
    ui::{Action, Ui, action},
};

mod announcer;
mod calendar;
mod conversation;
mod delete_dialog;
mod place;
mod row;
mod text;
mod timeline;
mod toolbar;
mod unread;
mod writing;

pub use conversation::Conversation;

use place::{Arrival, to_day};

/// One open room, as its parts share it.
#[derive(Clone, Copy)]
pub struct Open {
    pub room: RoomId,
    state: StoredValue<RoomState>,
    /// Where the unread began when the reader came, or has begun since they looked away.
    pub unread_after: RwSignal<Option<Seq>>,
    pub reply_to: RwSignal<Option<Seq>>,
    pub editing: RwSignal<Option<Seq>>,
    /// What the message that is edited reads so far: its row may be made anew meanwhile.
    pub edited: RwSignal<Option<String>>,
    pub deleting: RwSignal<Option<Seq>>,
    /// Whether a day is being chosen.
    pub calendar: RwSignal<bool>,
    /// A message to go to, loaded or not.
    pub jump: RwSignal<Option<Seq>>,
    /// How to come there.
    arrival: StoredValue<Arrival>,
    /// Where the reader was before they went elsewhere.
    back: RwSignal<Back>,
    /// Goes to a day.
    pub day: Action<NaiveDate, ()>,
    pub highlight: RwSignal<Option<Seq>>,
    /// What is being written.
    pub draft: RwSignal<String>,
    /// Counts my own sends: each goes to the bottom.
    pub sent: RwSignal<u32>,
    /// When the others were last told that I am writing, in milliseconds.
    pub typed_at: StoredValue<f64>,
    pub load: Action<Page, Answer<()>>,
}

impl Open {
    fn new(room: RoomId, state: RoomState, unread_after: Option<Seq>, draft: String) -> Self {
        let loader = state.clone();
        let load = action(move |page: &Page| {
            let (page, state) = (*page, loader.clone());
            async move { load(room, page, &state).await }
        });
        let jump = RwSignal::new(None);
        Self {
            room,
            day: to_day(room, state.clone(), jump, expect_context::<Ui>()),
            state: StoredValue::new(state),
            unread_after: RwSignal::new(unread_after),
            reply_to: RwSignal::new(None),
            editing: RwSignal::new(None),
            edited: RwSignal::new(None),
            deleting: RwSignal::new(None),
            calendar: RwSignal::new(false),
            jump,
            arrival: StoredValue::default(),
            back: RwSignal::default(),
            highlight: RwSignal::new(None),
            draft: RwSignal::new(draft),
            sent: RwSignal::new(0),
            typed_at: StoredValue::new(0.0),
            load,
        }
    }

    /// What this page holds of the room.
    pub fn state(self) -> RoomState {
        self.state.get_value()
    }

    /// Reads the timeline and follows it.
    pub fn with<T>(self, read: impl FnOnce(&Timeline) -> T) -> T {
        self.state().timeline.with(read)
    }

    /// Reads the timeline as it is now.
    pub fn with_untracked<T>(self, read: impl FnOnce(&Timeline) -> T) -> T {
        self.state().timeline.with_untracked(read)
    }

    /// A loaded message.
    pub fn message(self, seq: Seq) -> Option<Message> {
        self.with_untracked(|t| t.get(seq).cloned())
    }

    /// Loads a page unless one is on its way.
    pub fn load(self, page: Page) {
        if !self.load.pending().get_untracked() {
            self.load.dispatch(page);
        }
    }
}

async fn load(room: RoomId, page: Page, state: &RoomState) -> Answer<()> {
    // The timeline takes no page that was read before a reset: then the next one will do.
    for _ in 0..3 {
        let read = api::messages(room, page).await?;
        let taken = state.timeline.try_update(|t| t.page(read.messages, read.as_of_rev));
        if taken != Some(false) {
            break;
        }
    }
    Ok(())
}
