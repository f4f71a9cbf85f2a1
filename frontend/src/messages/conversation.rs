//! One room's timeline and composer, and what belongs to neither: reading marks and the first page.

use std::time::Duration;

use leptos::prelude::*;
use shared::ids::{RoomId, Seq};

use super::{
    Open,
    announcer::Announcer,
    calendar::CalendarDialog,
    composer::{Composer, remembered_draft},
    delete_dialog::DeleteDialog,
    scroll::Scroll,
    timeline::TimelineView,
};
use crate::{
    api::Page,
    live::{Live, RoomState},
    ui::effect,
    users::session::Session,
};

/// So long somebody has to look before a message counts as read.
const READ_AFTER: Duration = Duration::from_millis(400);
/// More unread than fits into the newest page: begin where the unread begins.
const PAGE: i64 = 45;

/// What is said in a room, and where to say something. `at` is a message to begin with, and to go
/// to whenever it is another one.
#[component]
pub fn Conversation(room: RoomId, state: RoomState, at: Memo<Option<Seq>>) -> impl IntoView {
    let (live, session) = (expect_context::<Live>(), expect_context::<Session>());
    let read =
        live.rooms.with_untracked(|rooms| rooms.get(room).map(|r| r.read)).unwrap_or_default();
    let unread_after = (read.unread > 0).then_some(read.read_seq);
    let draft = session.me_untracked().map(|me| remembered_draft(me.id, room)).unwrap_or_default();
    let open = Open::new(room, state.clone(), unread_after, draft);
    let scroll = Scroll::new();
    provide_context(open);
    provide_context(scroll);

    effect(move || {
        // What is beyond the room is its end: there would be nothing to load.
        let last = open.with_untracked(|t| t.last_seq().0);
        if let Some(seq) = at.get().filter(|_| last > 0) {
            open.jump.set(Some(Seq(seq.0.clamp(1, last))));
        }
    });
    let epoch = state.epoch.clone();
    Effect::new(move |before: Option<()>| {
        epoch.track();
        let failed = open.load.value().with(|answer| matches!(answer, Some(Err(_))));
        if before.is_none() && at.get_untracked().is_some() {
            // The jump loads what is around it.
        } else if before.is_none() {
            first_page(open, read.unread, read.read_seq);
        } else if !open.load.pending().get() && !failed {
            // After a reset nothing is loaded, whatever was on its way then.
            if open.with_untracked(|t| t.first_loaded().is_none()) {
                first_page(open, 0, read.read_seq);
            }
        }
    });
    let attention = attention();
    mark_read(open, scroll, attention, live);
    draw_the_line_when_away(open, attention);

    let typing = state.typing.clone();
    let sentence = move || typing.with(|typing| typing.sentence());
    view! {
        <TimelineView/>
        <p class="typing" aria-live="off" data-testid="typing">{move || sentence()}</p>
        <Composer/>
        <DeleteDialog/>
        <CalendarDialog open=open.calendar/>
        <Announcer/>
    }
}

fn first_page(open: Open, unread: i64, read_seq: Seq) {
    let (last, newest_is_here) = open.with_untracked(|t| (t.last_seq(), t.is_loaded(t.last_seq())));
    if last > Seq(0) && !newest_is_here {
        open.load(match unread > PAGE {
            true => Page::Around(read_seq.next()),
            false => Page::Newest,
        });
    }
}

/// Whether somebody is looking: the tab is shown and has the focus.
fn attention() -> RwSignal<bool> {
    let looks = || !document().hidden() && document().has_focus().unwrap_or(true);
    let attention = RwSignal::new(looks());
    let handles = [
        window_event_listener(leptos::ev::focus, move |_| attention.set(looks())),
        window_event_listener(leptos::ev::blur, move |_| attention.set(looks())),
        window_event_listener(leptos::ev::visibilitychange, move |_| attention.set(looks())),
    ];
    on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
    attention
}

/// At the bottom, seen by somebody, for a moment: read.
fn mark_read(open: Open, scroll: Scroll, attention: RwSignal<bool>, live: Live) {
    let due = move || {
        let seq = open.with(|t| Some(t.last_seq()).filter(|last| t.is_loaded(*last)))?;
        let read = live.rooms.with(|rooms| rooms.get(open.room).map(|r| r.read.read_seq))?;
        let ready = scroll.at_bottom.get() && attention.get() && live.welcomes.get() > 0;
        (ready && seq > read).then_some(seq)
    };
    Effect::new(move |before: Option<Option<TimeoutHandle>>| {
        if let Some(Some(timer)) = before {
            timer.clear();
        }
        due()?;
        let again = move || {
            // The room may have been left meanwhile, and its signals with it.
            if scroll.at_bottom.try_get_untracked().is_none() {
                return;
            }
            if let Some(seq) = untrack(due) {
                live.read(open.room, seq);
            }
        };
        set_timeout_with_handle(again, READ_AFTER).ok()
    });
}

/// What comes while the reader looks elsewhere is below a line when they are back.
fn draw_the_line_when_away(open: Open, attention: RwSignal<bool>) {
    Effect::new(move |before: Option<bool>| {
        let looks = attention.get();
        if before == Some(true) && !looks {
            open.unread_after.set(Some(open.with_untracked(|t| t.last_seq())));
        }
        looks
    });
}
