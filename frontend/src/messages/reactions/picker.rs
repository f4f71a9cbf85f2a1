//! The content of the dialog that adds a reaction: the emoji that the reader uses, a search, and all emoji. In a
//! part, so the emoji are requested only when somebody chooses one.

use std::{cell::OnceCell, sync::Arc};

use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    ids::{Seq, UserId},
    messages::Emoji,
};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    emoji_grid::{EmojiGrid, EmojiSignal, emoji_button, focus_first},
    request::set_reaction,
};
use crate::{
    api,
    messages::context::RoomContext,
    state::{
        reactions::{
            emoji_search::{SKIN_TONES, find_emoji, in_skin_tone, search_emojis},
            quick_emojis::{DEFAULTS, quick_emojis},
        },
        search::recent_list::RecentList,
    },
    ui::{
        Ui, is_touch_device, pressed_key, restore_focus, restore_focus_to, retry_when_connected,
        storage,
    },
};

thread_local! {
    /// They stay the same as long as the page is open.
    static EMOJIS: OnceCell<Arc<[Emoji]>> = const { OnceCell::new() };
}

/// The list of emoji, requested once.
pub async fn load_emojis() -> api::Result<Arc<[Emoji]>> {
    if let Some(emojis) = EMOJIS.with(|emojis| emojis.get().cloned()) {
        return Ok(emojis);
    }
    let emojis: Arc<[Emoji]> = api::list_emojis().await?.emojis.into();
    EMOJIS.with(|loaded| drop(loaded.set(emojis.clone())));
    Ok(emojis)
}

#[component]
pub fn EmojiPicker(open: RwSignal<bool>, seq: Seq) -> impl IntoView {
    let (room, ui) = (expect_context::<RoomContext>(), expect_context::<Ui>());
    // The button that opened the dialog may be hidden, because its row is not hovered any more.
    on_cleanup(move || restore_focus_to(format!(".message[data-seq='{seq}']")));
    let load = Action::new_local(|(): &()| load_emojis());
    load.dispatch_local(());
    let (value, is_loading) = (load.value(), load.pending());
    let emojis = Signal::derive(move || value.get().and_then(Result::ok).unwrap_or_default());
    let error = Signal::derive(move || value.get()?.err().map(|error| error.message()));
    let has_failed = Signal::derive(move || error.get().is_some() && !is_loading.get());
    let retry = Callback::new(move |()| {
        load.dispatch_local(());
        // The button to retry goes away.
        restore_focus(&[".emoji-picker input"]);
    });
    retry_when_connected(has_failed, retry);
    let (q, tone) = (RwSignal::new(String::new()), RwSignal::new(load_skin_tone(room.me)));
    let choose = Callback::new(move |emoji: String| {
        open.set(false);
        remember_emoji(room.me, &emoji);
        spawn_local(set_reaction(room, ui, (seq, emoji), true));
    });
    let on_click = move |event: ev::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let button = target.and_then(|target| target.closest("[data-emoji]").ok().flatten());
        if let Some(emoji) = button.and_then(|button| button.get_attribute("data-emoji")) {
            choose.run(emoji);
        }
    };
    view! {
        // One handler for all buttons, because there are some 2000.
        <div class="emoji-picker" data-testid="emoji-picker" on:click=on_click>
            <QuickEmojis emojis tone/>
            <div class="emoji-tools">
                <SearchField emojis q tone choose/>
                <SkinToneField tone/>
            </div>
            <Show when=move || has_failed.get()>
                <div class="lazy" role="alert">
                    <p>{error}</p>
                    <button type="button" class="button" on:click=move |_| retry.run(())>
                        "Try again"
                    </button>
                </div>
            </Show>
            <Show when=move || is_loading.get()>
                <p class="lazy quiet" role="status">"Loading…"</p>
            </Show>
            <EmojiGrid emojis q tone/>
        </div>
    }
}

