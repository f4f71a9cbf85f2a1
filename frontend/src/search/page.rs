//! `/ui/search?q=`: what is asked stands in the address, so a search can be kept and shared. So does
//! how it is shown: with `by=room` a room after the other.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::{chips::Chips, recent::RecentSearches, results::Results, search_address};
use crate::ui::{Icon, Shape, effect, href, list, memo, parameter, shown};

/// The search.
#[component]
pub fn SearchPage() -> impl IntoView {
    let query = use_location().search;
    let q = memo(move || query.with(|query| parameter(query, "q").unwrap_or_default()));
    let grouped = memo(move || query.with(|query| parameter(query, "by")).is_some());
    let navigate = use_navigate();
    let ask = Callback::new(move |q: String| {
        navigate(
            &search_address(q.trim(), grouped.get_untracked()),
            NavigateOptions { scroll: false, ..Default::default() },
        );
    });
    let is_blank = RwSignal::new(true);
    let input = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(input) = input.get() {
            input.set_value(&q.get());
            is_blank.set(q.with(String::is_empty));
            let _ = input.focus();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            ask.run(input.value());
        }
    };
    view! {
        <main class="page search" id="main" tabindex="-1">
            <header class="search-head">
                <a href=href("/rooms") class="icon-button room-back" aria-label="Back to the rooms">
                    <Icon shape=Shape::Back/>
                </a>
                <h1>"Search"</h1>
            </header>
            <form class="search-form" role="search" on:submit=submit>
                <input
                    node_ref=input
                    class="finder-input"
                    type="search"
                    name="q"
                    maxlength="10000"
                    autocomplete="off"
                    placeholder="Words, \"a phrase\", from:name, in:room, after:7d"
                    aria-label="Search what was said"
                    data-testid="search"
                    on:input:target=move |event| is_blank.set(event.target().value().trim().is_empty())
                />
                <button type="submit" class="button button-primary">"Search"</button>
            </form>
            {shown(move || is_blank.get(), move || view! { <RecentSearches on_change=ask/> }.into_any())}
            <Chips q on_change=ask/>
            {move || match q.get().is_empty() {
                true => view! { <Help on_change=ask/> }.into_any(),
                false => view! { <Results q=q.get() grouped on_change=ask/> }.into_any(),
            }}
        </main>
    }
}

/// What one can ask, each to be tried.
#[component]
fn Help(on_change: Callback<String>) -> impl IntoView {
    let examples = [
        ("deploy failed", "both words, in any place"),
        ("\"out of disk\"", "exactly these words"),
        ("disk OR ssd -tape", "one of two, without a third"),
        ("~ostnam", "a part of a word"),
        ("from:me has:link", "who wrote it, and what it has: link, code, reply, edit, mention"),
        ("mentions:me after:7d", "who is named, and when: 2026-03, 2026-03-01, today, 7d"),
        ("is:unread", "what I have not read yet"),
    ];
    let rows = examples.into_iter().map(|(example, says)| {
        view! {
            <li class="list-row">
                <button
                    type="button"
                    class="chip"
                    on:click:target=move |_| on_change.run(example.to_owned())
                >
                    {example}
                </button>
                <span class="quiet">{says}</span>
            </li>
        }
        .into_any()
    });
    view! { <ul class="plain-list">{list(&mut rows.into_iter())}</ul> }
}
