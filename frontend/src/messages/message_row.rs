//! One message, or what is left of it.

use leptos::prelude::*;
use shared::{ids::Seq, messages::Message};

use super::{
    Open,
    text::{Previews, Text},
    toolbar::Toolbar,
    writing::Editor,
};
use crate::{
    ui::{Avatar, Icon, Shape, memo, shown, time},
    users::session::Session,
};

/// The row of a message. It is made anew when the message changes.
#[component]
pub fn MessageRow(seq: Seq, opens: bool) -> impl IntoView {
    let (open, session) = (expect_context::<Open>(), expect_context::<Session>());
    let message = open.message(seq)?;
    let is_mine = session.me_untracked().is_some_and(|me| me.id == message.user.id);
    let is_deleted = message.deleted_at.is_some();
    let label = format!("{}, {}", message.user.username, time::clock(message.created_at));
    let editing = memo(move || open.editing.get() == Some(seq) && !is_deleted);
    let (at, name) = (message.created_at, message.user.username.clone());
    let reply_to = message.reply_to;
    let body = StoredValue::new(message);
    // Most of a row would be its buttons, and of most rows nobody needs them.
    let near = RwSignal::new(false);
    let has_toolbar = move || near.get() && !is_deleted;
    Some(view! {
        <article
            class="message"
            class:message-opens=opens
            class:message-mine=is_mine
            class:message-lit=move || open.highlight.get() == Some(seq)
            data-seq=seq.0
            tabindex="-1"
            aria-label=label
            on:pointerenter:target=move |_| near.set(true)
            on:focusin:target=move |_| near.set(true)
        >
            {match opens {
                true => view! { <Avatar name=name.clone()/> }.into_any(),
                false => view! { <time class="message-side">{time::clock(at)}</time> }.into_any(),
            }}
            <div class="message-main">
                {reply_to.map(|to| view! { <Quote to/> })}
                {opens.then(|| view! {
                    <p class="message-head">
                        <strong>{name}</strong>
                        <time datetime=at.to_rfc3339() title=time::full(at)>{time::clock(at)}</time>
                    </p>
                })}
                {move || match editing.get() {
                    true => view! { <Editor message=body.get_value()/> }.into_any(),
                    false => view! { <Body message=body.get_value()/> }.into_any(),
                }}
            </div>
            {shown(has_toolbar, move || view! { <Toolbar seq is_mine/> }.into_any())}
        </article>
    })
}

#[component]
fn Body(message: Message) -> impl IntoView {
    match (message.deleted_at, message.edited_at) {
        (Some(_), _) => view! {
            <p class="tombstone"><Icon shape=Shape::Bin/>"Message deleted"</p>
        }
        .into_any(),
        (None, edited_at) => {
            let edited = edited_at.map(|at| {
                let title = format!("Edited {}", time::full(at));
                view! { <span class="edited" title=title>" (edited)"</span> }
            });
            let found = (message.seq, message.rev);
            let content = message.content.clone();
            view! {
                <div class="message-text"><Text content=message.content found/>{edited}</div>
                <Previews content/>
            }
            .into_any()
        }
    }
}

/// What a message answers, short; a click goes there.
#[component]
fn Quote(to: Seq) -> impl IntoView {
    let open = expect_context::<Open>();
    let quoted = memo(move || open.with(|t| t.get(to).cloned()));
    let line = move || {
        quoted.with(|quoted| match quoted {
            Some(message) if message.deleted_at.is_some() => {
                (message.user.username.clone(), "Message deleted".to_owned())
            }
            Some(message) => (message.user.username.clone(), snippet(&message.content)),
            None => ("An earlier message".into(), String::new()),
        })
    };
    view! {
        <button type="button" class="quote" on:click:target=move |_| open.jump.set(Some(to))>
            <Icon shape=Shape::Reply/>
            <span class="sr-only">"In answer to "</span>
            <strong>{move || line().0}</strong>
            <span class="quote-text">{move || line().1}</span>
        </button>
    }
}

/// The first line of a text, at most 140 characters of it.
pub fn snippet(content: &str) -> String {
    content.lines().next().unwrap_or_default().chars().take(140).collect()
}