/// The emoji that the reader used last.
#[component]
fn QuickEmojis(emojis: EmojiSignal, tone: RwSignal<usize>) -> impl IntoView {
    let recent = load_recent(expect_context::<RoomContext>().me);
    let quick = move || {
        emojis.with(|emojis| {
            let toned = |emoji: &str| {
                let found = find_emoji(emojis, emoji).map(|of| in_skin_tone(of, tone.get()));
                found.unwrap_or(emoji).to_owned()
            };
            let button = |emoji: String| {
                let name = find_emoji(emojis, &emoji).map(|of| of.name.clone());
                let name = name.unwrap_or_else(|| emoji.clone());
                emoji_button(emoji, name, "0")
            };
            let quick = quick_emojis(recent.as_slice(), DEFAULTS.map(toned));
            quick.into_iter().map(button).collect_view()
        })
    };
    view! {
        <div class="emoji-quick" role="group" aria-label="Emoji you use">{quick}</div>
    }
}

/// The search field. Enter chooses the first emoji that is found, ↓ goes to the emoji.
#[component]
fn SearchField(
    emojis: EmojiSignal,
    q: RwSignal<String>,
    tone: RwSignal<usize>,
    choose: Callback<String>,
) -> impl IntoView {
    let on_key = move |event: ev::KeyboardEvent| {
        match &*pressed_key(&event) {
            "Enter" => {
                let first = untrack(|| {
                    emojis.with(|emojis| {
                        let first = search_emojis(emojis, &q.get()).into_iter().next()?;
                        Some(in_skin_tone(first, tone.get()).to_owned())
                    })
                });
                if let Some(emoji) = first {
                    choose.run(emoji);
                }
            }
            "ArrowDown" => focus_first(),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <input
            class="finder-input"
            type="search"
            dir="auto"
            autocomplete="off"
            maxlength="100"
            // The keyboard of a touch screen would cover the emoji.
            autofocus=!is_touch_device()
            aria-label="Find an emoji"
            placeholder="Find an emoji"
            data-testid="find-emoji"
            on:input:target=move |event| q.set(event.target().value())
            on:keydown=on_key
        />
    }
}

#[component]
fn SkinToneField(tone: RwSignal<usize>) -> impl IntoView {
    let me = expect_context::<RoomContext>().me;
    let options = SKIN_TONES.iter().zip(["✋", "✋🏻", "✋🏼", "✋🏽", "✋🏾", "✋🏿"]).enumerate();
    let options = options.map(|(index, (name, hand))| {
        let is_selected = tone.get_untracked() == index;
        view! { <option value=index.to_string() selected=is_selected>{format!("{hand} {name}")}</option> }
    });
    let options = options.collect_view();
    let choose = move |chosen: String| {
        storage::set(&skin_tone_key(me), &chosen);
        tone.set(chosen.parse().unwrap_or_default());
    };
    view! {
        <select
            class="finder-input emoji-tone"
            aria-label="Skin tone"
            title="Skin tone"
            on:change:target=move |event| choose(event.target().value())
        >
            {options}
        </select>
    }
}

fn skin_tone_key(me: UserId) -> String {
    format!("hallway.skin_tone.{me}")
}

/// The skin tone that the reader chose.
pub fn load_skin_tone(me: UserId) -> usize {
    storage::get(&skin_tone_key(me)).and_then(|tone| tone.parse().ok()).unwrap_or_default()
}

fn recent_key(me: UserId) -> String {
    format!("hallway.emojis.{me}")
}

fn load_recent(me: UserId) -> RecentList {
    RecentList::parse(&storage::get(&recent_key(me)).unwrap_or_default())
}

fn remember_emoji(me: UserId, emoji: &str) {
    // Read again, because another tab may have added some.
    let mut recent = load_recent(me);
    recent.add(emoji);
    storage::set(&recent_key(me), &recent.to_text());
}
