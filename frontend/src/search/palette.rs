//! The palette (Ctrl K): jumps to a room, a person's messages, a message, or a day of the open room (the
//! ARIA combobox pattern with a list).

use chrono::NaiveDate;
use futures::future::join3;
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    access::RoomKind,
    ids::{RoomId, UserId},
    rooms::{MyRoom, Room, RoomListing},
    search::{Hit, Person, Predicate, TimeSpan, parse},
    unicode::isolate,
    users::UserRef,
};
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{day_jump::DayJump, hit::mark_matches, recent::recent_rooms};
use crate::{
    api,
    auth::Auth,
    links::{message_path, room_path, search_path},
    live::LiveClient,
    state::{
        rooms::sort_by_name,
        search::{
            fuzzy_rank::{RANKS, rank},
            highlight::{Fragment, excerpt},
        },
    },
    ui::{Avatar, Dialog, Icon, Lazy, Shape, Ui, compare_names, debounce, part, pressed_key, time},
};

/// The maximum number of choices of each kind.
const MAX_CHOICES: usize = 6;
/// The maximum number of rooms while no text is typed.
const MAX_ROOMS: usize = 10;
/// The maximum number of bytes of a message that a choice shows.
const MAX_EXCERPT: usize = 110;

#[derive(Clone)]
struct Choice {
    /// The icon; without one, the avatar of `name`.
    shape: Option<Shape>,
    name: String,
    text: Vec<Fragment>,
    kind: String,
    target: Target,
    /// My room that it is about. It is shown only as long as I am in the room.
    room: Option<RoomId>,
}

#[derive(Clone)]
enum Target {
    /// A path inside the router.
    Path(String),
    /// A day of the open room.
    Day(NaiveDate),
    /// The direct room with these people.
    Direct(Vec<UserId>),
}

#[component]
pub fn Palette(open: RwSignal<bool>, current_room: Memo<Option<RoomId>>) -> impl IntoView {
    view! {
        <Dialog open title="Jump to" wide=true>
            <Lazy load=combobox props=(open, current_room)/>
        </Dialog>
    }
}

part!(search: fn combobox((open, current_room): (RwSignal<bool>, Memo<Option<RoomId>>)) {
    view! { <Combobox open current_room/> }
});

