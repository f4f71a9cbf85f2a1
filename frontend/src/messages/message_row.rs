//! One message, or the tombstone of a deleted one.

use leptos::prelude::*;
use shared::{ids::Seq, messages::Message, unicode::isolate};

use super::{
    context::RoomContext,
    reactions::Reactions,
    text::{MessageText, Previews, snippet},
    toolbar::Toolbar,
    writing::message_edit,
};
use crate::{
    auth::Auth,
    live::LiveClient,
    ui::{Avatar, Icon, Lazy, Shape, focus, time},
    users::{PeopleDialog, PeopleRequest},
};

const COLLAPSED: &str = "Message from someone you blocked";

/// The state of an edit.
#[derive(Clone, Copy, PartialEq)]
enum Edit {
    None,
    /// The editor is closed, but its text is not saved.
    Unsaved,
    Open,
}

/// The row of a message. An edit or the deletion of the message replaces the row; its reactions follow the
/// timeline.
#[component]
pub fn MessageRow(seq: Seq, starts_group: bool) -> impl IntoView {
    let (room, auth) = (expect_context::<RoomContext>(), expect_context::<Auth>());
    let (people, live) = (expect_context::<PeopleDialog>(), expect_context::<LiveClient>());
    let message = room.message(seq)?;
    let is_mine = auth.me_untracked().is_some_and(|me| me.id == message.user.id);
    let is_deleted = message.deleted_at.is_some();
    let (at, name) = (message.created_at, message.user.name().to_owned());
    let label = format!("{}, {}", isolate(&name), time::clock(at));
    let edit = Memo::new(move |_| match room.editing.get() == Some(seq) && !is_deleted {
        true => Edit::Open,
        false if room.edits.with(|edits| edits.contains_key(&seq)) => Edit::Unsaved,
        false => Edit::None,
    });
    let (reply_to, author) = (message.reply_to, message.user.clone());
    let (author_id, is_expanded) = (author.id, RwSignal::new(false));
    let is_collapsed = Memo::new(move |_| live.blocks(author_id) && !is_expanded.get());
    let message = StoredValue::new(message);
    // The buttons are most of a row's nodes, and most rows never need them.
    let is_near = RwSignal::new(false);
    Some(view! {
        <article
            class="message"
            class:message-opens=starts_group
            class:message-mine=is_mine
            class:message-collapsed=is_collapsed
            class:message-lit=move || room.highlighted.get() == Some(seq)
            data-seq=seq.0
            tabindex="-1"
            aria-label=label
            on:pointerenter=move |_| is_near.set(true)
            on:focusin=move |_| is_near.set(true)
        >
            {match starts_group {
                true => view! { <Avatar name=name.clone()/> }.into_any(),
                false => view! { <time class="message-side">{time::clock(at)}</time> }.into_any(),
            }}
            <div class="message-main">
                {reply_to.map(|to| view! { <ReplyQuote to/> })}
                {starts_group.then(|| view! {
                    <p class="message-head">
                        <strong dir="auto">
                            // Not a tab stop: there may be hundreds, and the list of people has one.
                            <button
                                type="button"
                                class="person-name"
                                tabindex="-1"
                                on:click=move |_| people.open(PeopleRequest::Card(author.clone()))
                            >
                                {name}
                            </button>
                        </strong>
                        <time datetime=at.to_rfc3339() title=time::full(at)>{time::clock(at)}</time>
                    </p>
                })}
                {move || match edit.get() {
                    _ if is_collapsed.get() => view! { <CollapsedMessage seq is_expanded/> }.into_any(),
                    Edit::None => view! { <Body message=message.get_value()/> }.into_any(),
                    edit => view! {
                        {(edit == Edit::Unsaved).then(|| view! { <Body message=message.get_value()/> })}
                        <Lazy load=message_edit props=(message.get_value(), edit == Edit::Open)/>
                    }
                    .into_any(),
                }}
                <Reactions seq is_hidden=is_collapsed/>
            </div>
            <Show when=move || is_near.get() && !is_deleted && !is_collapsed.get()>
                <Toolbar seq is_mine/>
            </Show>
        </article>
    })
}

/// The line that stands for a message of somebody whom the reader blocks.
#[component]
fn CollapsedMessage(seq: Seq, is_expanded: RwSignal<bool>) -> impl IntoView {
    let show = move |_| {
        // The button goes away. The arrow keys move on from the message.
        focus(&format!(".message[data-seq='{seq}']"));
        is_expanded.set(true);
    };
    view! {
        <p class="collapsed" data-testid="collapsed">
            {COLLAPSED}
            <button type="button" class="button button-small" on:click=show>"Show"</button>
        </p>
    }
}

#[component]
fn Body(message: Message) -> impl IntoView {
    if message.deleted_at.is_some() {
        return view! {
            <p class="tombstone"><Icon shape=Shape::Bin/>"Message deleted"</p>
        }
        .into_any();
    }
    let edited = message.edited_at.map(|at| {
        let title = format!("Edited {}", time::full(at));
        view! { <span class="edited" title=title>" (edited)"</span> }
    });
    let origin = window().location().origin().unwrap_or_default();
    let permalinks = message.text().permalinks(&origin);
    view! {
        <div class="message-text">
            <MessageText format=message.format content=message.content edited=(message.seq, message.edited_at)/>
            {edited}
        </div>
        <Previews permalinks/>
    }
    .into_any()
}

/// The first line of the message that a reply refers to; a click jumps to that message.
#[component]
fn ReplyQuote(to: Seq) -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let quoted = room.follow_message(to);
    let author = move || {
        quoted.with(|quoted| match quoted {
            Some(message) if live.blocks(message.user.id) => COLLAPSED.into(),
            Some(message) => message.user.name().to_owned(),
            None => "An earlier message".into(),
        })
    };
    let text = move || {
        quoted.with(|quoted| match quoted {
            Some(message) if message.deleted_at.is_some() => "Message deleted".into(),
            Some(message) if !live.blocks(message.user.id) => snippet(message.text()),
            _ => String::new(),
        })
    };
    view! {
        <button type="button" class="quote" on:click=move |_| room.jump_to(to)>
            <Icon shape=Shape::Reply/>
            <span class="sr-only">"Reply to "</span>
            <strong dir="auto">{author}</strong>
            <span class="quote-text" dir="auto">{text}</span>
        </button>
    }
}
