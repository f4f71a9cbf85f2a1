//! Where one is signed in.

use leptos::prelude::*;
use shared::{ids::SessionId, users::Session as SignIn};

use crate::{
    api,
    ui::action,
    ui::{Action, Dialog, Ui, resource, time},
};

/// The dialog: each sign-in, and a way to end it.
#[component]
pub fn SessionsDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Where you are signed in" wide=true>
            <SessionList/>
        </Dialog>
    }
}

#[component]
fn SessionList() -> impl IntoView {
    let ui = expect_context::<Ui>();
    let changes = RwSignal::new(0);
    let sessions = resource(move || {
        changes.track();
        api::list_sessions()
    });
    let end = action(move |ids: &Vec<SessionId>| {
        let ids = ids.clone();
        async move {
            for id in ids {
                if let Err(failure) = api::end_session(id).await {
                    ui.error(failure.message());
                }
            }
            changes.try_update(|n| *n += 1);
        }
    });
    let list = move || match sessions.get() {
        None => view! { <p class="quiet">"Loading…"</p> }.into_any(),
        Some(Ok(list)) => {
            let others: Vec<_> =
                list.sessions.iter().filter(|s| !s.is_current).map(|s| s.id).collect();
            let none = others.len() < 2;
            view! {
                <ul class="plain-list">
                    {list
                        .sessions
                        .into_iter()
                        .map(|session| view! { <SessionRow session end/> })
                        .collect_view()}
                </ul>
                <div class="dialog-actions" hidden=none>
                    <button
                        type="button"
                        class="button button-danger"
                        on:click:target=move |_| end.dispatch(others.clone())
                    >
                        "Sign out everywhere else"
                    </button>
                </div>
            }
            .into_any()
        }
        Some(Err(failure)) => view! { <p class="field-error">{failure.message()}</p> }.into_any(),
    };
    view! { {move || list()} }
}

#[component]
fn SessionRow(session: SignIn, end: Action<Vec<SessionId>, ()>) -> impl IntoView {
    let id = session.id;
    let device = device(&session.user_agent);
    let since = format!("Since {}", time::short(session.created_at));
    let label = format!("Sign out {device}");
    let action = match session.is_current {
        true => view! { <span class="tag">"This device"</span> }.into_any(),
        false => view! {
            <button
                type="button"
                class="button button-small"
                aria-label=label
                on:click:target=move |_| end.dispatch(vec![id])
            >
                "Sign out"
            </button>
        }
        .into_any(),
    };
    view! {
        <li class="list-row">
            <div class="list-row-text">
                <strong>{device}</strong>
                <span class="quiet">{since}</span>
            </div>
            {action}
        </li>
    }
}

/// What people call a browser; the whole `User-Agent` if it is none that we know.
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
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.into(),
        _ if user_agent.is_empty() => "An unnamed device".into(),
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
        assert_eq!(device(""), "An unnamed device");
    }
}
