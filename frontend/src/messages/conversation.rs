//! The timeline and the composer of one room, and the first page.

use leptos::prelude::*;
use shared::{
    ids::{RoomId, Seq},
    rooms::ReadState,
};

use super::{
    announcer::Announcer,
    context::{JumpKind, RoomContext},
    room_dialog::RoomDialogView,
    scroll::{BackButton, NewMessagesPill, Viewport, keep_place},
    timeline::TimelineView,
    unread::{self, UnreadBar},
    writing::{Composer, describe_time_out, time_out},
};
use crate::{
    api::PageRequest,
    auth::Auth,
    live::{LiveClient, RoomState},
    search::DayJump,
    ui::retry_when_connected,
};

/// With more unread messages than this, the newest page (50 messages) may not contain the first of
/// them.
const NEWEST_PAGE: i64 = 45;

/// The conversation in one room. `at` is the message in the address: the timeline jumps to it at the
/// beginning and whenever the address changes.
#[component]
pub fn Conversation(room: RoomId, state: RoomState, at: Memo<Option<Seq>>) -> impl IntoView {
    let (live, auth) = (expect_context::<LiveClient>(), expect_context::<Auth>());
    let read =
        live.rooms.with_untracked(|rooms| rooms.get(room).map(|r| r.read)).unwrap_or_default();
    let unread_after = (read.unread > 0).then_some(read.read_seq);
    live.rooms.maybe_update(|rooms| rooms.stop_keeping_unread(room));
    let me = auth.me_untracked().map(|me| me.id).unwrap_or_default();
    let room = RoomContext::new(room, me, state.clone(), unread_after);
    let viewport = Viewport::new();
    provide_context(room);
    provide_context(viewport);
    expect_context::<DayJump>().provide(room.jump_to_day);

    keep_place(room, viewport, at, read.unread > 0);
    load_at_start_and_after_resets(room, read, state.resets.clone());
    let has_failed = Signal::derive(move || room.load_error().is_some() && !room.is_loading.get());
    retry_when_connected(has_failed, Callback::new(move |()| room.retry()));
    // True from the time when the reader opens the room or leaves the tab, until everything is
    // read.
    let show_unread_bar = RwSignal::new(read.unread > 0);
    let has_attention = unread::track_attention();
    let marks_at_once = at.get_untracked().is_none();
    unread::mark_visible_messages(room, viewport, (has_attention, marks_at_once), live);
    unread::place_unread_divider(room, has_attention, show_unread_bar, live);
    unread::handle_keys(room, live);

    let time_out = time_out(room.id);
    let refusal = Memo::new(move |_| {
        let refusal = live.rooms.with(|rooms| {
            let by_block = || live.blocked.with(|people| rooms.block_refusal(room.id, people));
            rooms.post_refusal(room.id, auth.rank()).or_else(by_block)
        });
        refusal.map(str::to_owned).or_else(|| time_out.get().map(describe_time_out))
    });
    let typing = move || state.typing.with(|typing| typing.sentence());
    view! {
        <UnreadBar is_shown=show_unread_bar/>
        <TimelineView/>
        <div class="timeline-foot">
            <p class="typing" aria-live="off" data-testid="typing">{typing}</p>
            <BackButton/>
            <NewMessagesPill/>
        </div>
        // The draft stays in the browser until the composer is open again.
        <Show when=move || refusal.get().is_none()>
            <Composer/>
        </Show>
        <p class="composer-closed" role="status" data-testid="composer-closed">{refusal}</p>
        <RoomDialogView/>
        <Announcer/>
    }
}

/// Loads the first page, and again after each reset of the timeline, which unloads everything.
fn load_at_start_and_after_resets(room: RoomContext, read: ReadState, resets: ArcRwSignal<u32>) {
    Effect::new(move |loaded: Option<u32>| {
        let (resets, failed) = (resets.get(), room.load_error().is_some());
        let Some(loaded) = loaded else {
            // A jump loads the page around its target.
            if room.jump.with_untracked(Option::is_none) {
                load_first_page(room, read.unread, read.read_seq);
            }
            return resets;
        };
        // A page that is in flight at a reset may be stale.
        if room.is_loading.get() || failed {
            return loaded;
        }
        let is_unloaded = room.with_timeline_untracked(|t| t.first_loaded().is_none());
        // A room without messages stays so after its page.
        if is_unloaded && (resets != loaded || !is_without_messages(room)) {
            load_first_page(room, 0, read.read_seq);
        }
        resets
    });
}

/// Whether the room has no message that I may read.
fn is_without_messages(room: RoomContext) -> bool {
    room.with_timeline_untracked(|t| t.last_seq()) < room.first_seq()
}

/// Loads the page where the reader starts: at the first unread message, or at the newest one. The page
/// of a room without messages may have events.
fn load_first_page(room: RoomContext, unread: i64, read_seq: Seq) {
    let last = room.with_timeline_untracked(|t| t.last_seq());
    let start = if unread > 0 { read_seq.next().max(room.first_seq()) } else { last };
    let (is_loaded, is_empty) =
        room.with_timeline_untracked(|t| (t.is_loaded(start), t.first_loaded().is_none()));
    if is_without_messages(room) {
        return room.load(PageRequest::Newest);
    }
    if is_loaded {
        return;
    }
    match unread {
        // Other messages are loaded already, and without a jump the timeline would stay at them.
        1.. if !is_empty => room.jump_by(start, JumpKind::Start),
        ..=NEWEST_PAGE => room.load(PageRequest::Newest),
        _ => room.load(PageRequest::Around(start)),
    }
}
