//! The scrollbar of the whole room. The browser's own scrollbar would show only the loaded rows, so
//! it is hidden; wheel, touch and keys still scroll the timeline itself.

use leptos::{ev, html, prelude::*};
use shared::{ids::Seq, messages::RoomMap};

use super::{
    jump::{jump_to_newest, jump_to_oldest, remember_position},
    minimap::Minimap,
    viewport::Viewport,
};
use crate::{
    api,
    live::LiveClient,
    messages::context::{JumpKind, RoomContext},
    state::scroll::geometry::{ReadableSpan, ScrollbarGeometry},
    ui::{Lazy, part, percent, time},
};

/// A drag of the thumb.
#[derive(Clone, Copy, PartialEq)]
struct ThumbDrag {
    /// The position of the thumb, from 0 to 1.
    offset: f64,
    /// How far below the thumb's top the pointer is, in CSS pixels.
    grab_y: f64,
    /// Whether the pointer has moved. Only then does the drag count as a jump and add to the
    /// history.
    has_moved: bool,
}

/// The state of the scrollbar.
#[derive(Clone, Copy)]
struct ScrollbarState {
    room: RoomContext,
    viewport: Viewport,
    geometry: Memo<ScrollbarGeometry>,
    drag: RwSignal<Option<ThumbDrag>>,
    track: NodeRef<html::Div>,
    thumb: NodeRef<html::Div>,
    map: LocalResource<api::Result<RoomMap>>,
}

/// The scrollbar, unless the whole room is on the screen.
#[component]
pub fn Scrollbar() -> impl IntoView {
    let (room, viewport) = (expect_context::<RoomContext>(), expect_context::<Viewport>());
    let geometry = Memo::new(move |_| {
        let span = ReadableSpan::new(room.first_seq(), room.with_timeline(|t| t.last_seq()));
        ScrollbarGeometry::new(span, viewport.visible.get(), viewport.bottom.get())
    });
    view! {
        <Show when=move || viewport.overflows.get()>
            <Lazy load=track props=geometry/>
        </Show>
    }
}

part!(more: fn track(geometry: Memo<ScrollbarGeometry>) {
    view! {
        <div class="bar-place">
            <ClosedPart/>
            <Track geometry/>
        </div>
    }
});

/// The messages that I may not read, above the track.
#[component]
fn ClosedPart() -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let size = Memo::new(move |_| {
        let last = room.with_timeline(|t| t.last_seq());
        percent(ReadableSpan::new(room.first_seq(), last).closed_part())
    });
    const LABEL: &str = "Messages before you joined";
    (room.first_seq() > Seq(1)).then(|| {
        view! {
            <div
                class="bar-closed"
                role="img"
                aria-label=LABEL
                title=LABEL
                data-testid="closed-past"
                style:block-size=size
            ></div>
        }
    })
}

#[component]
fn Track(geometry: Memo<ScrollbarGeometry>) -> impl IntoView {
    let (room, viewport) = (expect_context::<RoomContext>(), expect_context::<Viewport>());
    let connection_epoch = expect_context::<LiveClient>().connection_epoch;
    let map = LocalResource::new(move || {
        // Messages may have been missed while disconnected.
        connection_epoch.track();
        api::get_room_map(room.id)
    });
    let (drag, track, thumb) = (RwSignal::new(None), NodeRef::new(), NodeRef::new());
    let state = ScrollbarState { room, viewport, geometry, drag, track, thumb, map };
    let offset = Memo::new(move |_| state.thumb_offset());
    let seq = Memo::new(move |_| state.first_message());
    let label = Memo::new(move |_| state.label(seq.get()));
    let top = move || percent(offset.get());
    let translate = move || format!("0 {}", percent(-offset.get()));
    let on_wheel = move |event: ev::WheelEvent| {
        if let Some(scroller) = viewport.scroller.get_untracked() {
            scroller.scroll_by_with_x_and_y(0.0, event.delta_y());
        }
    };
    view! {
        <div
            class="bar"
            class:bar-held=move || drag.get().is_some()
            node_ref=track
            role="scrollbar"
            tabindex="0"
            aria-label="Position in the room"
            aria-controls="timeline"
            aria-orientation="vertical"
            aria-valuemin=room.first_seq().0
            aria-valuemax=move || room.with_timeline(|t| t.last_seq().0)
            aria-valuenow=move || seq.get().0
            aria-valuetext=move || label.with(|(date, number)| format!("{date}, {number}"))
            data-testid="scrollbar"
            on:pointerdown=move |event| state.start_drag(&event)
            on:pointermove=move |event| state.drag_to(f64::from(event.client_y()))
            on:pointerup=move |_| drag.set(None)
            on:pointercancel=move |_| drag.set(None)
            on:wheel=on_wheel
            on:keydown=move |event| state.handle_key(&event)
        >
            <Minimap map/>
            <div
                class="bar-thumb"
                node_ref=thumb
                style:block-size=move || percent(geometry.get().thumb_size())
                style:inset-block-start=top
                style:translate=translate
            ></div>
            <Show when=move || drag.get().is_some()>
                <p
                    class="bar-bubble"
                    style:inset-block-start=top
                    style:translate=translate
                    data-testid="bubble"
                >
                    <span>{move || label.get().0}</span>
                    <span>{move || label.get().1}</span>
                </p>
            </Show>
        </div>
    }
}

