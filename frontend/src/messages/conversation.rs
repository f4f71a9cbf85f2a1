//! One room's timeline and composer, and what belongs to neither: the first page, and what is read of it.

use leptos::prelude::*;
use shared::ids::{RoomId, Seq};

use super::{
    Open,
    announcer::Announcer,
    calendar::CalendarDialog,
    delete_dialog::DeleteDialog,
    place::Scroll,
    timeline::TimelineView,
    unread::{self, SinceBar},
    writing::{Composer, remembered_draft},
};
use crate::{
    api::Page,
    live::{LiveClient, RoomState},
    ui::effect,
    users::session::Session,
};

/// More unread than fits into the newest page: begin where the unread begins.
const PAGE: i64 = 45;

/// What is said in a room, and where to say something. `at` is a message to begin with, and to go
/// to whenever it is another one.
#[component]
pub fn Conversation(room: RoomId, state: RoomState, at: Memo<Option<Seq>>) -> impl IntoView {
    let (live, session) = (expect_context::<LiveClient>(), expect_context::<Session>());
    let read =
        live.rooms.with_untracked(|rooms| rooms.get(room).map(|r| r.read)).unwrap_or_default();
    let unread_after = (read.unread > 0).then_some(read.read_seq);
    live.rooms.maybe_update(|rooms| rooms.came(room));
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
    // Whether what is unread is spoken of: from coming, or from looking away, until it is read.
    let since = RwSignal::new(read.unread > 0);
    let attention = unread::attention();
    let reads_on = at.get_untracked().is_none();
    unread::mark_what_is_seen(open, scroll, (attention, reads_on), live);
    unread::draw_the_line(open, attention, since, live);
    unread::keys(open, live);

    let typing = state.typing.clone();
    let sentence = move || typing.with(|typing| typing.sentence());
    view! {
        <SinceBar since/>
        <TimelineView/>
        <p class="typing" aria-live="off" data-testid="typing">{move || sentence()}</p>
        <Composer/>
        <DeleteDialog/>
        <CalendarDialog open=open.calendar/>
        <Announcer/>
    }
}

fn first_page(open: Open, unread: i64, read_seq: Seq) {
    let last = open.with_untracked(|t| t.last_seq());
    let begin = if unread > 0 { read_seq.next() } else { last };
    let (is_here, is_empty) =
        open.with_untracked(|t| (t.is_loaded(begin), t.first_loaded().is_none()));
    if last == Seq(0) || is_here {
        return;
    }
    match unread {
        // Among what is here already, the reader would not see where it begins.
        1.. if !is_empty => open.jump.set(Some(begin)),
        ..=PAGE => open.load(Page::Newest),
        _ => open.load(Page::Around(begin)),
    }
}
