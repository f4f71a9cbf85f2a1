//! What can be done with a message: shown when one points at it or walks to it.

use leptos::prelude::*;
use shared::ids::Seq;

use super::Open;
use crate::{
    live::LiveClient,
    search::address,
    ui::{Icon, Shape, Ui, shown},
    users::session::Session,
};

/// Answer, mark, edit, delete, as far as one may.
#[component]
pub fn Toolbar(seq: Seq, is_mine: bool) -> impl IntoView {
    let (open, session) = (expect_context::<Open>(), expect_context::<Session>());
    let may_delete = move || is_mine || session.is_admin();
    let (ui, live) = (expect_context::<Ui>(), expect_context::<LiveClient>());
    let copy = move || {
        let origin = window().location().origin().unwrap_or_default();
        let link = format!("{origin}{}", address(open.room, seq));
        // Without https there is no clipboard (W3C Clipboard API): then it is there to be copied.
        if window().is_secure_context() {
            let _ = window().navigator().clipboard().write_text(&link);
            ui.notice("The link to this message is in the clipboard.");
        } else {
            ui.notice(link);
        }
    };
    view! {
        <div class="toolbar" role="group" aria-label="Message actions">
            <button
                type="button"
                class="icon-button"
                aria-label="Reply"
                title="Reply"
                on:click:target=move |_| open.reply_to.set(Some(seq))
            >
                <Icon shape=Shape::Reply/>
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label="Copy link"
                title="Copy link"
                on:click:target=move |_| copy()
            >
                <Icon shape=Shape::Link/>
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label="Mark unread from here"
                title="Mark unread from here (U)"
                on:click:target=move |_| live.unread_from(open.room, seq)
            >
                <Icon shape=Shape::Unread/>
            </button>
            {is_mine.then(|| view! {
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Edit"
                    title="Edit"
                    on:click:target=move |_| {
                        open.edited.set(None);
                        open.editing.set(Some(seq));
                    }
                >
                    <Icon shape=Shape::Pencil/>
                </button>
            })}
            {shown(may_delete, move || view! {
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Delete"
                    title="Delete"
                    on:click:target=move |_| open.deleting.set(Some(seq))
                >
                    <Icon shape=Shape::Bin/>
                </button>
            }.into_any())}
        </div>
    }
}
