//! Statistics of a room: messages per day, hour and author, as charts and as tables.

use chrono::{NaiveDate, Weekday};
use leptos::prelude::*;
use shared::{
    ids::RoomId,
    messages::{DayCount, Insights},
    search::AuthorCount,
};

use crate::{
    api,
    state::charts::{BAR_HEIGHT, HEAT_LEVELS, bar_chart, heat_map},
    ui::{Avatar, Dialog, Lazy, Ui, part, percent, time},
};

#[component]
pub fn InsightsDialog(open: RwSignal<bool>, id: RoomId) -> impl IntoView {
    view! {
        <Dialog open title="Insights" wide=true>
            <Lazy load=insights props=id/>
        </Dialog>
    }
}

part!(more: pub fn insights(id: RoomId) { view! { <RoomInsights id/> } });

#[component]
fn RoomInsights(id: RoomId) -> impl IntoView {
    let connection_epoch = expect_context::<Ui>().connection_epoch;
    let insights = LocalResource::new(move || {
        connection_epoch.track();
        api::get_insights(id)
    });
    move || match insights.get() {
        None => view! { <p class="quiet">"Loading…"</p> }.into_any(),
        Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
        Some(Ok(insights)) => view! { <Charts insights/> }.into_any(),
    }
}

#[component]
fn Charts(insights: Insights) -> impl IntoView {
    let Insights { since, total, days, hours, authors } = insights;
    let counts: Vec<_> = days.iter().map(|day| day.count).collect();
    let most = counts.iter().max().copied().unwrap_or(0);
    let since = time::day_in_sentence(time::local_day(since));
    let axis = axis_days(&days);
    // The server counts from Monday.
    let weekdays = time::week_from(Weekday::Mon).map(time::weekday_short);
    let shades = (1..=HEAT_LEVELS).map(|shade| {
        view! { <path class=format!("shade-{shade}") d=heat_map(&hours, shade)/> }
    });
    view! {
        <div class="insights" data-testid="insights">
            <p>{format!("{} since {since}", time::count(total as i64, "message"))}</p>
            <h3>{format!("Messages per day (at most {})", time::number(most as i64))}</h3>
            <svg
                class="insights-days"
                viewBox=format!("0 0 {} {BAR_HEIGHT}", counts.len())
                preserveAspectRatio="none"
                aria-hidden="true"
            >
                <path d=bar_chart(&counts)/>
            </svg>
            <div class="insights-axis" aria-hidden="true">
                {axis.into_iter().map(|day| view! { <span>{time::day_short(day)}</span> }).collect_view()}
            </div>
            <h3>"Hours of the week"</h3>
            <div class="insights-week" aria-hidden="true">
                <div class="insights-weekdays">
                    {weekdays.clone().map(|day| view! { <span>{day}</span> }).collect_view()}
                </div>
                <svg viewBox="0 0 24 7">{shades.collect_view()}</svg>
                <div class="insights-hours">
                    <span>"0"</span><span>"6"</span><span>"12"</span><span>"18"</span><span>"24"</span>
                </div>
            </div>
            <h3>"Most active people"</h3>
            <Authors authors/>
            <details>
                <summary>"Show as tables"</summary>
                <table>
                    <caption>"Messages per day"</caption>
                    {days.iter().map(|day| row(&time::day_name(day.day), &[day.count])).collect_view()}
                </table>
                <table>
                    <caption>"Messages per weekday and hour, 0 to 23"</caption>
                    {weekdays.iter().zip(&hours).map(|(day, hours)| row(day, hours)).collect_view()}
                </table>
            </details>
        </div>
    }
}

#[component]
fn Authors(authors: Vec<AuthorCount>) -> impl IntoView {
    let most = authors.iter().map(|author| author.count).max().unwrap_or(0).max(1) as f64;
    let rows = authors.into_iter().map(|AuthorCount { user, count }| {
        view! {
            <li>
                <Avatar name=user.name().to_owned() small=true/>
                <span dir="auto">{user.name().to_owned()}</span>
                <span
                    class="insights-bar"
                    style:inline-size=percent(count as f64 / most * 0.5)
                ></span>
                <span class="quiet">{time::number(count as i64)}</span>
            </li>
        }
    });
    view! { <ol class="insights-authors">{rows.collect_view()}</ol> }
}

/// The first day, the last one and the one in the middle, each once.
fn axis_days(days: &[DayCount]) -> Vec<NaiveDate> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let mut axis = vec![first.day, days[days.len() / 2].day, last.day];
    axis.dedup();
    axis
}

fn row(name: &str, counts: &[u64]) -> impl IntoView + use<> {
    let cells = counts.iter().map(|count| view! { <td>{count.to_string()}</td> }).collect_view();
    view! { <tr><th scope="row">{name.to_owned()}</th>{cells}</tr> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_runs_from_the_first_day_to_the_last() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let axis = |days: std::ops::RangeInclusive<u32>| {
            axis_days(&days.map(|n| DayCount { day: day(n), count: 0 }).collect::<Vec<_>>())
        };
        assert_eq!(axis(1..=31), [day(1), day(16), day(31)]);
        assert_eq!((axis(4..=4), axis_days(&[])), (vec![day(4)], vec![]));
    }
}
