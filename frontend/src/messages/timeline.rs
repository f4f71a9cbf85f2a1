//! The timeline on the page: its rows, what loads when one scrolls, the pill about what is new.

use std::time::Duration;

use chrono::NaiveDate;
use leptos::{ev, prelude::*};
use shared::ids::Seq;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{Open, pending::PendingRow, row::MessageRow, scroll::Scroll};
use crate::{
    api::Page,
    state::lines::{Line, lines},
    ui::{Icon, Shape, each, effect, memo, shown, time},
    users::session::Session,
};

/// As long as the style sheet lights up a message that was asked for.
const LIT: Duration = Duration::from_millis(2_400);
/// How far from the edge loading begins, in heights of the view.
const AHEAD: f64 = 1.0;

/// All lines of the open room.
#[component]
pub fn TimelineView() -> impl IntoView {
    let (open, scroll) = (expect_context::<Open>(), expect_context::<Scroll>());
    let me = expect_context::<Session>().me_untracked().map(|me| me.id).unwrap_or_default();
    let rows = memo(move || open.with(|t| lines(t, me, open.unread_after.get(), time::local_day)));
    Effect::new(move |held: Option<bool>| {
        let there = scroll.view.get().is_some() && scroll.list.get().is_some();
        if there && held != Some(true) {
            scroll.hold();
        }
        held == Some(true) || there
    });
    begin_at_the_unread(open, rows, scroll);
    go_where_asked(open, scroll);
    // A page may be shorter than the view, or end at a hole: then the next one is due.
    effect(move || {
        rows.track();
        if open.load.value().with(|answer| !matches!(answer, Some(Err(_)))) {
            request_animation_frame(move || load_what_is_near(open, scroll));
        }
    });
    let on_scroll = move |_| {
        scroll.scrolled();
        load_what_is_near(open, scroll);
    };
    let loading = open.load.pending();
    let at_start = move || open.with(|t| t.first_loaded() == Some(Seq(1)));
    let is_empty = move || open.with(|t| t.last_seq() == Seq(0) && t.pending().is_empty());
    view! {
        <div class="timeline-place">
            <div
                class="timeline"
                node_ref=scroll.view
                role="log"
                aria-live="off"
                aria-label="Messages"
                tabindex="0"
                data-testid="timeline"
                aria-busy=move || loading.get().to_string()
                on:scroll=on_scroll
                on:keydown:target=move |event| walk(&event, scroll)
            >
                <div class="timeline-list" node_ref=scroll.list>
                    {shown(is_empty, move || view! {<Beginning/>}.into_any())}
                    {shown(at_start, move || view! {<p class="timeline-start">"This is where it begins."</p>}.into_any())}
                    {each(move || rows.get(), |line| *line, |line| view! { <LineRow line/> }.into_any())}
                </div>
            </div>
            <div class="loading" class:loading-on=move || loading.get() aria-hidden="true"></div>
            <LoadFailed/>
            <NewPill/>
        </div>
    }
}

#[component]
fn LineRow(line: Line) -> impl IntoView {
    match line {
        Line::Day(day) => view! { <DayRow day/> }.into_any(),
        Line::Unread => view! {
            <p class="unread-line" data-testid="unread-line"><span>"New"</span></p>
        }
        .into_any(),
        Line::Message { seq, opens, .. } => view! { <MessageRow seq opens/> }.into_any(),
        Line::Hole { from, to } => view! { <HoleRow from to/> }.into_any(),
        Line::Pending { client_id, opens, .. } => {
            view! { <PendingRow client_id opens/> }.into_any()
        }
    }
}

#[component]
fn DayRow(day: NaiveDate) -> impl IntoView {
    let open = expect_context::<Open>();
    view! {
        <p class="day">
            <button
                type="button"
                title="Go to another day"
                data-testid="day"
                on:click:target=move |_| open.calendar.set(true)
            >
                {time::day_name(day)}
            </button>
        </p>
    }
}

#[component]
fn HoleRow(from: Seq, to: Seq) -> impl IntoView {
    let open = expect_context::<Open>();
    let count = to.0 - from.0 + 1;
    view! {
        <p class="hole" data-hole-from=from.0 data-hole-to=to.0>
            <button
                type="button"
                class="button button-small"
                on:click:target=move |_| open.load(Page::After(Seq(from.0 - 1)))
            >
                {format!("Load {count} more")}
            </button>
        </p>
    }
}

#[component]
fn Beginning() -> impl IntoView {
    view! {
        <div class="empty">
            <Icon shape=Shape::Door/>
            <h2>"Nothing said yet"</h2>
            <p>"Be the first: what you write below is here for everybody in the room."</p>
        </div>
    }
}

#[component]
fn LoadFailed() -> impl IntoView {
    let open = expect_context::<Open>();
    let failure = move || {
        let failure = open.load.value().get()?.err()?;
        (!open.load.pending().get()).then(|| failure.sentence())
    };
    let again = move |_| open.load(open.load.asked().get_untracked().unwrap_or(Page::Newest));
    view! {
        {shown(move || failure().is_some(), move || view! {
            <div class="load-failed" role="alert">
                <span>{move || failure()}</span>
                <button type="button" class="button button-small" on:click=again>"Try again"</button>
            </div>
        }.into_any())}
    }
}

