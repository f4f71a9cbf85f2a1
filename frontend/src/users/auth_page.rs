//! The frame of the two pages in front of the door, and where the door leads.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::session::{Session, Who};
use crate::ui::{Mark, ThemeSwitch, effect, parameter};

/// Where to go once signed in: back to where one came from, as far as that is a page of ours.
pub fn next_page() -> String {
    let next = next().unwrap_or_default();
    match is_page(&next) {
        true => next,
        false => "/rooms".into(),
    }
}

fn next() -> Option<String> {
    use_location().search.with_untracked(|query| parameter(query, "next"))
}

/// The same page to come back to, for the link to the other form.
pub fn with_next(path: &str) -> String {
    match next().filter(|next| is_page(next)) {
        Some(next) => with(path, &next),
        None => path.to_owned(),
    }
}

/// A path with the page to go to afterwards.
pub fn with(path: &str, next: &str) -> String {
    format!("{path}?next={}", String::from(js_sys::encode_uri_component(next)))
}

/// Whether it is worth coming back to, and a page of ours.
pub fn is_page(path: &str) -> bool {
    path.starts_with("/room") || path.starts_with("/search")
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
