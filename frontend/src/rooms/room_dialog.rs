//! Naming a room: a new one, or one that is there.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    ids::RoomId,
    problem::{Code, Problem},
    rooms::{MyRoom, NewRoom, Room},
    rules,
};

use super::address;
use crate::{
    api,
    ui::action,
    ui::{Dialog, Field, Ui},
};

/// A new room; whoever makes it goes in.
#[component]
pub fn CreateDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="New room">
            <RoomForm open room=None/>
        </Dialog>
    }
}

/// Another name and topic.
#[component]
pub fn EditDialog(open: RwSignal<bool>, room: Memo<Option<MyRoom>>) -> impl IntoView {
    view! {
        <Dialog open title="Edit room">
            <RoomForm open room=room.get_untracked()/>
        </Dialog>
    }
}

#[component]
fn RoomForm(open: RwSignal<bool>, room: Option<MyRoom>) -> impl IntoView {
    let (ui, navigate) = (expect_context::<Ui>(), use_navigate());
    let (name, topic) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let id = room.as_ref().map(|room| room.id);
    let save = action(move |new: &NewRoom| {
        let (new, navigate) = (new.clone(), navigate.clone());
        async move {
            let room = save(id, new).await?;
            open.try_set(false);
            match id {
                Some(_) => ui.notice("The room is changed."),
                None => navigate(&address(room.id), NavigateOptions::default()),
            }
            Ok(())
        }
    });
    let failure = move || save.value().get().and_then(|answer: api::Result<()>| answer.err());
    let of_topic = Signal::derive(move || failure()?.field_message("topic"));
    let of_name = Signal::derive(move || {
        let failure = failure()?;
        let taken = (failure.code() == Some(Code::RoomNameTaken)).then(|| failure.message());
        let other = of_topic.get().is_none().then(|| failure.message());
        taken.or(failure.field_message("name")).or(other)
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(name), Some(topic)) = (value(name), value(topic)) {
            save.dispatch(NewRoom { name, topic });
        }
    };
    let saving = save.pending();
    let yes = if id.is_some() { "Save" } else { "Create room" };
    let (old_name, old_topic) = room.map(|room| (room.name, room.topic)).unwrap_or_default();
    view! {
        <form class="form" on:submit=submit>
            <Field label="Name" name="name" input=name value=old_name error=of_name autofocus=true/>
            <Field
                label="Topic (optional)"
                name="topic"
                input=topic
                value=old_topic
                error=of_topic
                required=false
                hint="A line about what the room is for."
            />
            <div class="dialog-actions">
                <button type="button" class="button" on:click:target=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button button-primary" disabled=move || saving.get()>{yes}</button>
            </div>
        </form>
    }
}

async fn save(id: Option<RoomId>, new: NewRoom) -> api::Result<Room> {
    let mut problem = Problem::new(Code::InvalidFields);
    problem.errors.extend(rules::room_name(&new.name).err());
    problem.errors.extend(rules::topic(&new.topic).err());
    if !problem.errors.is_empty() {
        return Err(api::Error::Rejected(Box::new(problem)));
    }
    match id {
        Some(id) => api::edit_room(id, new).await,
        None => {
            let room = api::create_room(new).await?;
            // Its maker is in it on most servers already; joining again changes nothing.
            api::join_room(room.id).await?;
            Ok(room)
        }
    }
}