/// "3 new", or only the way down.
#[component]
fn NewPill() -> impl IntoView {
    let (open, scroll) = (expect_context::<Open>(), expect_context::<Scroll>());
    let last = memo(move || open.with(|t| t.last_seq()));
    let seen = RwSignal::new(last.get_untracked());
    effect(move || {
        let last = last.get();
        if scroll.at_bottom.get() {
            seen.set(last);
        }
    });
    let count = move || last.get().0 - seen.get().0;
    let to_newest = move |_| {
        seen.set(last.get_untracked());
        if open.with_untracked(|t| t.is_loaded(t.last_seq())) {
            scroll.to_bottom();
        } else {
            open.jump.set(Some(last.get_untracked()));
        }
    };
    view! {
        {shown(move || !scroll.at_bottom.get(), move || view! {
            <button type="button" class="pill" data-testid="new-pill" on:click=to_newest>
                <Icon shape=Shape::Down/>
                {move || if count() > 0 { format!("{} new", count()) } else { "Newest".into() }}
            </button>
        }.into_any())}
    }
}

/// On coming in: where the unread begins, or the newest; unless a message was asked for.
fn begin_at_the_unread(open: Open, rows: Memo<Vec<Line>>, scroll: Scroll) {
    Effect::new(move |done: Option<bool>| {
        let there = rows.with(|rows| rows.iter().any(|row| matches!(row, Line::Message { .. })));
        if done != Some(true) && there && open.jump.with_untracked(Option::is_none) {
            request_animation_frame(move || {
                if !scroll.to_row(".unread-line", 0.2) {
                    scroll.to_bottom();
                }
            });
        }
        done == Some(true) || there
    });
}

/// Goes to a message that was asked for, loading around it first if need be; and to the bottom with
/// what I say myself.
fn go_where_asked(open: Open, scroll: Scroll) {
    effect(move || {
        let Some(seq) = open.jump.get() else { return };
        if !open.with(|t| t.is_loaded(seq)) {
            return open.load(Page::Around(seq));
        }
        request_animation_frame(move || {
            if scroll.to_row(&format!("[data-seq=\"{seq}\"]"), 0.3) {
                open.highlight.try_set(Some(seq));
                set_timeout(
                    move || {
                        open.highlight.try_set(None);
                    },
                    LIT,
                );
                open.jump.try_set(None);
            }
        });
    });
    Effect::new(move |before: Option<u32>| {
        let sent = open.sent.get();
        if before.is_some_and(|before| before != sent) {
            if open.with_untracked(|t| t.is_loaded(t.last_seq())) {
                request_animation_frame(move || scroll.to_bottom());
            } else {
                open.load(Page::Newest);
                scroll.at_bottom.set(true);
            }
        }
        sent
    });
}

fn load_what_is_near(open: Open, scroll: Scroll) {
    let Some(Some(view)) = scroll.view.try_get_untracked() else { return };
    let height = f64::from(view.client_height());
    let first = open.with_untracked(|t| t.first_loaded());
    if let Some(first) = first
        && first > Seq(1)
        && f64::from(view.scroll_top()) < height * AHEAD
    {
        return open.load(Page::Before(first));
    }
    let Ok(holes) = view.query_selector_all("[data-hole-from]") else { return };
    let top = view.get_bounding_client_rect().top();
    for hole in (0..holes.length()).filter_map(|at| holes.item(at)?.dyn_into::<HtmlElement>().ok())
    {
        let rect = hole.get_bounding_client_rect();
        if rect.bottom() < top - height * AHEAD || rect.top() > top + height * (1.0 + AHEAD) {
            continue;
        }
        let number = |name| hole.get_attribute(name).and_then(|n| n.parse::<i64>().ok());
        let (Some(from), Some(to)) = (number("data-hole-from"), number("data-hole-to")) else {
            continue;
        };
        // The end of the hole that the reader comes to first.
        let from_below = rect.top() < top + height / 2.0;
        return open.load(if from_below {
            Page::Before(Seq(to + 1))
        } else {
            Page::After(Seq(from - 1))
        });
    }
}

/// Up and down walk from message to message, whose buttons are then one Tab away.
fn walk(event: &ev::KeyboardEvent, scroll: Scroll) {
    let step = match event.key().as_str() {
        "ArrowUp" if !event.alt_key() => -1,
        "ArrowDown" if !event.alt_key() => 1,
        _ => return,
    };
    let active = document().active_element();
    let in_text = active.as_ref().is_some_and(|el| el.tag_name() == "TEXTAREA");
    let Some(list) = scroll.list.get_untracked().filter(|_| !in_text) else { return };
    let Ok(found) = list.query_selector_all("[data-seq]") else { return };
    let rows: Vec<HtmlElement> =
        (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect();
    let at = rows.iter().position(|row| row.contains(active.as_deref()));
    let next = match at {
        Some(at) => at.checked_add_signed(step),
        None => rows.len().checked_sub(1),
    };
    if let Some(row) = next.and_then(|at| rows.get(at)) {
        event.prevent_default();
        let _ = row.focus();
    }
}
