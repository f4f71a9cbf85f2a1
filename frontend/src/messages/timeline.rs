//! The timeline on the page: its rows, what loads when one scrolls, the pill about what is new.

use chrono::NaiveDate;
use leptos::{ev, prelude::*};
use shared::ids::Seq;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    Open,
    place::{
        BackButton, Scroll, Scrollbar, begin_at_the_unread, go_where_asked, shortcuts, to_newest,
        to_oldest,
    },
    row::MessageRow,
    writing::PendingRow,
};
use crate::{
    api::PageRequest,
    state::lines::{Focus, Line, Lines, lines},
    ui::{Icon, Shape, each, effect, memo, shown, time},
    users::session::Session,
};

/// How far from the edge loading begins, in heights of the view.
const AHEAD: i32 = 1;

/// The open room around the reader.
#[component]
pub fn TimelineView() -> impl IntoView {
    let (open, scroll) = (expect_context::<Open>(), expect_context::<Scroll>());
    let lines = lines_around(open, scroll);
    Effect::new(move |held: Option<bool>| {
        let there = scroll.view.get().is_some() && scroll.list.get().is_some();
        if there && held != Some(true) {
            scroll.hold();
        }
        held == Some(true) || there
    });
    begin_at_the_unread(open, scroll);
    go_where_asked(open, scroll);
    shortcuts(open, scroll);
    // A page may be shorter than the view, or end at a hole: then the next one is due.
    effect(move || {
        scroll.rows_change(lines.with(|lines| lines.is_end));
        if open.load.value().with(|answer| !matches!(answer, Some(Err(_)))) {
            request_animation_frame(move || load_what_is_near(open, lines, scroll));
        }
    });
    let on_scroll = move |_| {
        scroll.scrolled();
        load_what_is_near(open, lines, scroll);
    };
    let loading = open.load.pending();
    let is_empty = move || open.with(|t| t.last_seq() == Seq(0) && t.pending().is_empty());
    view! {
        <div class="timeline-place">
            <div
                id="timeline"
                class="timeline"
                node_ref=scroll.view
                role="log"
                aria-live="off"
                aria-label="Messages"
                tabindex="0"
                data-testid="timeline"
                aria-busy=move || loading.get().to_string()
                on:scroll=on_scroll
                on:keydown:target=move |event| walk(&event, open, scroll)
            >
                <div class="timeline-list" node_ref=scroll.list>
                    {shown(is_empty, move || view! {<Beginning/>}.into_any())}
                    {shown(move || lines.with(|lines| lines.is_start), move || {
                        view! {<p class="timeline-start">"This is where it begins."</p>}.into_any()
                    })}
                    {each(
                        move || lines.with(|lines| lines.rows.clone()),
                        |line| *line,
                        |line| view! { <LineRow line/> }.into_any(),
                    )}
                </div>
            </div>
            <Scrollbar/>
            <div class="loading" class:loading-on=move || loading.get() aria-hidden="true"></div>
            <LoadFailed/>
            <div class="pills">
                <BackButton/>
                <NewPill/>
            </div>
        </div>
    }
}

/// What is shown: the lines around where the reader is.
fn lines_around(open: Open, scroll: Scroll) -> Memo<Lines> {
    let me = expect_context::<Session>().me_untracked().map(|me| me.id).unwrap_or_default();
    let focus = Memo::new(move |before: Option<&Focus>| {
        let first = scroll.sight.get().first();
        Focus::follow(before.copied(), scroll.at_bottom.get(), first)
    });
    memo(move || open.with(|t| lines(t, focus.get(), me, open.unread_after.get(), time::local_day)))
}

