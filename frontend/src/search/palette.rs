//! From anywhere to a room, a person or a message: one types, and chooses with arrows and Enter (the
//! ARIA combobox pattern with a list of its own).

use std::time::Duration;

use futures::future::join3;
use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    ids::RoomId,
    search::{By, Hit, Person, parse},
};
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{hit::marked, search_address};
use crate::{
    api,
    live::LiveClient,
    state::search::{
        fuzzy_rank::{RANKS, rank},
        highlight::{Fragment, excerpt},
    },
    ui::{Avatar, Dialog, Icon, Shape, effect, list, resource},
};

/// So long nothing is typed before the server is asked.
const ASK_AFTER: Duration = Duration::from_millis(200);
/// Rooms and people that are shown, of each kind.
const SHOWN: usize = 6;
/// Bytes of a message that are shown.
const EXCERPT: usize = 110;

/// Where one can go.
#[derive(Clone)]
struct Choice {
    /// What stands before it; without, somebody's face.
    shape: Option<Shape>,
    /// Whose face, and whose words.
    name: String,
    text: Vec<Fragment>,
    kind: &'static str,
    /// The address inside the router.
    to: String,
}

/// The dialog.
#[component]
pub fn Palette(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Jump to" wide=true>
            <Chooser open/>
        </Dialog>
    }
}

#[component]
fn Chooser(open: RwSignal<bool>) -> impl IntoView {
    let (live, navigate) = (expect_context::<LiveClient>(), use_navigate());
    let (q, asked) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    ask_when_quiet(q, asked);
    let found = resource(move || {
        let q = asked.get();
        async move { (q.clone(), find(q).await) }
    });
    let choices = move || {
        let q = q.get();
        let mut choices = my_rooms(live, &q);
        // An answer to another text is none.
        if let Some((_, found)) = found.get().filter(|(of, _)| *of == q) {
            choices.extend(found);
        }
        if !q.is_empty() {
            choices.push(everything(&q));
        }
        choices
    };
    let active = RwSignal::new(0);
    let go = Callback::new(move |to: String| {
        open.set(false);
        navigate(&to, NavigateOptions::default());
    });
    effect(move || {
        if let Some(chosen) = document().get_element_by_id(&id(active.get())) {
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            chosen.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let choices = untrack(choices);
        let count = choices.len().max(1) as u32;
        match event.key().as_str() {
            "ArrowDown" => active.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => active.update(|at| *at = (*at + count - 1) % count),
            "Enter" if !event.is_composing() => {
                if let Some(chosen) = choices.get(active.get_untracked() as usize) {
                    go.run(chosen.to.clone());
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let rows = move || {
        let rows = (0..).zip(choices());
        list(&mut rows.map(|(nth, choice)| view! { <Row nth choice active go/> }.into_any()))
    };
    view! {
        <div class="palette">
            <input
                class="finder-input"
                // Not `search`: there Esc empties the field and leaves the dialog open.
                type="text"
                role="combobox"
                aria-expanded="true"
                aria-controls="choices"
                aria-autocomplete="list"
                aria-activedescendant=move || id(active.get())
                aria-label="A room, a person, or words of a message"
                placeholder="A room, a person, or words of a message"
                autocomplete="off"
                autofocus=true
                data-testid="palette"
                on:keydown=on_key
                on:input:target=move |event| {
                    active.set(0);
                    q.set(event.target().value().trim().to_owned());
                }
            />
            <ul id="choices" class="choices" role="listbox" aria-label="Where to">{move || rows()}</ul>
        </div>
    }
}

fn id(nth: u32) -> String {
    format!("choice-{nth}")
}

/// Typing goes on for a while: the server is asked at its end.
fn ask_when_quiet(q: RwSignal<String>, asked: RwSignal<String>) {
    Effect::new(move |before: Option<Option<TimeoutHandle>>| {
        if let Some(Some(timer)) = before {
            timer.clear();
        }
        let q = q.get();
        let ask = move || {
            asked.try_set(q);
        };
        set_timeout_with_handle(ask, ASK_AFTER).ok()
    });
}

fn room(id: RoomId, name: String, kind: &'static str) -> Choice {
    let to = format!("/room/{id}");
    Choice {
        shape: Some(Shape::Hash),
        name: String::new(),
        text: vec![Fragment::plain(name)],
        kind,
        to,
    }
}

/// My rooms, best first: they are known without asking.
fn my_rooms(live: LiveClient, q: &str) -> Vec<Choice> {
    live.rooms.with(|rooms| {
        let rooms = rooms.by_name();
        let fitting = |best| rooms.iter().filter(move |room| rank(&room.name, q) == Some(best));
        let best = RANKS.into_iter().flat_map(fitting).take(SHOWN);
        best.map(|mine| room(mine.id, mine.name.clone(), "Room")).collect()
    })
}

/// Other rooms, people and messages.
async fn find(q: String) -> Vec<Choice> {
    if q.is_empty() {
        return Vec::new();
    }
    let search = async {
        // What cannot be read, as somebody may just be writing, need not be asked.
        parse(&q).ok()?;
        api::search_messages(&q, "&before=5").await.ok()
    };
    let (rooms, people, hits) =
        join3(api::list_rooms(&q, None), api::find_people(&q), search).await;
    let rooms = rooms.into_iter().flat_map(|list| list.rooms);
    let others = rooms.filter(|listing| !listing.joined && rank(&listing.room.name, &q).is_some());
    let others = others.map(|listing| room(listing.room.id, listing.room.name, "Not joined"));
    let mut choices: Vec<_> = others.take(SHOWN).collect();
    let people = people.into_iter().flat_map(|list| list.people).take(SHOWN);
    choices.extend(people.map(|person| said_by(person.username)));
    choices.extend(hits.into_iter().flat_map(|found| found.hits).map(|hit| message(hit, &q)));
    choices
}

fn said_by(name: String) -> Choice {
    let to = search_address(&By::From(Person::Name(name.clone())).to_string(), false);
    Choice {
        shape: None,
        text: vec![Fragment::plain(name.clone())],
        name,
        kind: "What they said",
        to,
    }
}

fn message(Hit { message, ranges, .. }: Hit, q: &str) -> Choice {
    let name = message.user.username;
    let mut text = vec![Fragment::plain(format!("{name}: "))];
    text.extend(excerpt(&message.content, &ranges, EXCERPT));
    let search = search_address(q, false);
    let search = search.trim_start_matches("/search");
    let to = format!("/room/{}/m/{}{search}", message.room, message.seq);
    Choice { shape: None, name, text, kind: "Message", to }
}

fn everything(q: &str) -> Choice {
    let text = vec![Fragment::plain(format!("All messages with “{q}”"))];
    let (shape, to) = (Some(Shape::Search), search_address(q, false));
    Choice { shape, name: String::new(), text, kind: "", to }
}

#[component]
fn Row(nth: u32, choice: Choice, active: RwSignal<u32>, go: Callback<String>) -> impl IntoView {
    let Choice { shape, name, text, kind, to } = choice;
    let face = match shape {
        Some(shape) => view! { <Icon shape/> }.into_any(),
        None => view! { <Avatar name small=true/> }.into_any(),
    };
    view! {
        <li
            id=id(nth)
            class="choice"
            role="option"
            aria-selected=move || (active.get() == nth).to_string()
            on:click:target=move |_| go.run(to.clone())
        >
            <span class="choice-face">{face}</span>
            <span class="choice-text">{marked(text)}</span>
            <span class="quiet">{kind}</span>
        </li>
    }
}
