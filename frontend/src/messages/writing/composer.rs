//! The composer of the open room.

use leptos::{ev, html, prelude::*};
use shared::{
    ids::{Seq, UserId},
    rules::{self, CONTENT_MAX_BYTES, TYPING_INTERVAL_S},
    unicode::isolate,
};

use super::{
    draft::store_draft,
    text_field::{focus_composer, is_composing},
};
use crate::{
    auth::Auth,
    live::LiveClient,
    messages::{context::RoomContext, text::snippet},
    search::HitNavigator,
    state::scroll::goto_command::{self, GotoTarget},
    ui::{Icon, Shape, Ui, time},
};

/// The length in bytes from which on the composer shows the limit.
const SHOW_LIMIT_FROM: usize = CONTENT_MAX_BYTES / 10 * 9;

#[component]
pub fn Composer() -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let ui = expect_context::<Ui>();
    let me = expect_context::<Auth>().me_untracked().map(|me| me.id).unwrap_or_default();
    let area = NodeRef::<html::Textarea>::new();
    store_draft(room, me, area);
    focus_when_useful(room, area);
    let bytes = Memo::new(move |_| room.draft.with(|draft| draft.trim().len()));
    let send = move || {
        let content = match rules::validate_content(&room.draft.get_untracked()) {
            Ok(content) => content,
            Err(error) => {
                // The button is off and the limit is shown for an empty or a long text.
                if (1..=CONTENT_MAX_BYTES).contains(&bytes.get_untracked()) {
                    ui.error(format!("Not sent: the message {}.", error.message));
                }
                return;
            }
        };
        if let Some(target) = goto_command::parse(&content, time::today()) {
            return go_to(room, ui, target);
        }
        live.send_message(room.id, content, room.reply_to.get_untracked());
        room.draft.set(String::new());
        room.reply_to.set(None);
        room.sent_count.update(|n| *n += 1);
    };
    let typing_sent_at = StoredValue::new(0.0);
    let on_input = move |event: ev::Event| {
        let text = event_target_value(&event);
        send_typing(room, live, typing_sent_at, &text);
        room.draft.set(text);
    };
    let is_too_long = move || bytes.get() > CONTENT_MAX_BYTES;
    let label = move || {
        let name =
            live.rooms.with(|rooms| rooms.get(room.id).map(|r| r.name.clone()).unwrap_or_default());
        format!("Message {}", isolate(&name))
    };
    view! {
        <form
            class="composer"
            on:submit=move |event| {
                event.prevent_default();
                send();
                focus_composer();
            }
        >
            <ReplyTarget/>
            <div class="composer-box">
                <textarea
                    id="composer"
                    dir="auto"
                    node_ref=area
                    rows="1"
                    data-testid="composer"
                    aria-label=label
                    placeholder=label
                    aria-describedby="composer-limit"
                    prop:value=room.draft
                    on:input=on_input
                    on:keydown=move |event| handle_key(&event, room, me, send)
                ></textarea>
                <button
                    type="submit"
                    class="send-button"
                    aria-label="Send"
                    title="Send (Enter)"
                    disabled=move || !(1..=CONTENT_MAX_BYTES).contains(&bytes.get())
                >
                    <Icon shape=Shape::Send/>
                </button>
            </div>
            <p
                id="composer-limit"
                class="composer-limit"
                class:over=is_too_long
                role="status"
            >
                {move || limit_text(bytes.get())}
            </p>
        </form>
    }
}

/// The number of bytes that are left, or by which the text is too long; `None` while the limit is
/// far away.
fn limit_text(bytes: usize) -> Option<String> {
    let plural = |bytes| if bytes == 1 { "byte" } else { "bytes" };
    match (bytes.checked_sub(CONTENT_MAX_BYTES), CONTENT_MAX_BYTES.saturating_sub(bytes)) {
        _ if bytes < SHOW_LIMIT_FROM => None,
        (Some(over @ 1..), _) => Some(format!("{over} {} too long", plural(over))),
        (_, left) => Some(format!("{left} {} left", plural(left))),
    }
}

