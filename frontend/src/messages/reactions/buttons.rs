//! The reactions below a message: a button per emoji, and one that adds another.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{Seq, UserId},
    messages::Message,
    rules::REACTION_EMOJIS_MAX,
};

use super::request::set_reaction;
use crate::{
    messages::context::{RoomContext, RoomDialog},
    state::reactions::sentences::{button_label, name_people},
    ui::{Icon, Shape, Ui, keyed_rows, restore_focus_to, time},
};

/// The reactions of a message. Most messages have none, and then this is one memo without an element.
#[component]
pub fn Reactions(seq: Seq, is_hidden: Memo<bool>) -> impl IntoView {
    let timeline = expect_context::<RoomContext>().state().timeline;
    let has_reactions =
        |message: &Message| message.deleted_at.is_none() && !message.reactions.is_empty();
    let is_shown =
        move || !is_hidden.get() && timeline.with(|t| t.get(seq).is_some_and(has_reactions));
    view! {
        <Show when=is_shown>
            <Buttons seq/>
        </Show>
    }
}

#[component]
fn Buttons(seq: Seq) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let message = room.follow_message(seq);
    // The button that adds another is the last row, `None`.
    let rows = move || {
        message.with(|message| {
            let reactions = message.as_ref().map_or(&[][..], |message| &message.reactions.0);
            let may_add = room.may_react.get() && reactions.len() < REACTION_EMOJIS_MAX;
            let emojis = reactions.iter().map(|reaction| Some(reaction.emoji.clone()));
            emojis.chain(may_add.then_some(None)).collect::<Vec<_>>()
        })
    };
    let row = move |emoji| match emoji {
        Some(emoji) => view! { <ReactionButton seq emoji message/> }.into_any(),
        None => view! { <AddButton seq/> }.into_any(),
    };
    view! {
        <div class="reactions" role="group" aria-label="Reactions">
            {keyed_rows(rows, Option::clone, row)}
        </div>
    }
}

#[component]
fn AddButton(seq: Seq) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    view! {
        <button
            type="button"
            class="reaction reaction-add"
            aria-label="Add reaction"
            title="Add reaction"
            data-testid="add-reaction"
            on:click=move |_| room.dialog.set(Some(RoomDialog::React(seq)))
        >
            <Icon shape=Shape::Plus/>
        </button>
    }
}

/// One emoji and how many people added it. A click adds or removes mine.
#[component]
fn ReactionButton(seq: Seq, emoji: String, message: Memo<Option<Message>>) -> impl IntoView {
    let (room, ui) = (expect_context::<RoomContext>(), expect_context::<Ui>());
    // The names are looked up only for those who want to see them.
    let (is_busy, is_near) = (RwSignal::new(false), RwSignal::new(false));
    let users = {
        let emoji = emoji.clone();
        move || {
            message.with(|message| {
                let mut reactions = message.iter().flat_map(|message| &message.reactions.0);
                let reaction = reactions.find(|reaction| reaction.emoji == emoji);
                reaction.map(|reaction| reaction.users.clone()).unwrap_or_default()
            })
        }
    };
    // One function for the whole button, because each function of a view takes some hundred bytes of the first
    // load. It keeps the element.
    move || {
        let users = users();
        let (count, is_mine) = (users.len(), users.contains(&room.me));
        let (may_react, emoji) = (room.may_react.get(), emoji.clone());
        let label = button_label(&emoji, count, is_mine, may_react);
        let is_disabled = is_busy.get() || !may_react;
        let title = is_near.get().then(|| names(room, &users));
        let toggle = {
            let emoji = emoji.clone();
            move |_| {
                if is_disabled {
                    return;
                }
                is_busy.set(true);
                let request = set_reaction(room, ui, (seq, emoji.clone()), !is_mine);
                spawn_local(async move {
                    request.await;
                    is_busy.try_set(false);
                    if is_mine && count == 1 {
                        // The button is gone.
                        restore_focus_to(format!(".message[data-seq='{seq}']"));
                    }
                });
            }
        };
        view! {
            <button
                type="button"
                class="reaction"
                aria-label=label
                aria-pressed=is_mine.to_string()
                // `disabled` would lose the focus.
                aria-disabled=is_disabled.to_string()
                title=title
                data-testid="reaction"
                data-emoji=emoji.clone()
                on:click=toggle
                on:pointerenter=move |_| is_near.set(true)
                on:focus=move |_| is_near.set(true)
            >
                <span class="emoji">{emoji.clone()}</span>
                <span class="reaction-count">{time::number(count as i64)}</span>
            </button>
        }
    }
}

/// The names of those who reacted.
fn names(room: RoomContext, users: &[UserId]) -> String {
    room.with_timeline_untracked(|timeline| {
        let members = timeline.members().map(|member| &member.user);
        let people = timeline.newest_first().map(|message| &message.user).chain(members);
        let known: Vec<_> = people.filter(|user| users.contains(&user.id)).collect();
        name_people(users, room.me, &|id| {
            Some(known.iter().find(|user| user.id == id)?.name().to_owned())
        })
    })
}
