//! The dialog that edits a room: everything for those who manage it, the topic for those who may change
//! only that.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    access::{Action as RoomAction, RoomKind},
    ids::{RoomId, Seq},
    rooms::{PatchRoom, Room},
};

use super::{
    super::moderation::BannedPeople,
    form::{
        FormEnd, FormErrors, HistoryChoice, KindChoice, NameField, RoomFields, TopicField,
        check_texts,
    },
    options::{Choice, ChoiceOption, MoreOptions},
    permission_preview::PermissionPreview,
};
use crate::{
    api,
    auth::Auth,
    live::LiveClient,
    ui::{Dialog, Lazy, Ui, part},
};

#[component]
pub fn EditDialog(open: RwSignal<bool>, id: RoomId) -> impl IntoView {
    view! {
        <Dialog open title="Edit room">
            <Lazy load=edit_form props=(open, id)/>
        </Dialog>
    }
}

part!(more: fn edit_form((open, id): (RwSignal<bool>, RoomId)) { view! { <EditForm open id/> } });

#[component]
fn EditForm(open: RwSignal<bool>, id: RoomId) -> impl IntoView {
    let room = LocalResource::new(move || api::get_room(id));
    move || match room.get() {
        None => view! { <p class="lazy quiet" role="status">"Loading…"</p> }.into_any(),
        Some(Err(error)) => {
            view! { <p class="field-error" role="alert">{error.message()}</p> }.into_any()
        }
        Some(Ok(room)) => view! { <Editor open room/> }.into_any(),
    }
}

#[component]
fn Editor(open: RwSignal<bool>, room: Room) -> impl IntoView {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let (id, kind, is_archived) = (room.id, room.kind, room.archived_at.is_some());
    let manages = untrack(|| live.rooms.with(|r| r.allows(id, auth.rank(), RoomAction::Manage)));
    let fields = RoomFields::new(kind, room.history, room.policies);
    // Whether those who join the room after it became open may read everything.
    let opens_past = RwSignal::new(false);
    let is_default = RwSignal::new(room.is_default);
    let may_set_default = !is_archived
        && untrack(|| live.rooms.with(|r| r.allows(id, auth.rank(), RoomAction::SetDefault)));
    let shows_default = move || may_set_default && fields.kind.get() == RoomKind::Open;
    let (name, topic) = (room.name.clone(), room.topic.clone());
    let save = save_action(open, id);
    let busy = save.pending();
    let errors = FormErrors::new(Signal::derive(move || save.value().get()?.err()));
    focus_first_field(fields);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        save.dispatch_local(changes(
            &room,
            fields,
            opens_past.get_untracked(),
            is_default.get_untracked(),
        ));
    };
    let archive = move |_| {
        save.dispatch_local(PatchRoom { archived: Some(!is_archived), ..PatchRoom::default() });
    };
    let is_opened = move || kind == RoomKind::Private && fields.kind.get() == RoomKind::Open;
    view! {
        <form class="form" on:submit=submit>
            {manages.then(|| view! { <NameField fields errors value=name/> })}
            <TopicField fields errors value=topic/>
            {manages.then(|| view! {
                <KindChoice kind=fields.kind open_refusal=None/>
                <Show when=is_opened>
                    <PastChoice opens_past/>
                </Show>
                <HistoryChoice history=fields.history/>
                <Show when=shows_default>
                    <DefaultChoice is_default/>
                </Show>
                <MoreOptions policies=fields.policies/>
                <BannedPeople room=id/>
                <PermissionPreview fields is_archived/>
                <div class="field">
                    <button type="button" class="button" disabled=busy on:click=archive>
                        {if is_archived { "Restore room" } else { "Archive room" }}
                    </button>
                    <p class="field-hint">
                        {if is_archived {
                            "Lets people post and join again."
                        } else {
                            "Everybody in it can still read and search it, but nobody can post or join."
                        }}
                    </p>
                </div>
            })}
            <FormEnd open errors busy label="Save"/>
        </form>
    }
}

fn save_action(open: RwSignal<bool>, id: RoomId) -> Action<PatchRoom, api::Result<()>> {
    let ui = expect_context::<Ui>();
    Action::new_local(move |patch: &PatchRoom| {
        let patch = patch.clone();
        async move {
            check_texts(patch.name.as_deref(), patch.topic.as_deref())?;
            let archived = patch.archived;
            api::change_room(id, patch).await?;
            open.try_set(false);
            ui.notice(match archived {
                Some(true) => "Room archived.",
                Some(false) => "Room restored.",
                None => "Room saved.",
            });
            Ok(())
        }
    })
}

/// The fields that differ from those of the room.
fn changes(room: &Room, fields: RoomFields, opens_past: bool, is_default: bool) -> PatchRoom {
    let changed = |text: Option<String>, old: &str| text.filter(|text| text != old);
    let (kind, history) = (fields.kind.get_untracked(), fields.history.get_untracked());
    let policies = fields.policies.get_untracked();
    let is_opened = room.kind == RoomKind::Private && kind == RoomKind::Open;
    PatchRoom {
        name: changed(RoomFields::text(fields.name), &room.name),
        topic: changed(RoomFields::text(fields.topic), &room.topic),
        kind: (kind != room.kind).then_some(kind),
        open_from: (is_opened && opens_past).then_some(Seq(1)),
        history: (history != room.history).then_some(history),
        policies: (policies != room.policies).then_some(policies),
        archived: None,
        // The server clears it when the room becomes private.
        is_default: (kind == RoomKind::Open && is_default != room.is_default).then_some(is_default),
    }
}

/// Whether new accounts join the room, for admins.
#[component]
fn DefaultChoice(is_default: RwSignal<bool>) -> impl IntoView {
    view! {
        <label class="option">
            <input
                type="checkbox"
                name="default"
                prop:checked=move || is_default.get()
                on:change:target=move |event| is_default.set(event.target().checked())
            />
            <span>
                "New people join automatically"
                <small>"Everybody who gets an account, except guests."</small>
            </span>
        </label>
    }
}

/// The room loads after the dialog has opened, so the browser does not look for `autofocus` any more.
fn focus_first_field(fields: RoomFields) {
    Effect::new(move |_| {
        if let Some(input) = fields.name.get().or_else(|| fields.topic.get()) {
            let _ = input.focus();
        }
    });
}

/// What people may read who join after a private room became open.
#[component]
fn PastChoice(opens_past: RwSignal<bool>) -> impl IntoView {
    let option = |value, label, text| ChoiceOption { value, label, text, refusal: None };
    let options = vec![
        option(
            false,
            "Nothing before now",
            "What was said in private stays with those who are in it.",
        ),
        option(true, "Everything", "Everybody who joins can read all that was said in private."),
    ];
    view! {
        <Choice
            legend="From which message on may newcomers read?"
            name="past"
            value=opens_past
            options
        />
    }
}
