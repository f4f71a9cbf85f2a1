//! Jumps to messages: loads the page around the target if necessary, and then scrolls to its row.

use std::time::Duration;

use leptos::prelude::*;
use shared::ids::Seq;

use super::viewport::{RowAlignment, Viewport};
use crate::{
    api::PageRequest,
    messages::context::{Jump, JumpKind, RoomContext},
    state::scroll::jump_history::ScrollPosition,
    ui::Ui,
};

/// How long the style sheet highlights the target of a jump.
const HIGHLIGHT_DURATION: Duration = Duration::from_millis(2_400);

/// Adds the current position to the history.
pub fn remember_position(room: RoomContext, viewport: Viewport) {
    if let Some(position) = viewport.position() {
        room.history.update(|history| history.push(position));
    }
}

pub fn jump_to_oldest(room: RoomContext, viewport: Viewport) {
    remember_position(room, viewport);
    room.jump_by(room.first_seq(), JumpKind::Scrollbar(0.0));
}

/// Jumps to the newest message. The reader skips what is before it, so it will count as read.
pub fn jump_to_newest(room: RoomContext, viewport: Viewport) {
    if !viewport.at_bottom.get_untracked() {
        remember_position(room, viewport);
        jump_to_bottom(room, viewport);
    }
    room.skipped_to.set_value(Some(room.with_timeline_untracked(|t| t.last_seq())));
}

fn jump_to_bottom(room: RoomContext, viewport: Viewport) {
    let last = room.with_timeline_untracked(|t| t.last_seq());
    if last < room.first_seq() || room.with_timeline_untracked(|t| t.is_loaded(last)) {
        room.jump.set(None);
        viewport.scroll_to_bottom();
    } else {
        room.jump_by(last, JumpKind::Scrollbar(1.0));
    }
}

/// Goes back to the position before the last jump.
pub fn jump_back(room: RoomContext, viewport: Viewport) {
    if let Some(position) = room.history.try_update(|history| history.pop()).flatten() {
        go_to(room, viewport, position);
    }
}

/// Goes to a position where the reader was.
pub fn go_to(room: RoomContext, viewport: Viewport, position: ScrollPosition) {
    match position {
        ScrollPosition::Bottom => jump_to_bottom(room, viewport),
        ScrollPosition::Message(seq, bottom) => room.jump_by(seq, JumpKind::Back(bottom)),
    }
}

/// Jumps to the message of a link, or, if the room has no such message, to the end of the room where
/// it would be.
pub fn follow_link(room: RoomContext, viewport: Viewport, ui: Ui, seq: Seq) {
    let (first, last) = (room.first_seq(), room.with_timeline_untracked(|t| t.last_seq()));
    if (first..=last).contains(&seq) {
        return room.jump_to(seq);
    }
    ui.notice("This message doesn't exist.");
    if last >= first {
        remember_position(room, viewport);
        let part = if seq > last { 1.0 } else { 0.0 };
        room.jump_by(seq.clamp(first, last), JumpKind::Scrollbar(part));
    }
}

/// When the room opens, scrolls to the unread divider or to the bottom as soon as the first page is
/// loaded, unless a jump is in progress.
pub fn start_at_first_unread(room: RoomContext, viewport: Viewport) {
    let first_unread = room.unread_after.get_untracked().map(Seq::next);
    Effect::new(move |is_done: Option<bool>| {
        let unread = first_unread.filter(|seq| room.with_timeline(|t| t.is_loaded(*seq)));
        let is_ready = unread.is_some() || room.with_timeline(|t| t.is_loaded(t.last_seq()));
        let has_jumped = room.jump.with_untracked(Option::is_some);
        if is_done != Some(true) && is_ready && !has_jumped {
            // The first unread message may be loaded and yet be outside the window around the
            // newest message.
            if let Some(seq) = unread {
                viewport.move_window_to(seq);
            }
            request_animation_frame(move || {
                if !viewport.scroll_to_row(".unread-line", RowAlignment::Top(0.2)) {
                    viewport.scroll_to_bottom();
                }
            });
        }
        // A jump replaces the start. Without it, the first page at the bottom, or a new message, would
        // later move the reader there.
        is_done == Some(true) || is_ready || has_jumped
    });
}

/// Carries out the jumps of the room, and scrolls to the bottom when the reader sends a message.
pub fn follow_jumps(room: RoomContext, viewport: Viewport) {
    let ui = expect_context::<Ui>();
    Effect::new(move |before: Option<Option<Jump>>| {
        let jump = room.jump.get()?;
        if jump.seq < room.first_seq() {
            ui.notice("You can't read messages from before you joined.");
            room.jump.set(None);
            return None;
        }
        if jump.kind.is_highlighted() && before.flatten() != Some(jump) {
            remember_position(room, viewport);
        }
        if room.with_timeline(|t| t.is_loaded(jump.seq)) {
            scroll_to_target(room, viewport, ui, jump);
        } else {
            show_intermediate_page(room, viewport, jump.kind);
            room.load(PageRequest::Around(jump.seq));
        }
        Some(jump)
    });
    Effect::new(move |_| {
        if room.sent_count.get() > 0 {
            jump_to_newest(room, viewport);
        }
    });
}

/// While the thumb is dragged through a long room, shows each page that arrives instead of only the
/// last one.
fn show_intermediate_page(room: RoomContext, viewport: Viewport, kind: JumpKind) {
    let Some(PageRequest::Around(seq)) = room.last_request.get_value() else { return };
    let is_loaded = room.with_timeline_untracked(|t| t.is_loaded(seq));
    if matches!(kind, JumpKind::Scrollbar(_)) && is_loaded && !room.is_loading.get_untracked() {
        viewport.move_window_to(seq);
        request_animation_frame(move || {
            viewport.scroll_to_message(seq, RowAlignment::Hidden(0.0));
        });
    }
}

fn scroll_to_target(room: RoomContext, viewport: Viewport, ui: Ui, jump: Jump) {
    viewport.move_window_to(jump.seq);
    request_animation_frame(move || {
        let is_current = room.jump.try_get_untracked().flatten() == Some(jump);
        if !is_current || !room.with_timeline_untracked(|t| t.is_loaded(jump.seq)) {
            return;
        }
        let alignment = match jump.kind {
            JumpKind::Link | JumpKind::Start => RowAlignment::Top(0.3),
            // At the top, the row above the first message must be visible: it marks the beginning
            // of the room.
            JumpKind::Scrollbar(0.0) if jump.seq == room.first_seq() => RowAlignment::Top(1.0),
            JumpKind::Scrollbar(part) => RowAlignment::Hidden(part),
            JumpKind::Back(bottom) => RowAlignment::Bottom(bottom),
        };
        // The row is missing if the observer has moved the window in the meantime.
        if !viewport.scroll_to_message(jump.seq, alignment) {
            return scroll_to_target(room, viewport, ui, jump);
        }
        room.jump.set(None);
        let is_deleted = room.message(jump.seq).is_some_and(|message| message.deleted_at.is_some());
        match jump.kind {
            JumpKind::Link if is_deleted => ui.notice("This message was deleted."),
            kind if kind.is_highlighted() && !is_deleted => highlight(room, jump.seq),
            _ => {}
        }
    });
}

fn highlight(room: RoomContext, seq: Seq) {
    room.highlighted.set(Some(seq));
    set_timeout(
        move || {
            room.highlighted.try_set(None);
        },
        HIGHLIGHT_DURATION,
    );
}
