//! Marks messages as read after they were visible, and as unread when the reader presses a key.

use std::{cell::Cell, time::Duration};

use leptos::{ev, prelude::*};

use crate::{
    live::{ConnectionStatus, LiveClient},
    messages::{
        context::RoomContext,
        scroll::{Viewport, focused_message},
    },
    state::read_tracking::{VisibleRun, new_read_position},
    ui::{is_dialog_open, on_page_keydown, shortcut_key},
};

/// A message counts as read after it was visible for this long.
const READ_AFTER: Duration = Duration::from_millis(400);

/// Returns a signal: whether the tab is visible and has the focus.
pub fn track_attention() -> RwSignal<bool> {
    let has_attention = || !document().hidden() && document().has_focus().unwrap_or(true);
    let attention = RwSignal::new(has_attention());
    let handles = [
        window_event_listener(ev::focus, move |_| attention.set(has_attention())),
        window_event_listener(ev::blur, move |_| attention.set(has_attention())),
        window_event_listener(ev::visibilitychange, move |_| attention.set(has_attention())),
    ];
    on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
    attention
}

/// Whether a field of one line has the focus: Esc empties it. The composer has several lines.
fn is_input_focused() -> bool {
    document().active_element().is_some_and(|active| active.tag_name() == "INPUT")
}

/// Marks messages as read whose end was visible for [`READ_AFTER`] in a focused tab. While there are
/// unread messages, a timer compares what is visible with what was visible one interval earlier: it
/// measures a few rows, where an `IntersectionObserver` would have to watch every row.
///
/// Without `marks_at_once` (the address named a message), marking starts when the reader scrolls
/// away from the target of the jump.
pub fn mark_visible_messages(
    room: RoomContext,
    viewport: Viewport,
    (has_attention, marks_at_once): (RwSignal<bool>, bool),
    live: LiveClient,
) {
    let (has_scrolled, target) = (StoredValue::new(marks_at_once), StoredValue::new(None));
    let is_at_target = move |now: VisibleRun| {
        let has_landed = room.jump.with_untracked(Option::is_none);
        match target.get_value() {
            None if has_landed => target.set_value(Some(now)),
            Some(target) if target != now => has_scrolled.set_value(true),
            _ => {}
        }
        !has_scrolled.get_value()
    };
    let read_seq =
        move || live.rooms.with_untracked(|r| r.get(room.id).map(|room| room.read.read_seq));
    let is_active = Memo::new(move |_| {
        let has_unread = live.rooms.with(|rooms| {
            let has_unread = rooms.get(room.id).is_some_and(|room| room.read.unread > 0);
            has_unread && !rooms.is_kept_unread(room.id)
        });
        has_unread && has_attention.get() && live.status.get() == ConnectionStatus::Connected
    });
    Effect::new(move |_| {
        if !is_active.get() {
            return;
        }
        let earlier = Cell::new(viewport.visible_run());
        let sample = move || {
            let now = viewport.visible_run();
            if let (Some(earlier), Some(now), Some(read)) = (earlier.replace(now), now, read_seq())
                && !is_at_target(now)
                && let Some(seq) =
                    new_read_position(earlier, now, read, room.skipped_to.get_value())
            {
                live.mark_read(room.id, seq, read);
            }
        };
        let timer = set_interval_with_handle(sample, READ_AFTER);
        on_cleanup(move || {
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
    });
}

/// Moves the unread divider when messages arrive while the tab has no attention, and when the
/// reader marks messages as unread on any device. The divider then stays until the reader leaves
/// the room.
pub fn place_unread_divider(
    room: RoomContext,
    has_attention: RwSignal<bool>,
    show_unread_bar: RwSignal<bool>,
    live: LiveClient,
) {
    let read_state = Memo::new(move |_| {
        live.rooms.with(|rooms| {
            let read = rooms.get(room.id).map(|room| room.read).unwrap_or_default();
            (read.read_seq, read.unread > 0, rooms.is_kept_unread(room.id))
        })
    });
    Effect::new(move |had_unread: Option<bool>| {
        let (read_seq, has_unread, is_kept_unread) = read_state.get();
        let came_unseen = had_unread == Some(false) && has_unread && !has_attention.get_untracked();
        if came_unseen || is_kept_unread {
            room.unread_after.set(Some(read_seq));
        }
        if came_unseen || !has_unread {
            show_unread_bar.set(has_unread);
        }
        has_unread
    });
}

/// Esc marks the room as read, unless there is something else to close or it belongs to a field such as
/// the search. U marks the focused message and everything after it as unread.
pub fn handle_keys(room: RoomContext, live: LiveClient) {
    on_page_keydown(move |event| {
        let has_modifier =
            event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
        if event.default_prevented() || has_modifier || is_dialog_open() {
            return;
        }
        match shortcut_key(event).as_str() {
            "Escape" if !is_input_focused() => live.mark_all_read(Some(room.id)),
            "u" => {
                if let Some(seq) = focused_message() {
                    live.mark_unread_from(room.id, seq);
                }
            }
            _ => {}
        }
    });
}
