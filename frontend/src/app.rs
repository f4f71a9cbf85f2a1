//! The root component: contexts, routes, and the effects that run on every page.

use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use leptos::{
    ev::{self, DragEvent},
    prelude::*,
    task::spawn_local,
};
use leptos_router::{
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};
use shared::{paths, users::UserRef};
use wasm_bindgen::JsCast;
use web_sys::{DataTransfer, Element};

use crate::{
    admin::AdminPage,
    api,
    auth::{Auth, AuthState, follow_other_tabs},
    live::LiveClient,
    rooms::{RoomPage, RoomsPage, Shell, insights},
    search::{SearchPage, search_form},
    state::live::backoff::Backoff,
    ui::{Logo, Toasts, Ui, href, time},
    users::{LoginPage, RegisterPage, login_page},
};

/// The delay after which the lazy parts are loaded. Until then network and processor are busy with
/// the first page.
const LOAD_PARTS_AFTER: Duration = Duration::from_secs(2);
/// The shortest delay before the account is requested again, in milliseconds.
const MIN_RETRY_MS: u32 = 1_000;

#[component]
pub fn App() -> impl IntoView {
    let (auth, ui) = (Auth::new(), Ui::new());
    let live = LiveClient::new(auth, ui);
    provide_context(auth);
    provide_context(ui);
    provide_context(live);
    Effect::new(move |_| ui.theme.get().apply());
    load_account(auth);
    load_server(auth, ui);
    follow_other_tabs(auth);
    live.follow_discards();
    connect_while_signed_in(auth, live);
    reconnect_when_visible_or_online(live);
    load_parts_later();
    refuse_files(ui);
    time::start_clock();

    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <Router base=paths::UI>
            <Routes fallback=NotFound>
                <Route path=path!("/login") view=LoginPage/>
                <Route path=path!("/register") view=RegisterPage/>
                <Route path=path!("/invite") view=RegisterPage/>
                <Route path=path!("/confirm") view=RegisterPage/>
                <ParentRoute path=path!("") view=Shell>
                    <Route path=path!("") view=|| view! { <Redirect path="/rooms"/> }/>
                    <Route path=path!("/rooms") view=RoomsPage/>
                    // One route, because the router builds the page again for another one, and a
                    // link inside the room would lose the reader's place.
                    <Route path=path!("/room/:id/*message") view=RoomPage/>
                    <Route path=path!("/search") view=SearchPage/>
                    <Route path=path!("/admin/*tab") view=AdminPage/>
                </ParentRoute>
            </Routes>
        </Router>
        <Toasts/>
    }
}

/// Requests the name of the server, and whether somebody has set it up.
fn load_server(auth: Auth, ui: Ui) {
    spawn_local(async move {
        // Without a response, the page has the name of the program; requesting the account tells the user.
        if let Ok(server) = api::get_server_summary().await {
            ui.app_name.set(server.name);
            auth.is_set_up.set(server.is_set_up);
        }
    });
}

/// Requests the signed-in account at the start and whenever the state becomes
/// [`AuthState::Unknown`].
fn load_account(auth: Auth) {
    let runs = StoredValue::new(0);
    Effect::new(move |_| {
        if auth.state.with(|state| *state == AuthState::Unknown) {
            runs.update_value(|runs| *runs += 1);
            spawn_local(load_until_reached(auth, runs));
        }
    });
}

/// Repeats the request until the server responds, or until another run or a sign-in replaces this one.
async fn load_until_reached(auth: Auth, runs: StoredValue<u32>) {
    let run = runs.get_value();
    let is_signed_in = || auth.state.with_untracked(|s| matches!(s, AuthState::SignedIn(_)));
    let is_unreachable = || auth.state.with_untracked(|state| *state == AuthState::Unreachable);
    let mut backoff = Backoff::default();
    loop {
        let me = api::get_me().await;
        if runs.get_value() != run || is_signed_in() {
            return;
        }
        auth.load(me);
        TimeoutFuture::new(MIN_RETRY_MS + backoff.next(js_sys::Math::random())).await;
        if !is_unreachable() {
            return;
        }
    }
}

fn connect_while_signed_in(auth: Auth, live: LiveClient) {
    // Without the display name: a new one must not end the connection, which drops all state.
    let me = Memo::new(move |_| auth.me().map(|me| UserRef { display_name: None, ..me.short() }));
    Effect::new(move |_| match me.get() {
        Some(me) => live.connect(me),
        None => live.disconnect(),
    });
}

fn reconnect_when_visible_or_online(live: LiveClient) {
    let online = window_event_listener(leptos::ev::online, move |_| live.reconnect_now());
    let visible = window_event_listener(leptos::ev::visibilitychange, move |_| {
        if !document().hidden() {
            live.reconnect_now();
        }
    });
    on_cleanup(move || {
        online.remove();
        visible.remove();
    });
}

fn has_files(data: DataTransfer) -> bool {
    data.types().includes(&"Files".into(), 0)
}

/// Keeps the browser from leaving the page for a file or a link that is dropped on it, and says that
/// files cannot be sent.
fn refuse_files(ui: Ui) {
    let has_dropped_files = |event: &DragEvent| event.data_transfer().is_some_and(has_files);
    let is_text = |event: &DragEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        target.is_some_and(|target| matches!(&*target.tag_name(), "INPUT" | "TEXTAREA"))
    };
    let over = window_event_listener(ev::dragover, move |event| {
        if has_dropped_files(&event) || !is_text(&event) {
            event.prevent_default();
        }
    });
    let refuse = move || {
        ui.error("Files can't be sent here. Send a link to the file, or paste its text.");
    };
    let dropped = window_event_listener(ev::drop, move |event| {
        if has_dropped_files(&event) {
            refuse();
        } else if is_text(&event) {
            return;
        }
        event.prevent_default();
    });
    let pasted = window_event_listener(ev::paste, move |event| {
        let is_file = |data: &DataTransfer| !data.types().includes(&"text/plain".into(), 0);
        if event.clipboard_data().is_some_and(|data| is_file(&data) && has_files(data)) {
            refuse();
        }
    });
    on_cleanup(move || {
        over.remove();
        dropped.remove();
        pasted.remove();
    });
}

/// Loads the parts of the page in the background, so that they open without a delay, also offline.
fn load_parts_later() {
    let load = || {
        spawn_local(async {
            let _ = login_page().await;
            let _ = search_form().await;
            let _ = insights().await;
        });
    };
    set_timeout(load, LOAD_PARTS_AFTER);
}

#[component]
fn NotFound() -> impl IntoView {
    let app_name = expect_context::<Ui>().app_name;
    document().set_title(&format!("Page not found · {}", app_name.get_untracked()));
    view! {
        <main class="lost" id="main">
            <Logo/>
            <h1>"Page not found"</h1>
            <p>"There's nothing at this address."</p>
            <p><a href=href("/rooms") class="button button-primary">"Go to the rooms"</a></p>
        </main>
    }
}
