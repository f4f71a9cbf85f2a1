//! Navigation from hit to hit in a room, while the address has a search: the bar above the
//! timeline, its keys, and the highlighted ranges of the messages. The bar and the code that only
//! the bar uses are in a lazy part.

use std::ops::Range;

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use shared::{
    Timestamp,
    ids::{RoomId, Seq},
    messages::{Message, MessagePage},
    search::parse,
    unicode::isolate,
};

use crate::{
    api,
    links::message_path,
    state::search::hit_list::{HitList, HitPosition, RoomHit},
    ui::{
        Icon, Lazy, Shape, Ui, href, is_shortcut, on_page_keydown, part, query_param, shortcut_key,
    },
};

#[derive(Clone, Copy)]
pub struct HitNavigator {
    room: RoomId,
    /// The query string of the address.
    query_string: Memo<String>,
    /// The search in the address, if the address contains a message too.
    q: Memo<Option<String>>,
    /// The search without the operators that select rooms. `None` if nothing else is left.
    room_query: RwSignal<Option<String>>,
    /// The message in the address.
    at: Memo<Option<Seq>>,
    /// The hits loaded so far, and the search that they belong to.
    hits: RwSignal<(String, HitList)>,
    is_searching: RwSignal<bool>,
    /// Whether the reader cancelled the search for the next hit.
    is_cancelled: RwSignal<bool>,
}

/// The search for the next hit ends after this many pages without a hit; the reader can start the
/// search again.
const MAX_EMPTY_PAGES: usize = 25;

impl HitNavigator {
    pub fn new(room: RoomId, at: Memo<Option<Seq>>) -> Self {
        let query_string = use_location().search;
        let q = Memo::new(move |_| {
            at.get()?;
            query_string.with(|query| query_param(query, "q"))
        });
        Self {
            room,
            query_string,
            q,
            room_query: RwSignal::new(None),
            at,
            hits: RwSignal::default(),
            is_searching: RwSignal::new(false),
            is_cancelled: RwSignal::new(false),
        }
    }

    pub fn is_active(self) -> bool {
        self.room_query.with(Option::is_some)
    }

    /// The bytes to highlight in a message whose text was edited last at this time.
    pub fn ranges(self, seq: Seq, edited_at: Option<Timestamp>) -> Vec<Range<usize>> {
        self.with_hits(|hits| hits.ranges(seq, edited_at).to_vec()).unwrap_or_default()
    }

    pub fn query(self) -> Option<String> {
        self.room_query.get()
    }

    /// Parses the search in the address and loads hits around its message, now and after each change.
    fn follow_address(self) {
        Effect::new(move |_| {
            let query = self.q.with(|q| Some(parse(q.as_ref()?).ok()?.without_scope()));
            let query = query.filter(|query| !query.is_empty());
            self.room_query.set(query.map(|query| query.to_string()));
        });
        let connection_epoch = expect_context::<Ui>().connection_epoch;
        Effect::new(move |_| {
            connection_epoch.track();
            let (Some(q), Some(at), true) = (self.q.get(), self.at.get(), self.is_active()) else {
                return;
            };
            if self.hits.with_untracked(|(of, hits)| *of != q || hits.needs_more_around(at)) {
                spawn_local(self.load_around(q, at));
            }
        });
        on_cleanup(move || drop(self.room_query.try_set(None)));
    }

    async fn load_around(self, q: String, at: Seq) {
        let Some(query) = untrack(|| self.query()) else { return };
        let Ok(page) = api::search_room_around(self.room, &query, at).await else { return };
        if self.is_still_at(&q, at) {
            self.hits.update(|(of, hits)| match *of == q {
                true => hits.merge(hits_of(page)),
                false => (*of, *hits) = (q, hits_of(page)),
            });
        }
    }

    /// Reads the hits if they belong to the current search.
    fn with_hits<T>(self, read: impl FnOnce(&HitList) -> T) -> Option<T> {
        let is_current = |of: &str| self.q.with(|q| q.as_deref() == Some(of));
        self.hits.with(|(of, hits)| is_current(of).then(|| read(hits)))
    }

    /// Returns whether the reader has neither changed the search nor moved on during a request.
    fn is_still_at(self, q: &str, at: Seq) -> bool {
        let is_here = self.at.try_get_untracked() == Some(Some(at));
        is_here && self.q.try_get_untracked().flatten().as_deref() == Some(q)
    }

    /// The path of the next loaded hit.
    fn next_path(self, is_older: bool) -> Option<String> {
        let at = self.at.get()?;
        let seq = self.with_hits(|hits| hits.next(at, is_older))??;
        Some(format!("{}?{}", message_path(self.room, seq), self.parameters()))
    }

    /// The message from which the server has to search for the next hit, if none is loaded.
    fn search_from(self, is_older: bool) -> Option<Seq> {
        let at = self.at.get()?;
        self.with_hits(|hits| hits.resume_from(at, is_older))?
    }

