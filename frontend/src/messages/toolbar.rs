//! The actions on a message, shown while it is hovered or has the focus.

use leptos::prelude::*;
use shared::{access::Action, ids::Seq};

use super::context::{RoomContext, RoomDialog};
use crate::{
    auth::Auth,
    links::message_path,
    live::LiveClient,
    ui::{Icon, Shape, Ui, href},
};

#[component]
pub fn Toolbar(seq: Seq, is_mine: bool) -> impl IntoView {
    let (room, auth) = (expect_context::<RoomContext>(), expect_context::<Auth>());
    let (ui, live) = (expect_context::<Ui>(), expect_context::<LiveClient>());
    let may = move |action| live.rooms.with(|rooms| rooms.allows(room.id, auth.rank(), action));
    let posts = Memo::new(move |_| may(Action::Post));
    let deletes = Memo::new(move |_| is_mine || may(Action::DeleteAnyMessage));
    let reports = Memo::new(move |_| !is_mine && may(Action::Report));
    let copy_link = move || {
        let origin = window().location().origin().unwrap_or_default();
        let link = format!("{origin}{}", href(&message_path(room.id, seq)));
        ui.copy(link, "Link copied.");
    };
    view! {
        <div class="toolbar" role="group" aria-label="Message actions">
            <Show when=move || room.may_react.get()>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Add reaction"
                    title="Add reaction (+)"
                    data-testid="react"
                    on:click=move |_| room.dialog.set(Some(RoomDialog::React(seq)))
                >
                    <Icon shape=Shape::Smile/>
                </button>
            </Show>
            <Show when=move || posts.get()>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Reply"
                    title="Reply"
                    on:click=move |_| room.reply_to.set(Some(seq))
                >
                    <Icon shape=Shape::Reply/>
                </button>
            </Show>
            <button
                type="button"
                class="icon-button"
                aria-label="Copy link"
                title="Copy link"
                on:click=move |_| copy_link()
            >
                <Icon shape=Shape::Link/>
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label="Mark unread from here"
                title="Mark unread from here (u)"
                on:click=move |_| live.mark_unread_from(room.id, seq)
            >
                <Icon shape=Shape::Unread/>
            </button>
            <Show when=move || is_mine && posts.get()>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Edit"
                    title="Edit"
                    on:click=move |_| room.editing.set(Some(seq))
                >
                    <Icon shape=Shape::Pencil/>
                </button>
            </Show>
            <Show when=move || reports.get()>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Report…"
                    title="Report…"
                    on:click=move |_| room.dialog.set(Some(RoomDialog::Report(seq)))
                >
                    <Icon shape=Shape::Flag/>
                </button>
            </Show>
            <Show when=move || deletes.get()>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Delete"
                    title="Delete"
                    on:click=move |_| room.dialog.set(Some(RoomDialog::Delete(seq)))
                >
                    <Icon shape=Shape::Bin/>
                </button>
            </Show>
        </div>
    }
}
