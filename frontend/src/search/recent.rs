//! The last searches of this account in this browser, to be made again.

use leptos::prelude::*;

use crate::{
    state::search::recent_searches::RecentSearches as Stored,
    ui::{Icon, Shape, list, shown, storage},
    users::session::Session,
};

fn key(session: Session) -> String {
    let me = session.me_untracked().map(|me| me.id).unwrap_or_default();
    format!("hallway.searches.{me}")
}

fn recent(key: &str) -> Stored {
    Stored::parse(&storage::get(key).unwrap_or_default())
}

/// A search was made.
pub fn remember(session: Session, q: &str) {
    let key = key(session);
    let mut searches = recent(&key);
    searches.add(q);
    storage::set(&key, &searches.to_text());
}

/// The list, if there is any.
#[component]
pub fn RecentSearches(on_change: Callback<String>) -> impl IntoView {
    let key = key(expect_context::<Session>());
    let text = RwSignal::new(recent(&key).to_text());
    let forget = Callback::new(move |q: String| {
        let mut searches = recent(&key);
        searches.remove(&q);
        storage::set(&key, &searches.to_text());
        text.set(searches.to_text());
    });
    let rows = move || {
        let searches = text.with(|text| Stored::parse(text));
        let rows = searches.as_slice().iter().cloned();
        list(&mut rows.map(|q| view! { <Row q on_change forget/> }.into_any()))
    };
    view! {
        {shown(move || text.with(|text| !text.is_empty()), move || view! {
            <section class="recents" aria-labelledby="recents" data-testid="recents">
                <h2 id="recents">"Recent searches"</h2>
                <ul>{move || rows()}</ul>
            </section>
        }.into_any())}
    }
}

#[component]
fn Row(q: String, on_change: Callback<String>, forget: Callback<String>) -> impl IntoView {
    let (again, gone, label) = (q.clone(), q.clone(), format!("Forget {q}"));
    view! {
        <li class="recent">
            <button
                type="button"
                class="recent-again"
                on:click:target=move |_| on_change.run(again.clone())
            >
                <Icon shape=Shape::Clock/>
                <span>{q}</span>
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label=label
                title="Forget it"
                on:click:target=move |_| forget.run(gone.clone())
            >
                <Icon shape=Shape::Close/>
            </button>
        </li>
    }
}
