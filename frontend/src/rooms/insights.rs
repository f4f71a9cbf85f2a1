//! How much is said in a room, when, and by whom: pictures, and the same as tables.

use leptos::prelude::*;
use shared::{ids::RoomId, messages::Insights, search::ByAuthor};

use crate::{
    api,
    state::charts::{BAR_HEIGHT, HEAT_LEVELS, bar_chart, heat_map},
    ui::{Avatar, Dialog, list, percent, resource, time},
};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The dialog.
#[component]
pub fn InsightsDialog(open: RwSignal<bool>, id: RoomId) -> impl IntoView {
    view! {
        <Dialog open title="How much is said here" wide=true>
            <Loaded id/>
        </Dialog>
    }
}

#[component]
fn Loaded(id: RoomId) -> impl IntoView {
    let insights = resource(move || api::get_insights(id));
    view! {
        {move || match insights.get() {
            None => view! { <p class="quiet">"Counting…"</p> }.into_any(),
            Some(Err(failure)) => view! { <p class="field-error">{failure.message()}</p> }.into_any(),
            Some(Ok(insights)) => view! { <Pictures insights/> }.into_any(),
        }}
    }
}

#[component]
fn Pictures(insights: Insights) -> impl IntoView {
    let Insights { since, total, days, hours, authors } = insights;
    let counts: Vec<_> = days.iter().map(|day| day.count).collect();
    let most = counts.iter().max().copied().unwrap_or(0);
    let shade = |shade| {
        view! { <path class=format!("shade-{shade}") d=heat_map(&hours, shade)/> }.into_any()
    };
    view! {
        <div class="insights" data-testid="insights">
            <p>{format!("{} messages since {}", time::number(total as i64), time::day_name(time::local_day(since)))}</p>
            <h3>{format!("Each day, at most {}", time::number(most as i64))}</h3>
            <svg
                class="insights-days"
                viewBox=format!("0 0 {} {BAR_HEIGHT}", counts.len())
                preserveAspectRatio="none"
                aria-hidden="true"
            >
                <path d=bar_chart(&counts)/>
            </svg>
            <h3>"Hours of the week"</h3>
            <div class="insights-week" aria-hidden="true">
                <div class="insights-weekdays">{list(&mut WEEKDAYS.iter().map(|day| view! { <span>{*day}</span> }.into_any()))}</div>
                <svg viewBox="0 0 24 7">{list(&mut (1..=HEAT_LEVELS).map(shade))}</svg>
                <div class="insights-hours"><span>"0"</span><span>"6"</span><span>"12"</span><span>"18"</span><span>"24"</span></div>
            </div>
            <h3>"Who says most"</h3>
            <Authors authors/>
            <details>
                <summary>"As tables"</summary>
                <table>
                    <caption>"Messages each day"</caption>
                    {list(&mut days.iter().map(|day| row(&time::day_name(day.day), &[day.count])))}
                </table>
                <table>
                    <caption>"Messages by day of the week, from hour 0 to hour 23"</caption>
                    {list(&mut WEEKDAYS.iter().zip(&hours).map(|(day, hours)| row(day, hours)))}
                </table>
            </details>
        </div>
    }
}

#[component]
fn Authors(authors: Vec<ByAuthor>) -> impl IntoView {
    let most = authors.iter().map(|author| author.count).max().unwrap_or(0).max(1) as f64;
    let author = |ByAuthor { user, count }: ByAuthor| {
        let name = user.username.clone();
        view! {
            <li>
                <Avatar name=user.username small=true/>
                <span>{name}</span>
                <span class="insights-bar" style:inline-size=percent(count as f64 / most * 0.5)></span>
                <span class="quiet">{time::number(count as i64)}</span>
            </li>
        }
        .into_any()
    };
    view! { <ol class="insights-authors">{list(&mut authors.into_iter().map(author))}</ol> }
}

fn row(name: &str, counts: &[u64]) -> AnyView {
    let cells =
        list(&mut counts.iter().map(|count| view! { <td>{count.to_string()}</td> }.into_any()));
    view! { <tr><th scope="row">{name.to_owned()}</th>{cells}</tr> }.into_any()
}
