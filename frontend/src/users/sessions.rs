//! The dialog that lists the sessions of the account, with buttons to end them.

use leptos::prelude::*;
use shared::{ids::SessionId, unicode::isolate, users::Session};

use crate::{
    api,
    ui::{Dialog, Lazy, Ui, part, time},
};

#[component]
pub fn SessionsDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Your devices" wide=true>
            <Lazy load=session_list props=()/>
        </Dialog>
    }
}

part!(more: fn session_list((): ()) { view! { <SessionListLoader/> } });

type EndSessions = Action<Vec<SessionId>, ()>;

#[component]
fn SessionListLoader() -> impl IntoView {
    let ui = expect_context::<Ui>();
    let sessions = LocalResource::new(move || {
        ui.connection_epoch.track();
        api::list_sessions()
    });
    let end = Action::new_local(move |ids: &Vec<SessionId>| {
        let ids = ids.clone();
        async move {
            for id in ids {
                if let Err(error) = api::end_session(id).await {
                    ui.error(error.message());
                }
            }
            sessions.refetch();
        }
    });
    move || match sessions.get() {
        None => view! { <p class="quiet">"Loading…"</p> }.into_any(),
        Some(Ok(list)) => view! { <SessionList sessions=list.sessions end/> }.into_any(),
        Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
    }
}

#[component]
fn SessionList(sessions: Vec<Session>, end: EndSessions) -> impl IntoView {
    let others: Vec<_> = sessions.iter().filter(|s| !s.is_current).map(|s| s.id).collect();
    let has_fewer_than_two_others = others.len() < 2;
    let end_others = move |_| {
        end.dispatch_local(others.clone());
    };
    view! {
        <ul class="plain-list">
            {sessions.into_iter().map(|session| view! { <SessionRow session end/> }).collect_view()}
        </ul>
        <div class="dialog-actions" hidden=has_fewer_than_two_others>
            <button type="button" class="button button-danger" on:click=end_others>
                "Sign out everywhere else"
            </button>
        </div>
    }
}

#[component]
fn SessionRow(session: Session, end: EndSessions) -> impl IntoView {
    let id = session.id;
    let device = device(&session.user_agent);
    let since = format!("Signed in {}", time::short(session.created_at));
    let used = match session.is_current {
        true => "In use now".to_owned(),
        false => format!("Last used {}", time::short(session.used_at)),
    };
    // On a line of its own, where a long address is not cut off.
    let address = Some(session.address).filter(|address| !address.is_empty());
    let address = address.map(|address| view! { <span class="quiet">"From " {address}</span> });
    let label = format!("Sign out {}", isolate(&device));
    let action = match session.is_current {
        true => view! { <span class="tag">"This device"</span> }.into_any(),
        false => view! {
            <button
                type="button"
                class="button button-small"
                aria-label=label
                on:click=move |_| { end.dispatch_local(vec![id]); }
            >
                "Sign out"
            </button>
        }
        .into_any(),
    };
    view! {
        <li class="list-row">
            <div class="list-row-text">
                <strong><bdi>{device}</bdi></strong>
                <span class="quiet">{used}</span>
                {address}
                <span class="quiet">{since}</span>
            </div>
            {action}
        </li>
    }
}

/// Names a browser and its operating system; falls back to the `User-Agent`.
fn device(user_agent: &str) -> String {
    let browsers =
        [("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(token, _)| user_agent.contains(token)).map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.into(),
        _ if user_agent.is_empty() => "Unknown device".into(),
        _ => user_agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn a_device_has_a_name() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0 Safari/537.36";
        assert_eq!(device(chrome), "Chrome on Linux");
        assert_eq!(device("curl/8.0"), "curl/8.0");
        assert_eq!(device(""), "Unknown device");
    }
}
