//! The dialog about people: the card of a person, and the choice of people for a direct room. Any page
//! opens it through [`PeopleDialog`].

use leptos::prelude::*;
use shared::{ids::RoomId, users::UserRef};

use super::{direct_form::DirectForm, person_card::PersonCard};
use crate::ui::{Dialog, Lazy, open_while_some, part};

/// What the dialog shows.
#[derive(Clone)]
pub enum PeopleRequest {
    /// The card of a person.
    Card(UserRef),
    /// The choice of people for a direct room. If each of the names is that of a person, the room opens at
    /// once.
    Direct(Vec<String>),
    /// The choice of people to add to a direct room.
    AddTo(RoomId),
}

/// Opens the dialog; a context of all pages.
#[derive(Clone, Copy)]
pub struct PeopleDialog(RwSignal<Option<PeopleRequest>>);

impl PeopleDialog {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    pub fn open(self, request: PeopleRequest) {
        self.0.set(Some(request));
    }
}

/// The dialog itself, once in the frame of the pages.
#[component]
pub fn PeopleDialogs() -> impl IntoView {
    let PeopleDialog(request) = expect_context();
    let open = open_while_some(request);
    move || {
        let request = request.get()?;
        let title = match &request {
            PeopleRequest::Card(user) => user.name().to_owned(),
            PeopleRequest::Direct(_) => "New direct message".into(),
            PeopleRequest::AddTo(_) => "Add people".into(),
        };
        let props = (open, request);
        Some(view! { <Dialog open title><Lazy load=people_view props=props.clone()/></Dialog> })
    }
}

part!(more: fn people_view((open, request): (RwSignal<bool>, PeopleRequest)) {
    match request {
        PeopleRequest::Card(user) => view! { <PersonCard open user/> }.into_any(),
        PeopleRequest::Direct(names) => view! { <DirectForm open names/> }.into_any(),
        PeopleRequest::AddTo(from) => view! { <DirectForm open from/> }.into_any(),
    }
});
