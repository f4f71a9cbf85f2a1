//! The timeline: its rows, and the loading of pages as the reader scrolls.

use chrono::NaiveDate;
use leptos::{ev, prelude::*};
use shared::ids::Seq;

use super::{
    context::{RoomContext, RoomDialog},
    event_lines::EventLines,
    message_row::MessageRow,
    scroll::{
        Scrollbar, Viewport, focused_message, follow_jumps, handle_shortcuts, jump_to_newest,
        jump_to_oldest, start_at_first_unread,
    },
    writing::PendingRow,
};
use crate::{
    api::PageRequest,
    auth::Auth,
    state::timeline_rows::{Reader, RowWindow, TimelineRow, WindowCenter, row_window},
    ui::{Icon, Shape, is_shortcut, is_text_field_focused, keyed_rows, move_focus, time},
};

/// The distance to the end of the rows at which the next page is loaded, in heights of the
/// viewport.
const LOAD_DISTANCE: i32 = 1;

/// The messages of the open room around the scroll position of the reader.
#[component]
pub fn TimelineView() -> impl IntoView {
    let (room, viewport) = (expect_context::<RoomContext>(), expect_context::<Viewport>());
    let window = use_row_window(room, viewport);
    Effect::new(move |is_observed: Option<bool>| {
        let is_mounted = viewport.scroller.get().is_some() && viewport.content.get().is_some();
        if is_mounted && is_observed != Some(true) {
            viewport.observe_resizes();
        }
        is_observed == Some(true) || is_mounted
    });
    start_at_first_unread(room, viewport);
    follow_jumps(room, viewport);
    handle_shortcuts(room, viewport);
    // A page may be shorter than the viewport or end at a gap; then the next one is needed at once.
    Effect::new(move |_| {
        viewport.rows_change(window.with(|window| window.has_room_end));
        if room.load_error().is_none() {
            request_animation_frame(move || load_nearby(room, window, viewport));
        }
    });
    let on_scroll = move |_| {
        viewport.handle_scroll();
        load_nearby(room, window, viewport);
    };
    let first = room.first_seq();
    let is_empty = move || room.with_timeline(|t| t.last_seq() < first && t.pending().is_empty());
    let start = match first {
        Seq(..=1) => "This is the beginning of the room.",
        _ => "You can read messages from the day you joined.",
    };
    view! {
        <div class="timeline-place">
            <div
                id="timeline"
                class="timeline"
                node_ref=viewport.scroller
                role="log"
                aria-live="off"
                aria-label="Messages"
                tabindex="0"
                data-testid="timeline"
                aria-busy=move || room.is_loading.get().to_string()
                on:scroll=on_scroll
                on:keydown=move |event| handle_key(&event, room, viewport)
            >
                <div class="timeline-list" node_ref=viewport.content>
                    <Show when=is_empty>
                        <EmptyRoom/>
                    </Show>
                    <Show when=move || window.with(|window| window.has_room_start)>
                        <p class="timeline-start" data-testid="timeline-start">{start}</p>
                    </Show>
                    {keyed_rows(
                        move || window.with(|window| window.rows.clone()),
                        |row| *row,
                        |row| view! { <Row row/> }.into_any(),
                    )}
                </div>
            </div>
            <Scrollbar/>
            <div class="loading" class:loading-on=room.is_loading aria-hidden="true"></div>
        </div>
        <LoadError/>
    }
}

/// The rows around the reader.
fn use_row_window(room: RoomContext, viewport: Viewport) -> Memo<RowWindow> {
    let me = expect_context::<Auth>().me_untracked().map(|me| me.id).unwrap_or_default();
    let center = Memo::new(move |before: Option<&WindowCenter>| {
        let first = viewport.visible.get().first();
        WindowCenter::follow(before.copied(), viewport.at_bottom.get(), first)
    });
    Memo::new(move |_| {
        room.with_timeline(|timeline| {
            let unread_after = room.unread_after.get();
            let reader =
                Reader { me, first: room.first_seq(), unread_after, day_of: time::local_day };
            row_window(timeline, center.get(), reader)
        })
    })
}

#[component]
fn Row(row: TimelineRow) -> impl IntoView {
    match row {
        TimelineRow::Day(day, _) => view! { <DayDivider day/> }.into_any(),
        TimelineRow::UnreadDivider => view! {
            <p class="unread-line" data-testid="unread-line"><span>"New"</span></p>
        }
        .into_any(),
        TimelineRow::Message { seq, starts_group, .. } => {
            view! { <MessageRow seq starts_group/> }.into_any()
        }
        TimelineRow::Events { after, .. } => view! { <EventLines after/> }.into_any(),
        TimelineRow::Gap { .. } => view! { <GapRow gap=row/> }.into_any(),
        TimelineRow::Pending { client_id, starts_group, .. } => {
            view! { <PendingRow client_id starts_group/> }.into_any()
        }
    }
}