/// Focuses the composer when the room opens and when a reply starts.
fn focus_when_useful(room: RoomContext, area: NodeRef<html::Textarea>) {
    let navigator = expect_context::<HitNavigator>();
    Effect::new(move |_| {
        area.track();
        // The keys that navigate the hits of a search are letters, and the composer would take them
        // as text.
        if room.reply_to.get().is_none() && untrack(|| navigator.is_active()) {
            return;
        }
        // On a touch screen the keyboard would cover half of the room.
        let is_touch = window().match_media("(pointer: coarse)").ok().flatten();
        if !is_touch.is_some_and(|query| query.matches()) {
            request_animation_frame(focus_composer);
        }
    });
}

/// Carries out the command `/goto`.
fn go_to(room: RoomContext, ui: Ui, target: Result<GotoTarget, String>) {
    let last = room.with_timeline_untracked(|t| t.last_seq());
    match target {
        Ok(GotoTarget::Message(seq)) if seq < Seq(1) || seq > last => {
            let (seq, last) = (time::number(seq.0), time::number(last.0));
            return ui.error(format!("There is no message {seq}. The newest one here is {last}."));
        }
        Ok(GotoTarget::Message(seq)) => room.jump_to(seq),
        Ok(GotoTarget::Day(day)) => drop(room.jump_to_day.dispatch(day)),
        Err(error) => return ui.error(error),
    }
    room.draft.set(String::new());
}

/// Enter sends, Esc cancels a reply, and ↑ in an empty composer edits my last message.
fn handle_key(event: &ev::KeyboardEvent, room: RoomContext, me: UserId, send: impl Fn()) {
    match event.key().as_str() {
        "Enter" if !event.shift_key() && !is_composing(event) => {
            event.prevent_default();
            send();
        }
        "Escape" if room.reply_to.with_untracked(Option::is_some) => {
            event.prevent_default();
            room.reply_to.set(None);
        }
        "ArrowUp" if !event.alt_key() && room.draft.with_untracked(String::is_empty) => {
            let my_last = room.with_timeline_untracked(|t| {
                let mut messages = t.newest_first();
                messages.find(|m| m.user.id == me && m.deleted_at.is_none()).map(|m| m.seq)
            });
            if let Some(seq) = my_last {
                event.prevent_default();
                room.edit(seq);
            }
        }
        _ => {}
    }
}

/// Sends a typing event, at most one every [`TYPING_INTERVAL_S`] seconds.
fn send_typing(room: RoomContext, live: LiveClient, sent_at: StoredValue<f64>, text: &str) {
    let now = js_sys::Date::now();
    let is_due = sent_at.get_value() + TYPING_INTERVAL_S as f64 * 1_000.0 <= now;
    if is_due && !text.trim().is_empty() {
        sent_at.set_value(now);
        live.send_typing(room.id);
    }
}

/// The message that I am replying to, and a button to cancel the reply.
#[component]
fn ReplyTarget() -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let message = Memo::new(move |_| {
        let seq = room.reply_to.get()?;
        room.with_timeline(|t| t.get(seq).cloned())
    });
    let author =
        move || message.with(|m| m.as_ref().map(|m| m.user.username.clone()).unwrap_or_default());
    let text =
        move || message.with(|m| m.as_ref().map(|m| snippet(&m.content)).unwrap_or_default());
    view! {
        <Show when=move || room.reply_to.get().is_some()>
            <div class="answering">
                <Icon shape=Shape::Reply/>
                <span class="answering-text">
                    "Replying to " <strong><bdi>{author}</bdi></strong> " " <bdi>{text}</bdi>
                </span>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Cancel reply"
                    title="Cancel reply (Esc)"
                    on:click=move |_| room.reply_to.set(None)
                >
                    <Icon shape=Shape::Close/>
                </button>
            </div>
        </Show>
    }
}