impl ScrollbarState {
    /// The position of the thumb. During a drag or a jump the thumb is at the target, even before
    /// the target is loaded.
    fn thumb_offset(self) -> f64 {
        let (drag, jump, geometry) = (self.drag.get(), self.room.jump.get(), self.geometry.get());
        match (drag, jump) {
            (Some(drag), _) => drag.offset,
            (None, Some(jump)) => geometry.offset_at(jump.seq),
            (None, None) => geometry.thumb_offset(),
        }
    }

    /// The first message on the screen at the position of the thumb.
    fn first_message(self) -> Seq {
        Seq(self.geometry.get().message_at(self.thumb_offset()) as i64)
    }

    /// "Monday, 23 November" and "message 1,234 of 56,789". For a message that is not loaded, only
    /// its month is known.
    fn label(self, seq: Seq) -> (String, String) {
        let (created_at, last) =
            self.room.with_timeline(|t| (t.get(seq).map(|m| m.created_at), t.last_seq()));
        let month = || {
            self.map.with(|map| {
                let months = &map.as_ref()?.as_ref().ok()?.months;
                let after = months.partition_point(|month| month.first_seq <= seq);
                Some(time::month_name(months.get(after.checked_sub(1)?)?.month.first()))
            })
        };
        let date = created_at.map(|at| time::day_name(time::local_day(at))).or_else(month);
        let number = format!("message {} of {}", time::number(seq.0), time::number(last.0));
        (date.unwrap_or_default(), number)
    }

    /// Starts a drag. A press on the thumb holds it at that point; a press beside the thumb first
    /// moves its middle to the pointer.
    fn start_drag(self, event: &ev::PointerEvent) {
        let (Some(track), Some(thumb)) = (self.track.get_untracked(), self.thumb.get_untracked())
        else {
            return;
        };
        if event.button() != 0 {
            return;
        }
        // Without this, the composer would lose the focus.
        event.prevent_default();
        let _ = track.set_pointer_capture(event.pointer_id());
        let (y, rect) = (f64::from(event.client_y()), thumb.get_bounding_client_rect());
        let is_on_thumb = rect.top() <= y && y <= rect.bottom();
        let grab_y = if is_on_thumb { y - rect.top() } else { rect.height() / 2.0 };
        let offset = untrack(|| self.thumb_offset());
        self.drag.set(Some(ThumbDrag { offset, grab_y, has_moved: false }));
        if !is_on_thumb {
            self.drag_to(y);
        }
    }

    fn drag_to(self, y: f64) {
        let (Some(track), Some(thumb)) = (self.track.get_untracked(), self.thumb.get_untracked())
        else {
            return;
        };
        let Some(drag) = self.drag.get_untracked() else { return };
        if !drag.has_moved {
            remember_position(self.room, self.viewport);
        }
        let rect = track.get_bounding_client_rect();
        let range = rect.height() - thumb.get_bounding_client_rect().height();
        let offset = ((y - drag.grab_y - rect.top()) / range.max(1.0)).clamp(0.0, 1.0);
        self.drag.set(Some(ThumbDrag { offset, has_moved: true, ..drag }));
        self.scroll_to(offset);
    }

    /// Scrolls to the message at a position of the thumb.
    fn scroll_to(self, offset: f64) {
        let last = self.room.with_timeline_untracked(|t| t.last_seq());
        let message = self.geometry.get_untracked().message_at(offset);
        match offset {
            1.0.. => self.room.jump_by(last, JumpKind::Scrollbar(1.0)),
            _ => {
                let seq = Seq(message as i64).min(last);
                self.room.jump_by(seq, JumpKind::Scrollbar(message.fract()));
            }
        }
    }

    fn handle_key(self, event: &ev::KeyboardEvent) {
        let geometry = self.geometry.get_untracked();
        let scroll_by = |messages| self.scroll_to(geometry.offset_after(messages));
        match event.key().as_str() {
            "ArrowUp" if !event.alt_key() => scroll_by(-1.0),
            "ArrowDown" if !event.alt_key() => scroll_by(1.0),
            "PageUp" => scroll_by(-geometry.page_len()),
            "PageDown" => scroll_by(geometry.page_len()),
            "Home" => jump_to_oldest(self.room, self.viewport),
            "End" => jump_to_newest(self.room, self.viewport),
            _ => return,
        }
        event.prevent_default();
    }
}
