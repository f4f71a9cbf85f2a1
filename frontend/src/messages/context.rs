//! The context that the components of one open room share.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::{
    access,
    ids::{RoomId, Seq, UserId},
    messages::Message,
    timeline::Timeline,
};

use super::loader::{load_day, load_page};
use crate::{
    api::{self, PageRequest},
    auth::Auth,
    live::{LiveClient, RoomState, load_draft, load_edits, place_key, store_draft},
    state::{
        draft_key::{DraftKey, DraftKind},
        scroll::jump_history::JumpHistory,
    },
    ui::{Ui, time},
};

/// A request to scroll the timeline to a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    pub seq: Seq,
    pub kind: JumpKind,
}

/// How the timeline scrolls to the target of a jump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum JumpKind {
    /// To the message that somebody named: it is highlighted, and there is a way back.
    Link,
    /// To the first message of a day or the first unread one: like `Link`, but nobody expects that
    /// very message, so a deleted one needs no notice.
    Start,
    /// From the scrollbar: this fraction of the message is above the viewport.
    Scrollbar(f64),
    /// Back in the history: the message ends this many CSS pixels below the viewport's top.
    Back(f64),
}

impl JumpKind {
    pub fn is_highlighted(self) -> bool {
        matches!(self, Self::Link | Self::Start)
    }
}

/// The purpose of the dialog over the messages.
#[derive(Clone, Copy, PartialEq)]
pub enum RoomDialog {
    /// Asks before the message is deleted.
    Delete(Seq),
    /// Reports the message.
    Report(Seq),
    /// Chooses an emoji for the message.
    React(Seq),
    /// Chooses a day to jump to.
    Calendar,
}

/// One open room.
#[derive(Clone, Copy)]
pub struct RoomContext {
    pub id: RoomId,
    pub me: UserId,
    state: StoredValue<RoomState>,
    /// The last read message when the reader opened the room or looked away; the unread divider
    /// comes after it.
    pub unread_after: RwSignal<Option<Seq>>,
    pub reply_to: RwSignal<Option<Seq>>,
    pub editing: RwSignal<Option<Seq>>,
    /// The texts of unfinished edits. They are not in the editors, because a row may be replaced
    /// meanwhile.
    pub edits: RwSignal<BTreeMap<Seq, String>>,
    pub dialog: RwSignal<Option<RoomDialog>>,
    /// Whether I may add reactions.
    pub may_react: Memo<bool>,
    /// How long slow mode keeps me from posting, in seconds.
    pub slow_wait_s: RwSignal<u64>,
    /// The jump in progress; its message may have to be loaded first.
    pub jump: RwSignal<Option<Jump>>,
    /// The newest message when the reader jumped to it, until another jump. Once it was visible,
    /// everything before it counts as read too.
    pub skipped_to: StoredValue<Option<Seq>>,
    pub history: RwSignal<JumpHistory>,
    /// Jumps to a day.
    pub jump_to_day: Action<NaiveDate, ()>,
    pub highlighted: RwSignal<Option<Seq>>,
    /// The text in the composer.
    pub draft: RwSignal<String>,
    /// Counts my sent messages; each one scrolls to the bottom.
    pub sent_count: RwSignal<u32>,
    load_action: Action<PageRequest, api::Result<()>>,
    /// The page that was requested last.
    pub last_request: StoredValue<Option<PageRequest>>,
    pub is_loading: Memo<bool>,
}

impl RoomContext {
    pub fn new(id: RoomId, me: UserId, state: RoomState, unread_after: Option<Seq>) -> Self {
        let jump = RwSignal::new(None);
        let draft_key = |kind| DraftKey::new(me, id, kind);
        let loader = state.clone();
        let load_action =
            Action::new_local(move |page: &PageRequest| load_page(id, *page, loader.clone()));
        Self {
            id,
            me,
            jump_to_day: jump_to_day_action(id, state.clone(), jump),
            state: StoredValue::new(state),
            unread_after: RwSignal::new(unread_after),
            reply_to: RwSignal::new(load_draft(draft_key(DraftKind::ReplyTo)).parse().ok()),
            editing: RwSignal::new(None),
            edits: RwSignal::new(load_edits(me, id)),
            dialog: RwSignal::new(None),
            may_react: may_react(id),
            slow_wait_s: RwSignal::new(0),
            jump,
            skipped_to: StoredValue::new(None),
            history: RwSignal::default(),
            highlighted: RwSignal::new(None),
            draft: RwSignal::new(load_draft(draft_key(DraftKind::Message))),
            sent_count: RwSignal::new(0),
            load_action,
            last_request: StoredValue::new(None),
            is_loading: load_action.pending(),
        }
    }

