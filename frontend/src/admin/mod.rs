//! The dialogs to invite people and to change the settings of the server, and the page of the admins.

use leptos::prelude::*;
use shared::ids::RoomId;

use crate::ui::{Dialog, Lazy, part, time::now};

mod account_dialogs;
mod audit;
mod choices;
mod invitation_list;
mod invite_form;
mod link;
mod page;
mod paged_rows;
mod people;
mod rooms;
mod server_form;

pub use choices::Choices;
use invite_form::InviteForm;
pub use link::InvitationLink;
pub use page::AdminPage;
use server_form::ServerForm;

/// The dialogs that any page may open.
#[derive(Clone, Copy)]
pub struct AdminDialogs {
    pub invite: RwSignal<bool>,
    pub server: RwSignal<bool>,
    /// The room that is chosen when the dialog to invite opens.
    room: RwSignal<Option<RoomId>>,
}

impl AdminDialogs {
    pub fn new() -> Self {
        let [invite, server] = [(); 2].map(|()| RwSignal::new(false));
        Self { invite, server, room: RwSignal::new(None) }
    }

    /// Opens the dialog to invite people, to a room if there is one.
    pub fn open_invite(self, room: Option<RoomId>) {
        self.room.set(room);
        self.invite.set(true);
    }

    pub fn view(self) -> impl IntoView {
        view! {
            <Dialog open=self.invite title="Invite people" wide=true>
                <Lazy load=admin_form props=Form::Invite(self.room.get_untracked())/>
            </Dialog>
            <Dialog open=self.server title="Server settings" wide=true>
                <Lazy load=admin_form props=Form::Server(self.server)/>
            </Dialog>
        }
    }
}

/// What a dialog shows. One type, because each instance of [`Lazy`] enlarges the first load.
#[derive(Clone, Copy)]
enum Form {
    Invite(Option<RoomId>),
    Server(RwSignal<bool>),
}

part!(more: fn admin_form(form: Form) {
    match form {
        Form::Invite(room) => view! { <InviteForm room/> }.into_any(),
        Form::Server(open) => view! { <ServerForm open/> }.into_any(),
    }
});