#[component]
fn LineRow(line: Line) -> impl IntoView {
    match line {
        Line::Day(day, _) => view! { <DayRow day/> }.into_any(),
        Line::Unread => view! {
            <p class="unread-line" data-testid="unread-line"><span>"New"</span></p>
        }
        .into_any(),
        Line::Message { seq, opens, .. } => view! { <MessageRow seq opens/> }.into_any(),
        Line::Hole { .. } => view! { <HoleRow line/> }.into_any(),
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
fn HoleRow(line: Line) -> impl IntoView {
    let open = expect_context::<Open>();
    let Line::Hole { from, to, .. } = line else { return None };
    let load = move || {
        if let Some(page) = page_of(line) {
            open.load(page);
        }
    };
    Some(view! {
        <p class="hole" data-hole>
            <button type="button" class="button button-small" on:click:target=move |_| load()>
                {format!("{} more", time::number(to.0 - from.0 + 1))}
            </button>
        </p>
    })
}

/// The page that a hole is filled with next: from the end that the reader comes to first.
fn page_of(line: Line) -> Option<PageRequest> {
    match line {
        Line::Hole { to, is_older: true, .. } => Some(PageRequest::Before(to.next())),
        Line::Hole { from, is_older: false, .. } => Some(PageRequest::After(Seq(from.0 - 1))),
        _ => None,
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
        (!open.load.pending().get()).then(|| failure.message())
    };
    let again =
        move |_| open.load(open.load.asked().get_untracked().unwrap_or(PageRequest::Newest));
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
    let go = move |_| {
        seen.set(last.get_untracked());
        to_newest(open, scroll);
    };
    view! {
        {shown(move || !scroll.at_bottom.get(), move || view! {
            <button type="button" class="pill" data-testid="new-pill" on:click=go>
                <Icon shape=Shape::Down/>
                {move || if count() > 0 { format!("{} new", count()) } else { "Newest".into() }}
            </button>
        }.into_any())}
    }
}

fn load_what_is_near(open: Open, lines: Memo<Lines>, scroll: Scroll) {
    let Some(Some(view)) = scroll.view.try_get_untracked() else { return };
    let ends = lines.try_with_untracked(|lines| {
        let row = |row: Option<&Line>| row.copied().and_then(page_of);
        (row(lines.rows.first()), row(lines.rows.last()))
    });
    // Who is on the way elsewhere needs a page from there.
    if open.jump.try_get_untracked() != Some(None) {
        return;
    }
    let (above, height) = (view.scroll_top(), view.client_height());
    let below = view.scroll_height() - above - height;
    match ends {
        Some((Some(older), _)) if above < height * AHEAD => open.load(older),
        Some((_, Some(newer))) if below < height * AHEAD => open.load(newer),
        _ => {}
    }
}

/// Up and down walk from message to message, whose buttons are then one Tab away; Home and End lead
/// to the ends of the room, of which the rows are only a part.
fn walk(event: &ev::KeyboardEvent, open: Open, scroll: Scroll) {
    let active = document().active_element();
    if active.as_ref().is_some_and(|el| el.tag_name() == "TEXTAREA") {
        return;
    }
    let step = match event.key().as_str() {
        "ArrowUp" if !event.alt_key() => -1,
        "ArrowDown" if !event.alt_key() => 1,
        end @ ("Home" | "End") => {
            event.prevent_default();
            return if end == "Home" { to_oldest(open, scroll) } else { to_newest(open, scroll) };
        }
        _ => return,
    };
    let Some(list) = scroll.list.get_untracked() else { return };
    let Ok(found) = list.query_selector_all("[data-seq]") else { return };
    let rows: Vec<HtmlElement> =
        (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect();
    let at = rows.iter().position(|row| row.contains(active.as_deref()));
    let next = match at {
        Some(at) => at.checked_add_signed(step),
        None if scroll.at_bottom.get_untracked() => rows.len().checked_sub(1),
        None => {
            let first = scroll.sight.get_untracked().first().to_string();
            rows.iter().position(|row| row.get_attribute("data-seq") == Some(first.clone()))
        }
    };
    if let Some(row) = next.and_then(|at| rows.get(at)) {
        event.prevent_default();
        let _ = row.focus();
    }
}
