//! The frame of the pages for people who are not signed in, and the page to return to after signing in.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    auth::{Auth, AuthState},
    ui::{Logo, ThemeSwitch, Ui, query_param},
};

/// Returns whether the path is a page of this app to return to after signing in.
pub fn can_return_to(path: &str) -> bool {
    path.starts_with("/room") || path.starts_with("/search")
}

/// Adds the page to return to as a parameter.
pub fn with_next(path: &str, next: &str) -> String {
    format!("{path}?next={}", String::from(js_sys::encode_uri_component(next)))
}

/// The link to the other form, with the same page to return to.
pub fn other_form(path: &str) -> String {
    next().map_or_else(|| path.to_owned(), |next| with_next(path, &next))
}

fn next() -> Option<String> {
    let next = use_location().search.with_untracked(|query| query_param(query, "next"));
    next.filter(|next| can_return_to(next))
}

/// The frame of a form. Redirects users who are signed in already, and everybody to the page that sets up
/// a server without accounts.
#[component]
pub fn AuthPage(heading: &'static str, children: Children) -> impl IntoView {
    let auth = expect_context::<Auth>();
    let (navigate, next) = (use_navigate(), next().unwrap_or_else(|| "/rooms".into()));
    Effect::new(move |_| {
        let to = match auth.state.with(|state| matches!(state, AuthState::SignedIn(_))) {
            true => &next,
            false if auth.is_set_up.get() => return,
            false => "/register",
        };
        navigate(to, NavigateOptions { replace: true, ..Default::default() });
    });
    view! { <AuthFrame heading>{children()}</AuthFrame> }
}

/// The frame of a page for people who may not be signed in.
#[component]
pub fn AuthFrame(heading: &'static str, children: Children) -> impl IntoView {
    let auth = expect_context::<Auth>();
    let app_name = expect_context::<Ui>().app_name;
    Effect::new(move |_| document().set_title(&format!("{heading} · {}", app_name.get())));
    view! {
        <main class="auth" id="main">
            <div class="auth-card">
                <div class="auth-brand">
                    <Logo/>
                    <span dir="auto">{app_name}</span>
                </div>
                <h1>{heading}</h1>
                <p class="auth-notice" role="status">{auth.notice}</p>
                {children()}
            </div>
            <footer class="auth-foot">
                <ThemeSwitch/>
            </footer>
        </main>
    }
}
