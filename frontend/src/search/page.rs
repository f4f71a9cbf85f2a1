//! `/ui/search?q=..&by=room`: the address contains the search, so that it can be shared and
//! bookmarked.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use shared::rules;

use super::{chips::Chips, recent::RecentSearches, results::Results};
use crate::{
    links::search_path,
    ui::{Icon, Lazy, Shape, href, part, query_param},
};

/// Examples of searches, with their meanings.
const EXAMPLES: [(&str, &str); 7] = [
    ("deploy failed", "both words, anywhere"),
    ("\"out of disk\"", "exactly these words"),
    ("disk OR ssd -tape", "either word, but not a third"),
    ("~ostnam", "this text anywhere, even inside a word"),
    ("from:me has:link", "by author and kind: link, code, reply, edit, mention"),
    ("mentions:me after:7d", "by mention and date: 2026-03, 2026-03-01, today, 7d"),
    ("is:unread", "what you haven't read yet"),
];

#[component]
pub fn SearchPage() -> impl IntoView {
    view! {
        <main class="page search" id="main" tabindex="-1">
            <header class="search-head">
                <a href=href("/rooms") class="icon-button room-back" aria-label="Back to the rooms">
                    <Icon shape=Shape::Back/>
                </a>
                <h1>"Search"</h1>
            </header>
            <Lazy load=search_form props=()/>
        </main>
    }
}

part!(search: pub fn search_form((): ()) { view! { <SearchForm/> } });

#[component]
fn SearchForm() -> impl IntoView {
    let query = use_location().search;
    let q = Memo::new(move |_| query.with(|query| query_param(query, "q").unwrap_or_default()));
    let grouped = Memo::new(move |_| query.with(|query| query_param(query, "by")).is_some());
    let navigate = use_navigate();
    let search = Callback::new(move |q: String| {
        navigate(
            &search_path(q.trim(), grouped.get_untracked()),
            NavigateOptions { scroll: false, ..Default::default() },
        );
    });
    let is_blank = RwSignal::new(true);
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            input.set_value(&q.get());
            is_blank.set(q.with(String::is_empty));
            let _ = input.focus();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            search.run(input.value());
        }
    };
    view! {
        <form class="search-form" role="search" on:submit=submit>
            <input
                node_ref=input
                class="finder-input"
                type="search"
                dir="auto"
                name="q"
                maxlength=rules::QUERY_MAX_CHARS
                autocomplete="off"
                placeholder="Words, \"a phrase\", from:name, in:room, after:7d"
                aria-label="Search messages"
                data-testid="search"
                on:input:target=move |event| is_blank.set(event.target().value().trim().is_empty())
            />
            <button type="submit" class="button button-primary">"Search"</button>
        </form>
        <Show when=move || is_blank.get()>
            <RecentSearches on_change=search/>
        </Show>
        <Chips q on_change=search/>
        {move || match q.get().is_empty() {
            true => view! { <Examples on_change=search/> }.into_any(),
            false => view! { <Results q=q.get() grouped on_change=search/> }.into_any(),
        }}
    }
}

#[component]
fn Examples(on_change: Callback<String>) -> impl IntoView {
    let rows = EXAMPLES.map(|(q, meaning)| {
        view! {
            <li class="list-row">
                <button type="button" class="chip" on:click=move |_| on_change.run(q.to_owned())>
                    {q}
                </button>
                <span class="quiet">{meaning}</span>
            </li>
        }
    });
    view! { <ul class="plain-list">{rows.collect_view()}</ul> }
}
