//! A list that is loaded page by page, with a search field above it.

use std::{future::Future, sync::Arc};

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{self, ListRequest},
    ui::retry_when_connected,
};

/// A page of rows, and the cursor of the next page.
pub type Page<T> = (Vec<T>, Option<i64>);

/// The loaded rows of a list.
pub struct PagedRows<T: Send + Sync + 'static> {
    pub rows: RwSignal<Vec<T>>,
    status: Status,
    load: Callback<Option<i64>>,
}

// Derived, it would require the same of the rows.
impl<T: Send + Sync + 'static> Clone for PagedRows<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for PagedRows<T> {}

/// The state of the requests of a list.
#[derive(Clone, Copy)]
struct Status {
    next: RwSignal<Option<i64>>,
    is_loading: RwSignal<bool>,
    error: RwSignal<Option<String>>,
    /// Counts the requests: a response to an older one is ignored.
    run: StoredValue<u32>,
}

impl<T: Send + Sync + 'static> PagedRows<T> {
    /// Loads the first page, and again when `filter` or `q` change.
    pub fn new<Q, F>(
        q: RwSignal<String>,
        filter: RwSignal<Q>,
        fetch: impl Fn(ListRequest, Q) -> F + Send + Sync + 'static,
    ) -> Self
    where
        Q: Clone + Send + Sync + 'static,
        F: Future<Output = api::Result<Page<T>>> + 'static,
    {
        let rows = RwSignal::new(Vec::new());
        let status = Status {
            next: RwSignal::new(None),
            is_loading: RwSignal::new(true),
            error: RwSignal::new(None),
            run: StoredValue::new(0),
        };
        let fetch = Arc::new(fetch);
        let load = Callback::new(move |cursor: Option<i64>| {
            status.run.update_value(|run| *run = run.wrapping_add(1));
            status.is_loading.set(true);
            let run = status.run.get_value();
            let request = ListRequest { q: q.get_untracked(), cursor };
            let response = fetch(request, filter.get_untracked());
            spawn_local(async move {
                let response = response.await;
                if status.run.try_get_value() == Some(run) {
                    accept(rows, status, cursor.is_none(), response);
                }
            });
        });
        Effect::new(move |_| {
            q.track();
            filter.track();
            untrack(|| load.run(None));
        });
        let has_failed = Signal::derive(move || status.error.with(Option::is_some));
        retry_when_connected(has_failed, Callback::new(move |()| load.run(None)));
        Self { rows, status, load }
    }
}

fn accept<T: Send + Sync + 'static>(
    rows: RwSignal<Vec<T>>,
    status: Status,
    is_first: bool,
    response: api::Result<Page<T>>,
) {
    status.is_loading.set(false);
    match response {
        Ok((new, next)) => {
            status.error.set(None);
            status.next.set(next);
            rows.update(|rows| {
                if is_first {
                    rows.clear();
                }
                rows.extend(new);
            });
        }
        Err(error) => status.error.set(Some(error.message())),
    }
}

/// What stands below the rows: that there are none, an error, or a button for the next page.
#[component]
pub fn EndOfRows<T: Clone + Send + Sync + 'static>(
    list: PagedRows<T>,
    /// The label of the button.
    more: &'static str,
) -> impl IntoView {
    let Status { next, is_loading, error, .. } = list.status;
    let load_more = move |_| list.load.run(next.get_untracked());
    let is_empty =
        move || !is_loading.get() && error.with(Option::is_none) && list.rows.with(Vec::is_empty);
    view! {
        <p class="field-error" role="alert">{error}</p>
        <Show when=is_empty>
            <p class="empty">"Nothing found."</p>
        </Show>
        <Show when=move || next.with(Option::is_some)>
            <button type="button" class="button" disabled=is_loading on:click=load_more>
                {more}
            </button>
        </Show>
    }
}

/// The search field above a list.
#[component]
pub fn SearchField(q: RwSignal<String>, label: &'static str) -> impl IntoView {
    view! {
        <input
            class="finder-input"
            type="search"
            dir="auto"
            name="q"
            maxlength="255"
            autocomplete="off"
            aria-label=label
            placeholder=label
            on:input:target=move |event| q.set(event.target().value())
        />
    }
}

/// A filter beside the search field: the options are values and their names.
#[component]
pub fn FilterField<T: Clone + Send + Sync + 'static>(
    label: &'static str,
    options: Vec<(T, &'static str)>,
    value: RwSignal<T>,
) -> impl IntoView {
    let names = options.iter().enumerate();
    let names =
        names.map(|(nth, (_, name))| view! { <option value=nth.to_string()>{*name}</option> });
    let names = names.collect_view();
    let choose = move |chosen: String| {
        let chosen = chosen.parse::<usize>().ok().and_then(|nth| options.get(nth));
        if let Some((chosen, _)) = chosen {
            value.set(chosen.clone());
        }
    };
    view! {
        <select
            class="finder-input admin-filter"
            aria-label=label
            on:change:target=move |event| choose(event.target().value())
        >
            {names}
        </select>
    }
}
