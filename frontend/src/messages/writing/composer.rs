//! Where one writes. The draft of each room is on disk with every keystroke.

use leptos::{ev, html, prelude::*};
use shared::{
    ids::{RoomId, Seq, UserId},
    rules::{self, CONTENT_MAX_BYTES, TYPING_EVERY_S},
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlTextAreaElement};

use crate::{
    live::LiveClient,
    messages::{Open, row::snippet},
    search::Tour,
    state::place::goto::{self, Goto},
    ui::{Icon, Shape, Ui, effect, memo, shown, storage, time},
    users::session::Session,
};

/// From here on the limit is shown.
const CLOSE_TO_LIMIT: usize = CONTENT_MAX_BYTES / 10 * 9;

fn draft_key(me: UserId, room: RoomId) -> String {
    format!("hallway.draft.{me}.{room}")
}

/// What this person was writing in this room.
pub fn remembered_draft(me: UserId, room: RoomId) -> String {
    storage::get(&draft_key(me, room)).unwrap_or_default()
}

/// Gives the focus to the composer of the open room.
pub fn focus_composer() {
    let found = document().query_selector("#composer").ok().flatten();
    if let Some(area) = found.and_then(|el| el.dyn_into::<HtmlElement>().ok()) {
        let _ = area.focus();
    }
}

/// Makes a field as high as its text; the style sheet says how high it may get.
pub fn grow(area: &HtmlTextAreaElement) {
    let style = HtmlElement::style(area);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height() + 2));
}

/// Whether the Enter belongs to an input method that is still composing a word.
pub fn is_composing(event: &ev::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
}

/// The composer of the open room.
#[component]
pub fn Composer() -> impl IntoView {
    let (open, live) = (expect_context::<Open>(), expect_context::<LiveClient>());
    let ui = expect_context::<Ui>();
    let me = expect_context::<Session>().me_untracked().map(|me| me.id).unwrap_or_default();
    let area = NodeRef::<html::Textarea>::new();
    keep_draft(open, me, area);
    let tour = expect_context::<Tour>();
    effect(move || {
        area.track();
        // Who goes from hit to hit does it with letters.
        if open.reply_to.get().is_none() && untrack(|| tour.is_on()) {
            return;
        }
        // On a touch screen the focus would bring up the keyboard over half of the room.
        if !window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|m| m.matches()) {
            request_animation_frame(focus_composer);
        }
    });
    let bytes = memo(move || open.draft.with(|draft| draft.trim().len()));
    let can_send = move || (1..=CONTENT_MAX_BYTES).contains(&bytes.get());
    let send = move || {
        let Ok(content) = rules::content(&open.draft.get_untracked()) else { return };
        if let Some(to) = goto::read(&content, time::today()) {
            return go(open, ui, to);
        }
        live.send(open.room, content, open.reply_to.get_untracked());
        open.draft.set(String::new());
        open.reply_to.set(None);
        open.sent.update(|n| *n += 1);
    };
    let on_input = move |event: ev::Event| {
        let text = event_target_value(&event);
        say_that_i_type(open, live, &text);
        open.draft.set(text);
    };
    let on_key = move |event: ev::KeyboardEvent| keys(&event, open, me, send);
    let name = move || {
        live.rooms.with(|rooms| rooms.get(open.room).map(|r| r.name.clone()).unwrap_or_default())
    };
    let over = move || bytes.get() as i64 - CONTENT_MAX_BYTES as i64;
    let limit = move || match over() {
        1.. => format!("{} bytes too long", over()),
        _ => format!("{} bytes left", -over()),
    };
    view! {
        <form
            class="composer"
            on:submit:target=move |event| {
                event.prevent_default();
                send();
                focus_composer();
            }
        >
            <Answering/>
            <div class="composer-box">
                <textarea
                    id="composer"
                    node_ref=area
                    rows="1"
                    data-testid="composer"
                    aria-label=move || format!("Message to {}", name())
                    placeholder=move || format!("Message to {}", name())
                    aria-describedby="composer-limit"
                    prop:value=move || open.draft.get()
                    on:input=on_input
                    on:keydown=on_key
                ></textarea>
                <button
                    type="submit"
                    class="send-button"
                    aria-label="Send"
                    title="Send (Enter)"
                    disabled=move || !can_send()
                >
                    <Icon shape=Shape::Send/>
                </button>
            </div>
            <p id="composer-limit" class="composer-limit" class:over=move || over().gt(&0) role="status">
                {move || (bytes.get() >= CLOSE_TO_LIMIT).then(limit)}
            </p>
        </form>
    }
}

/// Goes where `/goto` says instead of saying it.
fn go(open: Open, ui: Ui, to: Result<Goto, String>) {
    let last = open.with_untracked(|t| t.last_seq());
    match to {
        Ok(Goto::Message(seq)) if seq < Seq(1) || seq > last => {
            let (seq, last) = (time::number(seq.0), time::number(last.0));
            return ui.error(format!("There is no message {seq}: this room has {last}."));
        }
        Ok(Goto::Message(seq)) => open.jump.set(Some(seq)),
        Ok(Goto::Day(day)) => open.day.dispatch(day),
        Err(sentence) => return ui.error(sentence),
    }
    open.draft.set(String::new());
}

fn keys(event: &ev::KeyboardEvent, open: Open, me: UserId, send: impl Fn()) {
    match event.key().as_str() {
        "Enter" if !event.shift_key() && !is_composing(event) => {
            event.prevent_default();
            send();
        }
        "Escape" if open.reply_to.with_untracked(Option::is_some) => {
            event.prevent_default();
            open.reply_to.set(None);
        }
        "ArrowUp" if !event.alt_key() && open.draft.with_untracked(String::is_empty) => {
            let mine = open.with_untracked(|t| {
                let mut all = t.newest_first();
                all.find(|m| m.user.id == me && m.deleted_at.is_none()).map(|m| m.seq)
            });
            if mine.is_some() {
                event.prevent_default();
                open.edited.set(None);
                open.editing.set(mine);
            }
        }
        _ => {}
    }
}

fn keep_draft(open: Open, me: UserId, area: NodeRef<html::Textarea>) {
    effect(move || {
        let key = draft_key(me, open.room);
        open.draft.with(|draft| match draft.is_empty() {
            true => storage::remove(&key),
            false => storage::set(&key, draft),
        });
        if let Some(area) = area.get() {
            request_animation_frame(move || grow(&area));
        }
    });
}

fn say_that_i_type(open: Open, live: LiveClient, text: &str) {
    let now = js_sys::Date::now();
    let due = open.typed_at.get_value() + TYPING_EVERY_S as f64 * 1_000.0 <= now;
    if due && !text.trim().is_empty() {
        open.typed_at.set_value(now);
        live.typing(open.room);
    }
}

/// What is being answered, and a way not to.
#[component]
fn Answering() -> impl IntoView {
    let open = expect_context::<Open>();
    let message = memo(move || {
        let seq = open.reply_to.get()?;
        open.with(|t| t.get(seq).cloned())
    });
    let line = move || {
        message.with(|m| {
            m.as_ref().map(|m| (m.user.username.clone(), snippet(&m.content))).unwrap_or_default()
        })
    };
    view! {
        {shown(move || open.reply_to.get().is_some(), move || view! {
            <div class="answering">
                <Icon shape=Shape::Reply/>
                <span class="answering-text">
                    "Answering " <strong>{move || line().0}</strong> " " {move || line().1}
                </span>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Do not answer it"
                    on:click:target=move |_| open.reply_to.set(None)
                >
                    <Icon shape=Shape::Close/>
                </button>
            </div>
        }.into_any())}
    }
}