    pub fn state(self) -> RoomState {
        self.state.get_value()
    }

    /// The first message that I may read. Those before it do not exist for me.
    pub fn first_seq(self) -> Seq {
        self.state.with_value(|state| state.first_seq)
    }

    /// Reads the timeline and subscribes to it.
    pub fn with_timeline<T>(self, read: impl FnOnce(&Timeline) -> T) -> T {
        self.state().timeline.with(read)
    }

    /// Reads the timeline without subscribing to it.
    pub fn with_timeline_untracked<T>(self, read: impl FnOnce(&Timeline) -> T) -> T {
        self.state().timeline.with_untracked(read)
    }

    /// A loaded message, without subscribing to the timeline.
    pub fn message(self, seq: Seq) -> Option<Message> {
        self.with_timeline_untracked(|t| t.get(seq).cloned())
    }

    /// Follows a message, as long as it is loaded.
    pub fn follow_message(self, seq: Seq) -> Memo<Option<Message>> {
        let timeline = self.state().timeline;
        Memo::new(move |_| timeline.with(|t| t.get(seq).cloned()))
    }

    /// Closes the dialog if it still has this purpose: a request may end after the reader opened another.
    pub fn close_dialog(self, purpose: RoomDialog) {
        if self.dialog.try_get_untracked().flatten() == Some(purpose) {
            self.dialog.set(None);
        }
    }

    /// Lets the reader choose an emoji for a message, if I may react to it.
    pub fn choose_reaction(self, seq: Seq) {
        let is_deleted = self.message(seq).is_none_or(|message| message.deleted_at.is_some());
        if self.may_react.get_untracked() && !is_deleted {
            self.dialog.set(Some(RoomDialog::React(seq)));
        }
    }

    /// Jumps to a message, which need not be loaded.
    pub fn jump_to(self, seq: Seq) {
        self.jump_by(seq, JumpKind::Link);
    }

    pub fn jump_by(self, seq: Seq, kind: JumpKind) {
        // The room may have been closed while a request for the target was in flight.
        self.skipped_to.try_set_value(None);
        self.jump.try_set(Some(Jump { seq, kind }));
    }

    /// Loads a page, unless another one is being loaded.
    pub fn load(self, page: PageRequest) {
        if !self.is_loading.get_untracked() {
            self.last_request.set_value(Some(page));
            self.load_action.dispatch(page);
        }
    }

    /// Loads the page that was requested last again.
    pub fn retry(self) {
        self.load(self.last_request.get_value().unwrap_or(PageRequest::Newest));
    }

    /// The error of the last page request, if it failed.
    pub fn load_error(self) -> Option<api::Error> {
        self.load_action.value().get()?.err()
    }

    /// The localStorage key of a draft in this room.
    pub fn draft_key(self, kind: DraftKind) -> DraftKey {
        DraftKey::new(self.me, self.id, kind)
    }

    /// The sessionStorage key of the reader's place in this room.
    pub fn place_key(self) -> String {
        place_key(self.me, self.id)
    }

    /// Stores the text of an unfinished edit; `None` ends the edit.
    pub fn set_edit(self, seq: Seq, text: Option<String>) {
        store_draft(self.draft_key(DraftKind::Edit(seq)), text.as_deref().unwrap_or_default());
        // The room may have been closed while the edit was being saved.
        self.edits.try_update(|edits| match text {
            Some(text) => edits.insert(seq, text),
            None => edits.remove(&seq),
        });
    }
}

fn may_react(id: RoomId) -> Memo<bool> {
    let (live, auth) = (expect_context::<LiveClient>(), expect_context::<Auth>());
    Memo::new(move |_| {
        live.rooms.with(|rooms| rooms.allows(id, auth.rank(), access::Action::React))
    })
}

/// Creates the action that jumps to a day. It needs a request, because only the server knows the
/// first message of a day, or the nearest one if the day has none.
fn jump_to_day_action(
    id: RoomId,
    state: RoomState,
    jump: RwSignal<Option<Jump>>,
) -> Action<NaiveDate, ()> {
    let ui = expect_context::<Ui>();
    Action::new_local(move |day: &NaiveDate| {
        let loading = load_day(id, *day, state.clone());
        async move {
            let anchor = match loading.await {
                Ok(Some(anchor)) => anchor,
                Ok(None) => return ui.notice("This room has no messages yet."),
                Err(error) => return ui.error(error.message()),
            };
            if let Some(day) = anchor.other_day {
                let day = untrack(|| time::day_in_sentence(day));
                ui.notice(format!(
                    "There are no messages on that day. This is the nearest: {day}."
                ));
            }
            jump.try_set(Some(Jump { seq: anchor.seq, kind: JumpKind::Start }));
        }
    })
}
