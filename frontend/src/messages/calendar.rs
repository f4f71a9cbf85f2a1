//! A month of the room, the darker a day the more was said on it: a click goes there.

use chrono::Datelike;
use leptos::prelude::*;
use shared::messages::{Calendar, CalendarDay, Month};

use super::Open;
use crate::{
    api,
    ui::{Dialog, Icon, Shape, list, memo, resource, time},
};

/// Shades of a day on which something was said.
const SHADES: i64 = 4;

/// The dialog.
#[component]
pub fn CalendarDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Go to a day">
            <MonthView open/>
        </Dialog>
    }
}

#[component]
fn MonthView(open: RwSignal<bool>) -> impl IntoView {
    let room = expect_context::<Open>().room;
    let wanted = RwSignal::new(None::<Month>);
    let calendar = resource(move || {
        let month = wanted.get();
        async move { api::get_calendar(room, month).await }
    });
    // Only the days are made anew with the month: the focus stays on the button that led there.
    let to = move |read: fn(&Calendar) -> Option<Month>| {
        memo(move || calendar.with(|c| c.as_ref()?.as_ref().ok().and_then(read)))
    };
    let earlier = to(|calendar| calendar.earlier);
    let later = to(|calendar| calendar.later);
    let title = move || {
        let first = calendar.with(|c| Some(c.as_ref()?.as_ref().ok()?.month.first()))?;
        Some(time::month_name(first))
    };
    view! {
        <div class="calendar-head">
            <Step to=earlier label="Earlier" wanted/>
            <h3 data-testid="calendar-month" aria-live="polite">{title}</h3>
            <Step to=later label="Later" wanted/>
        </div>
        {move || match calendar.get() {
            None => view! { <p class="quiet">"Loading…"</p> }.into_any(),
            Some(Err(failure)) => view! { <p class="field-error">{failure.message()}</p> }.into_any(),
            Some(Ok(calendar)) => view! { <Days days=calendar.days open/> }.into_any(),
        }}
    }
}

#[component]
fn Days(days: Vec<CalendarDay>, open: RwSignal<bool>) -> impl IntoView {
    // Weeks begin on Monday (ISO 8601).
    let blank = days.first().map_or(0, |day| day.day.weekday().num_days_from_monday());
    let most = days.iter().map(|day| day.count).max().unwrap_or(0).max(1);
    let names = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
    view! {
        <div class="calendar" role="group">
            {list(&mut names.iter().map(|name| view! { <span class="quiet" aria-hidden="true">{*name}</span> }.into_any()))}
            {list(&mut (0..blank).map(|_| view! { <span></span> }.into_any()))}
            {list(&mut days.into_iter().map(|day| view! { <Day day most open/> }.into_any()))}
        </div>
    }
}

/// To the next month in which something was said. Not `disabled` at the end: it would lose the focus.
#[component]
fn Step(
    to: Memo<Option<Month>>,
    label: &'static str,
    wanted: RwSignal<Option<Month>>,
) -> impl IntoView {
    let class = if label == "Later" { "icon-button calendar-later" } else { "icon-button" };
    view! {
        <button
            type="button"
            class=class
            aria-label=label
            aria-disabled=move || to.with(Option::is_none).to_string()
            on:click:target=move |_| if let Some(to) = to.get_untracked() { wanted.set(Some(to)) }
        >
            <Icon shape=Shape::Back/>
        </button>
    }
}

#[component]
fn Day(day: CalendarDay, most: i64, open: RwSignal<bool>) -> impl IntoView {
    let room = expect_context::<Open>();
    let CalendarDay { day, count, first_seq } = day;
    let shade = (count * SHADES + most - 1) / most;
    let class = format!("calendar-day calendar-{shade}");
    // What is read out begins with what is seen (WCAG 2.5.3).
    let label = format!("{}, {}: {count} messages", day.day(), time::day_name(day));
    let go = move || {
        open.set(false);
        match first_seq {
            Some(seq) => room.jump.set(Some(seq)),
            // Where nothing was said, the server knows what is nearest.
            None => room.day.dispatch(day),
        }
    };
    view! {
        <button
            type="button"
            class=class
            title=label.clone()
            aria-label=label
            on:click:target=move |_| go()
        >
            {day.day()}
        </button>
    }
}
