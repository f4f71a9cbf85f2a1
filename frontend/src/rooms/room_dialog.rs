//! The dialogs that create a room and edit its name and topic.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    ids::RoomId,
    problem::{Code, Problem},
    rooms::{MyRoom, NewRoom, Room},
    rules,
};

use crate::{
    api,
    links::room_path,
    ui::{Dialog, Field, Lazy, Ui, part},
};

#[component]
pub fn CreateDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="New room">
            <Lazy load=room_form props=(open, None)/>
        </Dialog>
    }
}

#[component]
pub fn EditDialog(open: RwSignal<bool>, room: Memo<Option<MyRoom>>) -> impl IntoView {
    view! {
        <Dialog open title="Edit room">
            <Lazy load=room_form props=(open, room.get_untracked())/>
        </Dialog>
    }
}

part!(more: fn room_form((open, room): (RwSignal<bool>, Option<MyRoom>)) {
    view! { <RoomForm open room/> }
});

#[component]
fn RoomForm(
    open: RwSignal<bool>,
    /// The room to edit; `None` for a new one.
    room: Option<MyRoom>,
) -> impl IntoView {
    let (ui, navigate) = (expect_context::<Ui>(), use_navigate());
    let (name, topic) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let id = room.as_ref().map(|room| room.id);
    let save = Action::new_local(move |new: &NewRoom| {
        let (new, navigate) = (new.clone(), navigate.clone());
        async move {
            let room = save(id, new).await?;
            open.try_set(false);
            match id {
                Some(_) => ui.notice("Room saved."),
                None => navigate(&room_path(room.id), NavigateOptions::default()),
            }
            api::Result::Ok(())
        }
    });
    let error = move || save.value().get().and_then(Result::err);
    let topic_error = Signal::derive(move || error()?.field_message("topic"));
    let name_error = Signal::derive(move || {
        let error = error()?;
        let taken = (error.code() == Some(Code::RoomNameTaken)).then(|| error.message());
        let other = topic_error.get().is_none().then(|| error.message());
        taken.or(error.field_message("name")).or(other)
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(name), Some(topic)) = (value(name), value(topic)) {
            save.dispatch_local(NewRoom { name, topic });
        }
    };
    let label = if id.is_some() { "Save" } else { "Create room" };
    let (old_name, old_topic) = room.map(|room| (room.name, room.topic)).unwrap_or_default();
    view! {
        <form class="form" on:submit=submit>
            <Field
                label="Name"
                name="name"
                input=name
                value=old_name
                error=name_error
                autofocus=true
            />
            <Field
                label="Topic (optional)"
                name="topic"
                input=topic
                value=old_topic
                error=topic_error
                required=false
                hint="What this room is for, in one line."
            />
            <div class="dialog-actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button button-primary" disabled=save.pending()>
                    {label}
                </button>
            </div>
        </form>
    }
}

/// Checks both fields before the server does, so that all errors show at once.
async fn save(id: Option<RoomId>, new: NewRoom) -> api::Result<Room> {
    let mut problem = Problem::new(Code::InvalidFields);
    // The name of an existing room may be older than a rule for names; then only the server knows
    // whether it changes.
    if id.is_none() {
        problem.errors.extend(rules::validate_room_name(&new.name).err());
    }
    problem.errors.extend(rules::validate_topic(&new.topic).err());
    if !problem.errors.is_empty() {
        return Err(api::Error::Rejected(Box::new(problem)));
    }
    match id {
        Some(id) => api::edit_room(id, new).await,
        // The server makes the creator a member.
        None => api::create_room(new).await,
    }
}