#[component]
fn DayDivider(day: NaiveDate) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    view! {
        <p class="day">
            <button
                type="button"
                title="Jump to another day"
                data-testid="day"
                on:click=move |_| room.dialog.set(Some(RoomDialog::Calendar))
            >
                {move || time::day_name(day)}
            </button>
        </p>
    }
}

#[component]
fn GapRow(gap: TimelineRow) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let TimelineRow::Gap { from, to, .. } = gap else { return None };
    let load = move |_| page_for_gap(gap).into_iter().for_each(|page| room.load(page));
    let text = time::count(to.0 - from.0 + 1, "more message");
    Some(view! {
        <p class="hole" data-hole>
            <button type="button" class="button button-small" on:click=load>{text}</button>
        </p>
    })
}

/// The page of a gap that is next to the loaded rows.
fn page_for_gap(row: TimelineRow) -> Option<PageRequest> {
    match row {
        TimelineRow::Gap { to, is_older: true, .. } => Some(PageRequest::Before(to.next())),
        TimelineRow::Gap { from, is_older: false, .. } => Some(PageRequest::After(Seq(from.0 - 1))),
        _ => None,
    }
}

#[component]
fn EmptyRoom() -> impl IntoView {
    let (title, text) = match expect_context::<RoomContext>().first_seq() {
        Seq(..=1) => ("No messages yet", "Say hello! Everyone in this room will see it."),
        _ => ("No new messages yet", "You can read messages from the day you joined."),
    };
    view! {
        <div class="empty">
            <Icon shape=Shape::Door/>
            <h2>{title}</h2>
            <p>{text}</p>
        </div>
    }
}

#[component]
fn LoadError() -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let message = move || {
        let error = room.load_error()?;
        (!room.is_loading.get()).then(|| error.message())
    };
    view! {
        <Show when=move || message().is_some()>
            <div class="load-failed" role="alert">
                <span>{message}</span>
                <button type="button" class="button button-small" on:click=move |_| room.retry()>"Try again"</button>
            </div>
        </Show>
    }
}

/// Loads the next page if the reader is close to a gap.
fn load_nearby(room: RoomContext, window: Memo<RowWindow>, viewport: Viewport) {
    let Some(Some(scroller)) = viewport.scroller.try_get_untracked() else { return };
    // A jump loads the page around its target, and must not wait for another page.
    if room.jump.try_get_untracked() != Some(None) {
        return;
    }
    let ends = window.try_with_untracked(|window| {
        let page = |row: Option<&TimelineRow>| row.copied().and_then(page_for_gap);
        (page(window.rows.first()), page(window.rows.last()))
    });
    let (above, height) = (scroller.scroll_top(), scroller.client_height());
    let below = scroller.scroll_height() - above - height;
    match ends {
        Some((Some(older), _)) if above < height * LOAD_DISTANCE => room.load(older),
        Some((_, Some(newer))) if below < height * LOAD_DISTANCE => room.load(newer),
        _ => {}
    }
}

/// The arrow keys move the focus from message to message, so that a message's buttons are one Tab
/// away, and + chooses a reaction for it. Home and End jump to the ends of the room, of which the rows are only
/// a part.
fn handle_key(event: &ev::KeyboardEvent, room: RoomContext, viewport: Viewport) {
    if is_text_field_focused() {
        return;
    }
    match event.key().as_str() {
        "ArrowUp" if !event.alt_key() && focus_message(-1, viewport).is_some() => {}
        "ArrowDown" if !event.alt_key() && focus_message(1, viewport).is_some() => {}
        "Home" => jump_to_oldest(room, viewport),
        "End" => jump_to_newest(room, viewport),
        "+" if is_shortcut(event) => match focused_message() {
            Some(seq) => room.choose_reaction(seq),
            None => return,
        },
        _ => return,
    }
    event.prevent_default();
}

/// Focuses the next message, or the first one on the screen if no message has the focus.
fn focus_message(step: i32, viewport: Viewport) -> Option<()> {
    let content = viewport.content.get_untracked()?;
    let first_row = content.query_selector("[data-seq]").ok()??.get_attribute("data-seq")?;
    let first_row: i64 = first_row.parse().ok()?;
    move_focus(&content, "[data-seq]", |focused, count| match focused {
        Some(index) => index + step,
        None if viewport.at_bottom.get_untracked() => count - 1,
        // The rows of a window are consecutive messages.
        None => (viewport.visible.get_untracked().first().0 - first_row) as i32,
    })
}
