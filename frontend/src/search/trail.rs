//! From hit to hit in a room: the line above the timeline, its keys, and what the rows mark.

use std::ops::Range;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use shared::{
    ids::{Rev, RoomId, Seq},
    messages::{Message, MessagePage},
    search::parse,
};

use super::address;
use crate::{
    api,
    state::search::hit_list::{HitList, HitPosition, RoomHit},
    ui::{Icon, Shape, effect, href, is_plain_key, memo, on_key, parameter, shown, spawn},
};

/// A walk from hit to hit of a room, while its address has a search.
#[derive(Clone, Copy)]
pub struct Tour {
    room: RoomId,
    /// The query of the address.
    search: Memo<String>,
    /// What is looked for.
    q: Memo<Option<String>>,
    /// The message that the address names.
    at: Memo<Option<Seq>>,
    /// Of which search, and its hits.
    trail: RwSignal<(String, HitList)>,
    /// Whether somebody waits for a hit that is far away.
    looking: RwSignal<bool>,
    /// Whether they still want it.
    stopped: RwSignal<bool>,
}

/// Answers without a hit after which it is for the reader to say whether to go on.
const STEPS: usize = 25;

impl Tour {
    /// The walk that the address asks for.
    pub fn new(room: RoomId, at: Memo<Option<Seq>>) -> Self {
        let search = use_location().search;
        let q = memo(move || {
            let q = search.with(|search| parameter(search, "q"))?;
            let asks = parse(&q).is_ok_and(|query| !query.within_a_room().is_empty());
            (asks && at.get().is_some()).then_some(q)
        });
        let (looking, stopped) = (RwSignal::new(false), RwSignal::new(false));
        let tour = Self { room, search, q, at, trail: RwSignal::default(), looking, stopped };
        effect(move || {
            let (Some(q), Some(at)) = (q.get(), tour.at.get()) else { return };
            if tour.trail.with_untracked(|(of, trail)| *of != q || trail.needs_more_around(at)) {
                spawn(Box::pin(tour.ask(q, at)));
            }
        });
        tour
    }

    /// Whether there is one.
    pub fn is_on(self) -> bool {
        self.q.with(Option::is_some)
    }

    /// The bytes to mark in a message in this state.
    pub fn ranges(self, seq: Seq, rev: Rev) -> Vec<Range<usize>> {
        self.with(|trail| trail.ranges(seq, rev).to_vec()).unwrap_or_default()
    }

    /// What is asked of this room.
    pub fn query(self) -> Option<String> {
        self.q.with(|q| Some(parse(q.as_ref()?).ok()?.within_a_room().to_string()))
    }

    async fn ask(self, q: String, at: Seq) {
        let Some(query) = untrack(|| self.query()) else { return };
        let Ok(found) = api::search_room_around(self.room, &query, at).await else { return };
        if self.is_at(&q, at) {
            self.trail.update(|(of, trail)| match *of == q {
                true => trail.merge(hits(found)),
                false => (*of, *trail) = (q, hits(found)),
            });
        }
    }

    /// Reads the hits, if they are those of the search.
    fn with<T>(self, read: impl FnOnce(&HitList) -> T) -> Option<T> {
        let is_of = |of: &str| self.q.with(|q| q.as_deref() == Some(of));
        self.trail.with(|(of, trail)| is_of(of).then(|| read(trail)))
    }

    /// Whether the reader still looks for this at this place: neither hits of another search are
    /// taken, nor of a place that is far away by now.
    fn is_at(self, q: &str, at: Seq) -> bool {
        let is_here = self.at.try_get_untracked() == Some(Some(at));
        is_here && self.q.try_get_untracked().flatten().as_deref() == Some(q)
    }

    /// Where the walk goes on, inside the router.
    fn next(self, is_older: bool) -> Option<String> {
        let at = self.at.get()?;
        let seq = self.with(|trail| trail.next(at, is_older))??;
        Some(format!("/room/{}/m/{seq}?{}", self.room, self.search()))
    }

    /// From where it is to be looked for the next hit, where none is known.
    fn goes_on(self, is_older: bool) -> Option<Seq> {
        let at = self.at.get()?;
        self.with(|trail| trail.resume_from(at, is_older))?
    }

