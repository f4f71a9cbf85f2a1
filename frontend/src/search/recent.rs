//! The recent searches of this account in this browser.

use leptos::prelude::*;
use shared::unicode::isolate;

use crate::{
    auth::Auth,
    state::search::recent_searches::RecentSearches as Searches,
    ui::{Icon, Shape, storage},
};

fn storage_key(auth: Auth) -> String {
    let me = auth.me_untracked().map(|me| me.id).unwrap_or_default();
    format!("hallway.searches.{me}")
}

fn load(key: &str) -> Searches {
    Searches::parse(&storage::get(key).unwrap_or_default())
}

pub fn remember(auth: Auth, q: &str) {
    let key = storage_key(auth);
    let mut searches = load(&key);
    searches.add(q);
    storage::set(&key, &searches.to_text());
}

#[component]
pub fn RecentSearches(on_change: Callback<String>) -> impl IntoView {
    let key = storage_key(expect_context::<Auth>());
    let searches = RwSignal::new(load(&key));
    let forget = Callback::new(move |q: String| {
        // Read again, because another tab may have added some.
        let mut all = load(&key);
        all.remove(&q);
        storage::set(&key, &all.to_text());
        searches.set(all);
    });
    view! {
        <Show when=move || searches.with(|searches| !searches.as_slice().is_empty())>
            <section class="recents" aria-labelledby="recents" data-testid="recents">
                <h2 id="recents">"Recent searches"</h2>
                <ul>
                    <For
                        each=move || searches.with(|searches| searches.as_slice().to_vec())
                        key=|q| q.clone()
                        children=move |q| view! { <Row q on_change forget/> }
                    />
                </ul>
            </section>
        </Show>
    }
}

#[component]
fn Row(q: String, on_change: Callback<String>, forget: Callback<String>) -> impl IntoView {
    let (repeated, forgotten) = (q.clone(), q.clone());
    view! {
        <li class="recent">
            <button
                type="button"
                class="recent-again"
                on:click=move |_| on_change.run(repeated.clone())
            >
                <Icon shape=Shape::Clock/>
                <span dir="auto">{q.clone()}</span>
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label=format!("Forget {}", isolate(&q))
                title="Forget"
                on:click=move |_| forget.run(forgotten.clone())
            >
                <Icon shape=Shape::Close/>
            </button>
        </li>
    }
}
