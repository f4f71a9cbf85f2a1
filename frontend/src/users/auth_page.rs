//! The frame of the two pages in front of the door, and where the door leads.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::session::{Session, Who};
use crate::ui::{Mark, ThemeSwitch, effect};

/// Where to go once signed in: back to where one came from, as far as that is a page of ours.
pub fn next_page() -> String {
    let next = use_query_map().with_untracked(|query| query.get("next").unwrap_or_default());
    match next.starts_with("/room") {
        true => next,
        false => "/rooms".into(),
    }
}

/// The same page to come back to, for the link to the other form.
pub fn with_next(path: &str) -> String {
    let next = use_query_map().with_untracked(|query| query.get("next"));
    match next.filter(|next| next.starts_with("/room")) {
        Some(next) => format!("{path}?next={next}"),
        None => path.to_owned(),
    }
}

/// The frame. Whoever is signed in already is sent on.
#[component]
pub fn AuthPage(heading: &'static str, children: Children) -> impl IntoView {
    let session = expect_context::<Session>();
    let (navigate, next) = (use_navigate(), next_page());
    document().set_title(&format!("{heading} · Hallway"));
    effect(move || {
        if session.who.with(|who| matches!(who, Who::Somebody(_))) {
            navigate(&next, NavigateOptions { replace: true, ..Default::default() });
        }
    });
    view! {
        <main class="auth" id="main">
            <div class="auth-card">
                <div class="auth-brand">
                    <Mark/>
                    <span>"Hallway"</span>
                </div>
                <h1>{heading}</h1>
                <p class="auth-notice" role="status">{move || session.notice.get()}</p>
                {children()}
            </div>
            <footer class="auth-foot">
                <ThemeSwitch/>
            </footer>
        </main>
    }
}
