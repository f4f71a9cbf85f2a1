//! The calendar of a room: the more messages a day has, the darker it is. A click jumps to the day.

use chrono::Datelike;
use leptos::prelude::*;
use shared::messages::{Calendar, CalendarDay, Month};

use super::{
    context::{JumpKind, RoomContext},
    scroll::Viewport,
};
use crate::{
    api,
    ui::{Icon, Shape, Ui, time},
};

/// The number of shades for days with at least one message.
const SHADES: i64 = 4;

#[component]
pub fn MonthView(open: RwSignal<bool>) -> impl IntoView {
    let room = expect_context::<RoomContext>().id;
    let month = RwSignal::new(visible_month());
    let connection_epoch = expect_context::<Ui>().connection_epoch;
    let calendar = LocalResource::new(move || {
        connection_epoch.track();
        api::get_calendar(room, month.get())
    });
    // A change of the month replaces only the days, so the focus stays on the pressed button.
    let read = move |read: fn(&Calendar) -> Option<Month>| {
        Memo::new(move |_| calendar.with(|c| c.as_ref()?.as_ref().ok().and_then(read)))
    };
    let earlier = read(|calendar| calendar.earlier);
    let later = read(|calendar| calendar.later);
    let shown = read(|calendar| Some(calendar.month));
    view! {
        <div class="calendar-head">
            <MonthButton to=earlier label="Earlier" month/>
            <h3 data-testid="calendar-month" aria-live="polite">
                {move || shown.get().map(|month| time::month_name(month.first()))}
            </h3>
            <MonthButton to=later label="Later" month/>
        </div>
        {move || match calendar.get() {
            None => view! { <p class="quiet">"Loading…"</p> }.into_any(),
            Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
            Some(Ok(calendar)) => view! { <Days days=calendar.days open/> }.into_any(),
        }}
    }
}

/// The month of the first visible message.
fn visible_month() -> Option<Month> {
    let (room, viewport) = (expect_context::<RoomContext>(), expect_context::<Viewport>());
    let first = viewport.visible.get_untracked().first();
    room.message(first).map(|message| Month::of(time::local_day(message.created_at)))
}

#[component]
fn Days(days: Vec<CalendarDay>, open: RwSignal<bool>) -> impl IntoView {
    let first_weekday = time::first_weekday();
    let blanks = days.first().map_or(0, |day| day.day.weekday().days_since(first_weekday));
    let max = days.iter().map(|day| day.count).max().unwrap_or(0).max(1);
    let weekdays = time::week_from(first_weekday).map(|day| {
        view! { <span class="quiet" aria-hidden="true">{time::weekday_short(day)}</span> }
    });
    view! {
        <div class="calendar" role="group">
            {weekdays}
            {(0..blanks).map(|_| view! { <span></span> }).collect_view()}
            {days.into_iter().map(|day| view! { <Day day max open/> }).collect_view()}
        </div>
    }
}

/// A button that shows the next month with messages. If there is none, the button is
/// `aria-disabled`, because `disabled` would lose the focus.
#[component]
fn MonthButton(
    to: Memo<Option<Month>>,
    label: &'static str,
    month: RwSignal<Option<Month>>,
) -> impl IntoView {
    let class = if label == "Later" { "icon-button calendar-later" } else { "icon-button" };
    let go = move |_| {
        if let Some(to) = to.get_untracked() {
            month.set(Some(to));
        }
    };
    view! {
        <button
            type="button"
            class=class
            aria-label=label
            aria-disabled=move || to.with(Option::is_none).to_string()
            on:click=go
        >
            <Icon shape=Shape::Back/>
        </button>
    }
}

#[component]
fn Day(day: CalendarDay, max: i64, open: RwSignal<bool>) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let CalendarDay { day, count, first_seq } = day;
    let shade = (count * SHADES + max - 1) / max;
    let class = format!("calendar-day calendar-{shade}");
    // The accessible name starts with the visible text (WCAG 2.5.3).
    let label = format!(
        "{}, {}: {}",
        day.day(),
        untrack(|| time::day_name(day)),
        time::count(count, "message")
    );
    let jump = move |_| {
        open.set(false);
        match first_seq {
            Some(seq) => room.jump_by(seq, JumpKind::Start),
            // The server finds the message nearest to a day without messages.
            None => drop(room.jump_to_day.dispatch(day)),
        }
    };
    view! {
        <button type="button" class=class title=label.clone() aria-label=label on:click=jump>
            {day.day()}
        </button>
    }
}