    fn has_next(self, is_older: bool) -> bool {
        self.next_path(is_older).is_some() || self.search_from(is_older).is_some()
    }

    fn go_to_next(self, is_older: bool, go: Callback<String>) {
        if !self.is_searching.get_untracked() {
            spawn_local(self.find_next(is_older, go));
        }
    }

    /// Goes to the next hit; searches page by page while none is loaded.
    async fn find_next(self, is_older: bool, go: Callback<String>) {
        let start = untrack(|| Some((self.q.get()?, self.query()?, self.at.get()?)));
        let Some((q, query, at)) = start else { return };
        self.is_cancelled.set(false);
        for pages_left in (0..=MAX_EMPTY_PAGES).rev() {
            let (next, from) = untrack(|| (self.next_path(is_older), self.search_from(is_older)));
            if let Some(path) = next {
                go.run(path);
                break;
            }
            let Some(from) = from.filter(|_| pages_left > 0) else { break };
            self.is_searching.set(true);
            let page = api::search_room_from(self.room, &query, from, is_older).await;
            let is_cancelled = self.is_cancelled.try_get_untracked() != Some(false);
            let (Ok(page), false) = (page, is_cancelled || !self.is_still_at(&q, at)) else {
                break;
            };
            self.hits.update(|(_, hits)| hits.extend(hits_of(page), is_older));
        }
        self.is_searching.try_set(false);
    }

    /// The parameters of the address, without the question mark.
    fn parameters(self) -> String {
        self.query_string.with(|query| query.trim_start_matches('?').to_owned())
    }

    /// The status text: "Hit 2 of 3+", or "Searching…".
    fn status(self) -> String {
        if self.is_searching.get() && !self.is_cancelled.get() {
            return "Searching…".into();
        }
        let place = || self.with_hits(|hits| hits.position(self.at.get()?))?;
        match place() {
            Some(HitPosition { number, total, has_more }) => {
                format!("Hit {number} of {total}{}", if has_more { "+" } else { "" })
            }
            None => "Hits".into(),
        }
    }
}

fn hits_of(page: MessagePage) -> HitList {
    let MessagePage { messages, ranges, older, newer, .. } = page;
    let hit = |(message, ranges): (Message, _)| RoomHit {
        seq: message.seq,
        edited_at: message.edited_at,
        ranges,
    };
    HitList { hits: messages.into_iter().zip(ranges).map(hit).collect(), older, newer }
}

/// The bar above the timeline while the address has a search.
#[component]
pub fn HitBar() -> impl IntoView {
    let navigator = expect_context::<HitNavigator>();
    view! {
        <Show when=move || navigator.q.with(Option::is_some)>
            <Lazy load=hit_bar props=navigator/>
        </Show>
    }
}

part!(search: fn hit_bar(navigator: HitNavigator) {
    navigator.follow_address();
    view! { <Show when=move || navigator.is_active()><Bar navigator/></Show> }
});

#[component]
fn Bar(navigator: HitNavigator) -> impl IntoView {
    let navigate = use_navigate();
    let go = Callback::new(move |path: String| {
        // Replaces the address, so that Back leads to the results.
        navigate(&path, NavigateOptions { replace: true, scroll: false, ..Default::default() });
    });
    on_page_keydown(move |event| {
        let key = shortcut_key(event);
        let is_older = key == "n";
        // Any key cancels a search, except for the repetitions of the key that started it.
        if navigator.is_searching.get_untracked() && !event.repeat() {
            navigator.is_cancelled.set(true);
        } else if (is_older || key == "N") && is_shortcut(event) {
            event.prevent_default();
            navigator.go_to_next(is_older, go);
        }
    });
    let results = move || href(&format!("/search?{}", navigator.parameters()));
    let message = move || navigator.at.get().map(|seq| href(&message_path(navigator.room, seq)));
    view! {
        <div
            class="trail"
            role="group"
            aria-label="Hits in this room"
            aria-busy=move || navigator.is_searching.get().to_string()
            data-testid="trail"
        >
            <p role="status">
                <strong>{move || navigator.status()}</strong>
                <span>{move || navigator.query().map(|q| format!(" for “{}”", isolate(&q)))}</span>
            </p>
            <NextButton navigator is_older=true label="Next hit, an older one (n)" go/>
            <NextButton navigator is_older=false label="Previous hit, a newer one (N)" go/>
            <a href=results class="button button-small">"Results"</a>
            <a href=message class="icon-button" aria-label="End the search" title="End the search">
                <Icon shape=Shape::Close/>
            </a>
        </div>
    }
}

#[component]
fn NextButton(
    navigator: HitNavigator,
    is_older: bool,
    label: &'static str,
    go: Callback<String>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            class:trail-older=is_older
            aria-label=label
            title=label
            disabled=move || !navigator.has_next(is_older)
            on:click=move |_| navigator.go_to_next(is_older, go)
        >
            <Icon shape=Shape::Down/>
        </button>
    }
}