#[component]
fn Combobox(open: RwSignal<bool>, current_room: Memo<Option<RoomId>>) -> impl IntoView {
    let (live, navigate) = (expect_context::<LiveClient>(), use_navigate());
    let ui = expect_context::<Ui>();
    let day_jump = expect_context::<DayJump>();
    let q = RwSignal::new(String::new());
    let order = room_order(current_room);
    let debounced = debounce(q);
    let found = LocalResource::new(move || {
        let q = debounced.get();
        live.connection_epoch.track();
        // Messages of a room that I was removed from must not stay here.
        live.departure.track();
        async move { (q.clone(), find(q).await) }
    });
    let choices = move || {
        let q = q.get();
        let mut choices = my_rooms(live, &order.get(), &q);
        if day_jump.is_possible() {
            choices.extend(day(&q));
        }
        // A result for an earlier text is ignored.
        if let Some((_, found)) = found.get().filter(|(of, _)| *of == q) {
            // `my_rooms` has the direct rooms that exist.
            let is_listed = |choice: &Choice| match &choice.target {
                Target::Direct(users) => live.rooms.with(|rooms| {
                    !users.iter().any(|user| rooms.has_direct_with(*user, live.my_id()))
                }),
                _ => choice.room.is_none_or(|id| live.rooms.with(|rooms| rooms.get(id).is_some())),
            };
            choices.extend(found.into_iter().filter(is_listed));
        }
        if !q.is_empty() {
            choices.push(all_messages(&q));
        }
        choices
    };
    let active = RwSignal::new(0);
    let go = Callback::new(move |target: Target| {
        open.set(false);
        match target {
            Target::Path(path) => navigate(&path, NavigateOptions::default()),
            Target::Day(day) => day_jump.jump_to(day),
            Target::Direct(users) => open_direct(live, ui, users, navigate.clone()),
        }
    });
    Effect::new(move |_| {
        if let Some(choice) = document().get_element_by_id(&choice_id(active.get())) {
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            choice.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let choices = untrack(choices);
        let count = choices.len().max(1) as u32;
        match pressed_key(&event).as_str() {
            "ArrowDown" => active.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => active.update(|at| *at = (*at + count - 1) % count),
            "Enter" => {
                if let Some(choice) = choices.get(active.get_untracked() as usize) {
                    go.run(choice.target.clone());
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let rows = move || {
        let rows = (0..).zip(choices());
        rows.map(|(index, choice)| view! { <Row index choice active go/> }).collect_view()
    };
    view! {
        <div class="palette">
            <input
                class="finder-input"
                dir="auto"
                // Not `search`: Escape would empty such a field and leave the dialog open.
                type="text"
                role="combobox"
                aria-expanded="true"
                aria-controls="choices"
                aria-autocomplete="list"
                aria-activedescendant=move || choice_id(active.get())
                aria-label="A room, a person, words of a message, or a date"
                placeholder="A room, a person, words of a message, or a date"
                autocomplete="off"
                autofocus=true
                data-testid="palette"
                on:keydown=on_key
                on:input:target=move |event| {
                    active.set(0);
                    q.set(event.target().value().trim().to_owned());
                }
            />
            <ul id="choices" class="choices" role="listbox" aria-label="Results">{rows}</ul>
        </div>
    }
}

fn choice_id(index: u32) -> String {
    format!("choice-{index}")
}

/// My rooms, the most relevant first. The order stays while the palette is open: a message that arrives
/// must not move the rows while the reader chooses one.
fn room_order(current_room: Memo<Option<RoomId>>) -> Memo<Vec<RoomId>> {
    let (live, auth) = (expect_context::<LiveClient>(), expect_context::<Auth>());
    Memo::new(move |before: Option<&Vec<RoomId>>| match before {
        Some(order) if !order.is_empty() => order.clone(),
        // The socket may not have sent my rooms yet.
        _ => live.rooms.with(|rooms| {
            let (recent, current) = (recent_rooms(auth), current_room.get_untracked());
            let names = rooms.all().map(|room| (room.id, room.name.clone())).collect();
            rooms.by_relevance(&sort_by_name(names, compare_names), &recent, current)
        }),
    })
}

/// My rooms by rank, and those of equal rank in this order, without a request.
fn my_rooms(live: LiveClient, order: &[RoomId], q: &str) -> Vec<Choice> {
    live.rooms.with(|rooms| {
        let ranked = RANKS.into_iter().flat_map(|best| {
            let rooms = order.iter().filter_map(|id| rooms.get(*id));
            rooms.filter(move |room| rank(&room.name, q) == Some(best))
        });
        let ranked = ranked.take(if q.is_empty() { MAX_ROOMS } else { MAX_CHOICES });
        let kind = |mine: &MyRoom| match mine.counted_unread() {
            ..=0 if mine.kind == RoomKind::Direct => "Direct message".to_owned(),
            ..=0 => "Room".to_owned(),
            unread => format!("{} unread", time::number(unread)),
        };
        let choice = |mine: &MyRoom| {
            let mut choice = room(mine.id, mine.kind, mine.name.clone(), kind(mine));
            if mine.kind == RoomKind::Direct {
                (choice.shape, choice.name) = (None, mine.name.clone());
            }
            // Opening a hidden room shows it again.
            if mine.is_hidden() {
                choice.target = Target::Direct(mine.people.iter().map(|user| user.id).collect());
            }
            choice
        };
        ranked.map(choice).collect()
    })
}

/// Opens the direct room with these people.
fn open_direct(
    live: LiveClient,
    ui: Ui,
    users: Vec<UserId>,
    navigate: impl Fn(&str, NavigateOptions) + 'static,
) {
    // The palette closes meanwhile.
    spawn_local(async move {
        match live.open_direct(users, None).await {
            Ok(room) => navigate(&room_path(room), NavigateOptions::default()),
            Err(error) => ui.error(error.message()),
        }
    });
}

/// The first day of a span of time, as the search writes it: `2026-03-01`, `yesterday`.
fn day(q: &str) -> Option<Choice> {
    let day = q.parse::<TimeSpan>().ok()?.first_day(time::today_untracked());
    let text = vec![Fragment::plain(time::day_name(day))];
    Some(Choice {
        shape: Some(Shape::Clock),
        name: String::new(),
        text,
        kind: "Day in this room".into(),
        target: Target::Day(day),
        room: None,
    })
}

/// Requests other rooms, people and messages from the server.
async fn find(q: String) -> Vec<Choice> {
    if q.is_empty() {
        return Vec::new();
    }
    let search = async {
        // The server would reject a query that is not complete yet.
        parse(&q).ok()?;
        api::search_messages(&q, "&before=5").await.ok()
    };
    let (rooms, people, hits) =
        join3(api::list_rooms(&q, None), api::find_people(&q), search).await;
    let rooms = rooms.into_iter().flat_map(|list| list.rooms);
    let others = rooms.filter(|listing| !listing.joined && rank(&listing.room.name, &q).is_some());
    let others = others.map(|RoomListing { room: Room { id, kind, name, .. }, .. }| {
        room(id, kind, name, "Not joined".into())
    });
    let mut choices: Vec<_> = others.take(MAX_CHOICES).collect();
    let people: Vec<_> =
        people.into_iter().flat_map(|list| list.people).take(MAX_CHOICES).collect();
    choices.extend(people.iter().map(direct_with));
    choices.extend(people.into_iter().map(messages_from));
    choices.extend(hits.into_iter().flat_map(|hits| hits.hits).map(|hit| message(hit, &q)));
    choices
}

fn room(id: RoomId, of: RoomKind, name: String, kind: String) -> Choice {
    let (shape, text) = (Some(Shape::of_room(of)), vec![Fragment::plain(name)]);
    let target = Target::Path(room_path(id));
    Choice { shape, name: String::new(), text, kind, target, room: None }
}

/// A choice with the face of a person.
fn person(name: String, kind: &str, target: Target) -> Choice {
    let text = vec![Fragment::plain(name.clone())];
    Choice { shape: None, name, text, kind: kind.into(), target, room: None }
}

fn direct_with(user: &UserRef) -> Choice {
    person(user.name().to_owned(), "Direct message", Target::Direct(vec![user.id]))
}

fn messages_from(user: UserRef) -> Choice {
    let name = user.name().to_owned();
    let from = Predicate::From(Person::Name(user.username)).to_string();
    person(name, "Their messages", Target::Path(search_path(&from, false)))
}

fn message(hit: Hit, q: &str) -> Choice {
    let Hit { message, ranges, .. } = hit;
    let name = message.user.name().to_owned();
    let mut text = vec![Fragment::plain(format!("{}: ", isolate(&name)))];
    let (content, ranges) = message.text().plain_with(&ranges);
    text.extend(excerpt(&content, &ranges, MAX_EXCERPT));
    let search = search_path(q, false);
    let search = search.trim_start_matches("/search");
    let path = format!("{}{search}", message_path(message.room, message.seq));
    let (kind, room) = ("Message".into(), Some(message.room));
    Choice { shape: None, name, text, kind, target: Target::Path(path), room }
}

fn all_messages(q: &str) -> Choice {
    let text = vec![Fragment::plain(format!("All messages with “{}”", isolate(q)))];
    let (shape, path) = (Some(Shape::Search), search_path(q, false));
    let target = Target::Path(path);
    Choice { shape, name: String::new(), text, kind: String::new(), target, room: None }
}

#[component]
fn Row(index: u32, choice: Choice, active: RwSignal<u32>, go: Callback<Target>) -> impl IntoView {
    let Choice { shape, name, text, kind, target, .. } = choice;
    let face = match shape {
        Some(shape) => view! { <Icon shape/> }.into_any(),
        None => view! { <Avatar name small=true/> }.into_any(),
    };
    view! {
        <li
            id=choice_id(index)
            class="choice"
            role="option"
            aria-selected=move || (active.get() == index).to_string()
            on:click=move |_| go.run(target.clone())
        >
            <span class="choice-face">{face}</span>
            <span class="choice-text" dir="auto">{mark_matches(text)}</span>
            <span class="quiet">{kind}</span>
        </li>
    }
}
