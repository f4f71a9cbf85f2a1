//! `/ui/search?q=`: what is asked stands in the address, so a search can be kept and shared.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::{chips::Chips, hit::HitRow, search_address, summary::Counts};
use crate::{
    api::{self, Answer, Failure, Hit},
    ui::{Icon, Shape, action, each, effect, href, memo, parameter, resource, shown},
};

/// The search.
#[component]
pub fn SearchPage() -> impl IntoView {
    let query = use_location().search;
    let q = memo(move || query.with(|query| parameter(query, "q").unwrap_or_default()));
    let navigate = use_navigate();
    let ask = Callback::new(move |q: String| {
        navigate(
            &search_address(q.trim()),
            NavigateOptions { scroll: false, ..Default::default() },
        );
    });
    let input = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(input) = input.get() {
            input.set_value(&q.get());
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
                />
                <button type="submit" class="button button-primary">"Search"</button>
            </form>
            <Chips q on_change=ask/>
            {move || match q.get().is_empty() {
                true => view! { <Help on_change=ask/> }.into_any(),
                false => view! { <Results q=q.get() on_change=ask/> }.into_any(),
            }}
        </main>
    }
}

#[component]
fn Results(q: String, on_change: Callback<String>) -> impl IntoView {
    let hits = RwSignal::new(Vec::<Hit>::new());
    let more = RwSignal::new(None::<String>);
    let asked = StoredValue::new(q.clone());
    let load = action(move |from: &Option<String>| {
        let (q, from) = (asked.get_value(), from.clone());
        async move {
            let found = api::search(&q, &from.unwrap_or_default()).await?;
            more.try_set(found.next());
            hits.try_update(|hits| hits.extend(found.hits));
            Ok(()) as Answer<()>
        }
    });
    load.dispatch(None);
    let summary = resource(move || api::search_summary(asked.get_value()));
    let failure = move || load.value().get().and_then(Result::err);
    let busy = load.pending();
    let text = Signal::stored(q);
    view! {
        {move || match failure() {
            Some(failure) => view! { <Refused failure q=text on_change/> }.into_any(),
            None => ().into_any(),
        }}
        {move || match summary.get() {
            Some(Ok(summary)) => view! { <Counts summary q=text on_change/> }.into_any(),
            _ => ().into_any(),
        }}
        <ol class="hits" aria-label="Messages found" aria-busy=move || busy.get().to_string()>
            {each(move || hits.get(), |hit| hit.message.id, |hit| view! { <HitRow hit/> }.into_any())}
        </ol>
        {shown(move || more.with(Option::is_some), move || view! {
            <button
                type="button"
                class="button button-full"
                data-testid="more"
                disabled=move || busy.get()
                on:click:target=move |_| load.dispatch(more.get_untracked())
            >
                "Show more"
            </button>
        }.into_any())}
    }
}

/// What the server could not read, and what was perhaps meant.
#[component]
fn Refused(failure: Failure, q: Signal<String>, on_change: Callback<String>) -> impl IntoView {
    let mended = failure.suggestion().and_then(|(at, suggestion)| {
        let q = q.get_untracked();
        let (before, after) = (q.get(..at.start)?, q.get(at.end..)?);
        Some((suggestion.clone(), format!("{before}{suggestion}{after}")))
    });
    view! {
        <div class="refusal" role="alert" data-testid="mistake">
            <Icon shape=Shape::Warning/>
            <p>{failure.detail()}</p>
            {mended.map(|(suggestion, mended)| view! {
                <button
                    type="button"
                    class="button button-small"
                    on:click:target=move |_| on_change.run(mended.clone())
                >
                    {format!("Use {suggestion}")}
                </button>
            })}
        </div>
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
    });
    view! { <ul class="plain-list">{rows.collect_view()}</ul> }
}