    /// Goes to the next hit, or looks for it over any stretch without one.
    fn step(self, is_older: bool, go: Callback<String>) {
        if !self.looking.get_untracked() {
            spawn(Box::pin(self.look(is_older, go)));
        }
    }

    async fn look(self, is_older: bool, go: Callback<String>) {
        let asked = untrack(|| Some((self.q.get()?, self.query()?, self.at.get()?)));
        let Some((q, query, at)) = asked else { return };
        self.stopped.set(false);
        for left in (0..=STEPS).rev() {
            let (next, from) = untrack(|| (self.next(is_older), self.goes_on(is_older)));
            if let Some(to) = next {
                go.run(to);
                break;
            }
            let Some(from) = from.filter(|_| left > 0) else { break };
            self.looking.set(true);
            let found = api::search_room_from(self.room, &query, from, is_older).await;
            let is_wanted = self.stopped.try_get_untracked() == Some(false) && self.is_at(&q, at);
            let (Ok(found), true) = (found, is_wanted) else { break };
            self.trail.update(|(_, trail)| trail.extend(hits(found), is_older));
        }
        self.looking.try_set(false);
    }

    /// What the address asks.
    fn search(self) -> String {
        self.search.with(|search| search.trim_start_matches('?').to_owned())
    }
}

fn hits(found: MessagePage) -> HitList {
    let MessagePage { messages, ranges, older, newer, .. } = found;
    let mark =
        |(message, ranges): (Message, _)| RoomHit { seq: message.seq, rev: message.rev, ranges };
    HitList { hits: messages.into_iter().zip(ranges).map(mark).collect(), older, newer }
}

/// Where one is among the hits, and the ways to the others; while there is a search.
#[component]
pub fn TrailBar() -> impl IntoView {
    let tour = expect_context::<Tour>();
    view! { {shown(move || tour.is_on(), || view! { <Bar/> }.into_any())} }
}

#[component]
fn Bar() -> impl IntoView {
    let tour = expect_context::<Tour>();
    let navigate = use_navigate();
    let go = Callback::new(move |to: String| {
        // Back leads to the results, however many hits one has looked at.
        navigate(&to, NavigateOptions { replace: true, scroll: false, ..Default::default() });
    });
    on_key(move |event| {
        let is_older = event.key() == "n";
        // A key that is held is the one that began it.
        if tour.looking.get_untracked() && !event.repeat() {
            tour.stopped.set(true);
        } else if (is_older || event.key() == "N") && is_plain_key(event) {
            event.prevent_default();
            tour.step(is_older, go);
        }
    });
    let place = move || {
        if tour.looking.get() && !tour.stopped.get() {
            return Some("Looking…".into());
        }
        let HitPosition { number, total, has_more } =
            tour.with(|trail| trail.position(tour.at.get()?))??;
        Some(format!("Hit {number} of {total}{}", if has_more { "+" } else { "" }))
    };
    let out = move || tour.at.get().map(|seq| address(tour.room, seq));
    view! {
        <div
            class="trail"
            role="group"
            aria-label="Hits in this room"
            aria-busy=move || tour.looking.get().to_string()
            data-testid="trail"
        >
            <p role="status">
                <strong>{move || place().unwrap_or_else(|| "Hits".into())}</strong>
                <span>{move || tour.q.get().map(|q| format!(" for “{q}”"))}</span>
            </p>
            <Way is_older=true label="Next hit, an older one (n)" go/>
            <Way is_older=false label="Previous hit, a newer one (N)" go/>
            <a href=move || href(&format!("/search?{}", tour.search())) class="button button-small">"Results"</a>
            <a href=move || out() class="icon-button" aria-label="End the search" title="End the search">
                <Icon shape=Shape::Close/>
            </a>
        </div>
    }
}

#[component]
fn Way(is_older: bool, label: &'static str, go: Callback<String>) -> impl IntoView {
    let tour = expect_context::<Tour>();
    view! {
        <button
            type="button"
            class="icon-button"
            class:trail-older=is_older
            aria-label=label
            title=label
            disabled=move || tour.next(is_older).is_none() && tour.goes_on(is_older).is_none()
            on:click:target=move |_| tour.step(is_older, go)
        >
            <Icon shape=Shape::Down/>
        </button>
    }
}
