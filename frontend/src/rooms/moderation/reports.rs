//! The open reports of a room.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    access::Action as RoomAction,
    ids::RoomId,
    messages::{Message, Report, ReportState},
    unicode::isolate,
};

use crate::{
    api,
    auth::Auth,
    links::message_path,
    live::LiveClient,
    ui::{Confirm, Dialog, Lazy, Ui, href, part, restore_focus, time},
};

/// Loads the number of open reports when I begin to manage a room, and after each connect: the socket does
/// not replay the frames with the number.
pub fn follow_reports(room: RoomId) {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let manages = Memo::new(move |_| {
        live.rooms.with(|rooms| rooms.allows(room, auth.rank(), RoomAction::Manage))
    });
    Effect::new(move |_| {
        live.connection_epoch.track();
        if !manages.get() {
            return;
        }
        spawn_local(async move {
            if let Ok(list) = api::list_open_reports(room).await {
                let count = list.reports.len() as i64;
                live.reports.update(|reports| _ = reports.insert(room, count));
            }
        });
    });
}

#[component]
pub fn ReportsDialog(open: RwSignal<bool>, id: RoomId) -> impl IntoView {
    view! {
        <Dialog open title="Reports" wide=true>
            <Lazy load=reports_list props=(id, open)/>
        </Dialog>
    }
}

part!(more: fn reports_list((id, open): (RoomId, RwSignal<bool>)) {
    view! { <Reports id open/> }
});

#[component]
fn Reports(id: RoomId, open: RwSignal<bool>) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    // Each change of the number is a new list.
    let count = Memo::new(move |_| live.reports.with(|reports| reports.get(&id).copied()));
    let list = LocalResource::new(move || {
        count.track();
        api::list_open_reports(id)
    });
    let reports = Memo::new(move |_| match list.get() {
        Some(Ok(list)) => list.reports,
        _ => Vec::new(),
    });
    let note = move || match list.get() {
        None => Some("Loading…".to_owned()),
        Some(Err(error)) => Some(error.message()),
        Some(Ok(list)) if list.reports.is_empty() => {
            Some("Nothing to do: there are no open reports.".to_owned())
        }
        Some(Ok(_)) => None,
    };
    let changed = Callback::new(move |()| list.refetch());
    view! {
        <p class="quiet" role="status" tabindex="-1">{note}</p>
        <ul class="plain-list" data-testid="reports">
            <For
                each=move || reports.get()
                key=|report| (report.id, report.message.as_ref().map(|message| message.rev))
                children=move |report| view! { <ReportRow room=id report changed open/> }
            />
        </ul>
    }
}

#[component]
fn ReportRow(
    room: RoomId,
    report: Report,
    changed: Callback<()>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let (id, seq, asking) = (report.id, report.seq, RwSignal::new(false));
    let close = Action::new_local(move |state: &ReportState| {
        let state = *state;
        async move {
            match api::close_report(room, id, state).await {
                // The dialog may be closed by now.
                Ok(()) => _ = changed.try_run(()),
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let delete = Action::new_local(move |_: &()| async move {
        let closed = match api::delete_message(room, seq).await {
            Ok(_) => api::close_report(room, id, ReportState::Resolved).await,
            Err(error) => Err(error),
        };
        match closed {
            Ok(()) => _ = changed.try_run(()),
            Err(error) => ui.error(error.message()),
        }
    });
    on_cleanup(|| restore_focus(&["dialog[open] [role=status]"]));
    let reported = format!(
        "Reported by {}, {}",
        isolate(report.reporter.name()),
        time::short(report.created_at)
    );
    let is_there = report.message.as_ref().is_some_and(|it| it.deleted_at.is_none());
    let button = move |label: &'static str, state| {
        view! {
            <button
                type="button"
                class="button button-small"
                disabled=close.pending()
                on:click=move |_| { close.dispatch_local(state); }
            >
                {label}
            </button>
        }
    };
    view! {
        <li class="report">
            <p><strong><bdi>{report.author.name().to_owned()}</bdi></strong></p>
            <p class="report-text" dir="auto">{describe_message(report.message.as_ref())}</p>
            <p class="quiet">{reported}</p>
            {(!report.reason.is_empty()).then(|| view! { <p dir="auto">{report.reason.clone()}</p> })}
            <div class="dialog-actions">
                <a
                    class="button button-small"
                    href=href(&message_path(room, seq))
                    on:click=move |_| open.set(false)
                >
                    "Show in the room"
                </a>
                {is_there.then(|| view! {
                    <button
                        type="button"
                        class="button button-small button-danger"
                        on:click=move |_| asking.set(true)
                    >
                        "Delete message"
                    </button>
                })}
                {button("Resolve", ReportState::Resolved)}
                {button("Dismiss", ReportState::Dismissed)}
            </div>
            <Show when=move || asking.get()>
                <div role="group" aria-label="Delete this message?">
                    <Confirm
                        text="The message will be deleted for everyone. This can't be undone."
                        yes="Delete"
                        open=asking
                        busy=delete.pending()
                        on_yes=move |()| { delete.dispatch_local(()); }
                    />
                </div>
            </Show>
        </li>
    }
}

/// The text of the message as it is now, or why there is none.
fn describe_message(message: Option<&Message>) -> String {
    match message {
        Some(message) if message.deleted_at.is_some() => "The message was deleted.".to_owned(),
        Some(message) => message.content.clone(),
        None => "Join the room to read the message.".to_owned(),
    }
}
