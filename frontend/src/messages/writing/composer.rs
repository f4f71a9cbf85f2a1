//! The composer of the open room.

use leptos::{ev, html, prelude::*};
use shared::{
    ids::{Seq, UserId},
    rules::{CONTENT_MAX_BYTES, TYPING_INTERVAL_S},
    text::Format,
    unicode::isolate,
};

use super::{
    draft::keep_drafts,
    post_restrictions::SlowModeNote,
    text_field::{fit_height, focus_composer, is_submit, validate},
    typing_aids::typing_aids,
};
use crate::{
    auth::Auth,
    live::LiveClient,
    messages::{context::RoomContext, text::snippet},
    search::HitNavigator,
    state::{
        message_length,
        scroll::goto_command::GotoTarget,
        slash_command::{self, Input},
    },
    ui::{Icon, Lazy, Shape, Ui, is_touch_device, pressed_key, time},
    users::{PeopleDialog, PeopleRequest},
};

#[component]
pub fn Composer() -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let (ui, people) = (expect_context::<Ui>(), expect_context::<PeopleDialog>());
    let me = expect_context::<Auth>().me_untracked().map(|me| me.id).unwrap_or_default();
    let area = NodeRef::<html::Textarea>::new();
    keep_drafts(room);
    fit_height(area, move || room.draft.track());
    focus_when_useful(room, area);
    let bytes = Memo::new(move |_| room.draft.with(|draft| draft.trim().len()));
    let cancelled_reply = RwSignal::new(None);
    let send = move || {
        if submit(room, live, ui, people) {
            cancelled_reply.set(None);
        }
    };
    let typing_sent_at = StoredValue::new(0.0);
    let on_input = move |event: ev::Event| {
        let text = event_target_value(&event);
        send_typing(room, live, typing_sent_at, &text);
        room.draft.set(text);
    };
    let is_used = RwSignal::new(false);
    let is_command = Memo::new(move |_| room.draft.with(|draft| slash_command::is_command(draft)));
    let command_help = move || is_command.get().then(|| slash_command::HELP.to_owned());
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
            <ReplyTarget cancelled=cancelled_reply/>
            <Show when=move || is_used.get()>
                <Lazy load=typing_aids props=(area, Format::Markdown)/>
            </Show>
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
                    on:pointerdown=move |_| is_used.set(true)
                    on:keydown=move |event| {
                        is_used.set(true);
                        if event.default_prevented() {
                            // A typing aid took the key.
                        } else if is_submit(&event) {
                            event.prevent_default();
                            send();
                        } else {
                            handle_key(&event, room, me, cancelled_reply);
                        }
                    }
                ></textarea>
                <button
                    type="submit"
                    class="send-button"
                    aria-label="Send"
                    title="Send (Enter)"
                    disabled=move || {
                        !(1..=CONTENT_MAX_BYTES).contains(&bytes.get()) || room.slow_wait_s.get() > 0
                    }
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
                {move || room.draft.with(|draft| message_length::describe(draft.trim())).or_else(command_help)}
            </p>
            <SlowModeNote/>
        </form>
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
        // The keyboard of a touch screen would cover half of the room.
        if !is_touch_device() {
            request_animation_frame(focus_composer);
        }
    });
}

/// Sends the text of the composer, or carries out the command in it. Returns whether a message was
/// sent.
fn submit(room: RoomContext, live: LiveClient, ui: Ui, people: PeopleDialog) -> bool {
    let text = room.draft.get_untracked();
    if text.trim().is_empty() {
        return false;
    }
    let content = match validate(&text) {
        Ok(content) => content,
        Err(error) => {
            ui.error(format!("Not sent: the message {error}."));
            return false;
        }
    };
    let content = match slash_command::parse(&content, time::today_untracked()) {
        Input::Message(content) => content,
        Input::GoTo(target) => {
            go_to(room, ui, target);
            return false;
        }
        Input::Direct(names) => {
            people.open(PeopleRequest::Direct(names));
            room.draft.set(String::new());
            return false;
        }
        Input::Help => {
            ui.notice(slash_command::HELP);
            room.draft.set(String::new());
            return false;
        }
        Input::Invalid(error) => {
            ui.error(error);
            return false;
        }
    };
    if room.slow_wait_s.get_untracked() > 0 {
        return false;
    }
    live.send_message(room.id, content, room.reply_to.get_untracked());
    room.draft.set(String::new());
    room.reply_to.set(None);
    room.sent_count.update(|n| *n += 1);
    true
}

/// Carries out the command `/goto`.
fn go_to(room: RoomContext, ui: Ui, target: GotoTarget) {
    let last = room.with_timeline_untracked(|t| t.last_seq());
    match target {
        GotoTarget::Message(seq) if seq < room.first_seq() || seq > last => {
            let (seq, last) = (time::number(seq.0), time::number(last.0));
            return ui.error(format!("There is no message {seq}. The newest one here is {last}."));
        }
        GotoTarget::Message(seq) => room.jump_to(seq),
        GotoTarget::Day(day) => drop(room.jump_to_day.dispatch(day)),
    }
    room.draft.set(String::new());
}

/// Cancels the reply; `cancelled` keeps its target, so that the user can undo that.
fn cancel_reply(room: RoomContext, cancelled: RwSignal<Option<Seq>>) {
    cancelled.set(room.reply_to.try_update(Option::take).flatten());
}

/// Esc cancels a reply, and ↑ in an empty composer edits my last message.
fn handle_key(
    event: &ev::KeyboardEvent,
    room: RoomContext,
    me: UserId,
    cancelled_reply: RwSignal<Option<Seq>>,
) {
    match pressed_key(event).as_str() {
        "Escape" if room.reply_to.with_untracked(Option::is_some) => {
            event.prevent_default();
            cancel_reply(room, cancelled_reply);
        }
        "ArrowUp" if !event.alt_key() && room.draft.with_untracked(String::is_empty) => {
            let my_last = room.with_timeline_untracked(|t| {
                let mut messages = t.newest_first();
                messages.find(|m| m.user.id == me && m.deleted_at.is_none()).map(|m| m.seq)
            });
            if let Some(seq) = my_last {
                event.prevent_default();
                room.editing.set(Some(seq));
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

/// The message that I am replying to, and a button to cancel the reply; after that a button to undo
/// that.
#[component]
fn ReplyTarget(cancelled: RwSignal<Option<Seq>>) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let message = Memo::new(move |_| {
        let seq = room.reply_to.get()?;
        room.with_timeline(|t| t.get(seq).cloned())
    });
    // The message may not be loaded, for example after a reload.
    let author = move || {
        message.with(|message| match message {
            Some(message) => message.user.name().to_owned(),
            None => "an earlier message".into(),
        })
    };
    let text = move || message.with(|m| m.as_ref().map(|m| snippet(m.text())).unwrap_or_default());
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
                    on:click=move |_| {
                        cancel_reply(room, cancelled);
                        focus_composer();
                    }
                >
                    <Icon shape=Shape::Close/>
                </button>
            </div>
        </Show>
        <Show when=move || room.reply_to.get().is_none() && cancelled.get().is_some()>
            <div class="answering">
                <span class="answering-text">"This is no longer a reply."</span>
                <button
                    type="button"
                    class="button button-small"
                    on:click=move |_| room.reply_to.set(cancelled.get_untracked())
                >
                    "Undo"
                </button>
            </div>
        </Show>
    }
}
