//! The dialog that creates a room, and the fields that it shares with the one that edits a room.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    access::{History, Policies, RoomKind},
    admission::check_create_room,
    problem::{Code, Problem},
    rooms::NewRoom,
    rules,
};

use super::options::{Choice, ChoiceOption, MoreOptions};
use crate::{
    api,
    auth::Auth,
    links::room_path,
    ui::{Dialog, Field, Lazy, part},
};

#[component]
pub fn CreateDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="New room">
            <Lazy load=create_form props=open/>
        </Dialog>
    }
}

part!(more: fn create_form(open: RwSignal<bool>) { view! { <CreateForm open/> } });

/// The fields of a room.
#[derive(Clone, Copy)]
pub struct RoomFields {
    pub name: NodeRef<html::Input>,
    pub topic: NodeRef<html::Input>,
    pub kind: RwSignal<RoomKind>,
    pub history: RwSignal<History>,
    pub policies: RwSignal<Policies>,
}

impl RoomFields {
    pub fn new(kind: RoomKind, history: History, policies: Policies) -> Self {
        Self {
            name: NodeRef::new(),
            topic: NodeRef::new(),
            kind: RwSignal::new(kind),
            history: RwSignal::new(history),
            policies: RwSignal::new(policies),
        }
    }

    /// The text in a field; `None` if the form does not have the field.
    pub fn text(node: NodeRef<html::Input>) -> Option<String> {
        node.get_untracked().map(|input| input.value())
    }
}

/// The errors of the last request, beside the fields they are about.
#[derive(Clone, Copy)]
pub struct FormErrors {
    pub name: Signal<Option<String>>,
    pub topic: Signal<Option<String>>,
    /// An error about no field of the form.
    pub other: Signal<Option<String>>,
}

impl FormErrors {
    pub fn new(error: Signal<Option<api::Error>>) -> Self {
        let name = Signal::derive(move || {
            let error = error.get()?;
            let is_taken = error.code() == Some(Code::RoomNameTaken);
            error.field_message("name").or_else(|| is_taken.then(|| error.message()))
        });
        let topic = Signal::derive(move || error.get()?.field_message("topic"));
        let other = Signal::derive(move || {
            let is_other = name.get().is_none() && topic.get().is_none();
            error.get().filter(|_| is_other).map(|error| error.message())
        });
        Self { name, topic, other }
    }
}

/// Checks both texts before the server does, so that all errors show at once.
pub fn check_texts(name: Option<&str>, topic: Option<&str>) -> api::Result<()> {
    let mut problem = Problem::new(Code::InvalidFields);
    problem.errors.extend(name.and_then(|name| rules::validate_room_name(name).err()));
    problem.errors.extend(topic.and_then(|topic| rules::validate_topic(topic).err()));
    match problem.errors.is_empty() {
        true => Ok(()),
        false => Err(api::Error::Rejected(Box::new(problem))),
    }
}

/// The form, once the server has told who may create open rooms.
#[component]
fn CreateForm(open: RwSignal<bool>) -> impl IntoView {
    let rank = untrack(|| expect_context::<Auth>().rank());
    let server = LocalResource::new(api::get_server);
    let may_open = move || {
        let setting = server.get()?.ok().and_then(|server| server.create_rooms).unwrap_or_default();
        Some(check_create_room(rank, RoomKind::Open, setting).is_ok())
    };
    move || may_open().map(|may_open| view! { <NewRoomForm open may_open/> })
}

#[component]
fn NewRoomForm(open: RwSignal<bool>, may_open: bool) -> impl IntoView {
    let navigate = use_navigate();
    let kind = if may_open { RoomKind::Open } else { RoomKind::Private };
    let fields = RoomFields::new(kind, History::default(), Policies::default());
    let save = Action::new_local(move |new: &NewRoom| {
        let (new, navigate) = (new.clone(), navigate.clone());
        async move {
            check_texts(Some(&new.name), Some(&new.topic))?;
            // The server makes the creator a member.
            let room = api::create_room(new).await?;
            open.try_set(false);
            navigate(&room_path(room.id), NavigateOptions::default());
            api::Result::Ok(())
        }
    });
    let errors = FormErrors::new(Signal::derive(move || save.value().get()?.err()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        save.dispatch_local(NewRoom {
            name: RoomFields::text(fields.name).unwrap_or_default(),
            topic: RoomFields::text(fields.topic).unwrap_or_default(),
            kind: fields.kind.get_untracked(),
            history: fields.history.get_untracked(),
            policies: fields.policies.get_untracked(),
        });
    };
    let refusal = (!may_open).then_some("Only admins can create open rooms.");
    view! {
        <form class="form" on:submit=submit>
            <NameField fields errors value=String::new()/>
            <TopicField fields errors value=String::new()/>
            <KindChoice kind=fields.kind open_refusal=refusal/>
            <HistoryChoice history=fields.history/>
            <MoreOptions policies=fields.policies/>
            <FormEnd open errors busy=save.pending() label="Create room"/>
        </form>
    }
}

#[component]
pub fn NameField(fields: RoomFields, errors: FormErrors, value: String) -> impl IntoView {
    view! {
        <Field label="Name" name="name" input=fields.name value error=errors.name autofocus=true/>
    }
}

#[component]
pub fn TopicField(fields: RoomFields, errors: FormErrors, value: String) -> impl IntoView {
    view! {
        <Field
            label="Topic (optional)"
            name="topic"
            input=fields.topic
            value
            error=errors.topic
            required=false
            hint="What this room is for, in one line."
        />
    }
}

/// Who finds the room.
#[component]
pub fn KindChoice(
    kind: RwSignal<RoomKind>,
    /// Why the room cannot be open.
    open_refusal: Option<&'static str>,
) -> impl IntoView {
    let options = vec![
        ChoiceOption {
            value: RoomKind::Open,
            label: "Open",
            text: "Everybody except guests can find and join it.",
            refusal: open_refusal,
        },
        ChoiceOption {
            value: RoomKind::Private,
            label: "Private",
            text: "Only the people in it know that it exists.",
            refusal: None,
        },
    ];
    view! { <Choice legend="Who can find it" name="kind" value=kind options/> }
}

/// Which messages new members may read.
#[component]
pub fn HistoryChoice(history: RwSignal<History>) -> impl IntoView {
    let option = |value, label, text| ChoiceOption { value, label, text, refusal: None };
    let options = vec![
        option(History::All, "All messages", "New people can read what was posted before."),
        option(
            History::Joining,
            "From joining",
            "New people read only what is posted after they join.",
        ),
    ];
    view! { <Choice legend="What new people can read" name="history" value=history options/> }
}

/// The general error, and the buttons.
#[component]
pub fn FormEnd(
    open: RwSignal<bool>,
    errors: FormErrors,
    #[prop(into)] busy: Signal<bool>,
    label: &'static str,
) -> impl IntoView {
    view! {
        <p class="field-error" role="alert">{errors.other}</p>
        <div class="dialog-actions">
            <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
            <button type="submit" class="button button-primary" disabled=busy>{label}</button>
        </div>
    }
}
