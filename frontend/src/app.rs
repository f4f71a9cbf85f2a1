//! The wiring: the three root contexts and the routes.

use leptos::prelude::*;
use leptos_router::{
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};
use shared::paths;

use crate::{
    api,
    live::LiveClient,
    rooms::{RoomPage, RoomsPage, Shell},
    search::SearchPage,
    ui::action,
    ui::{Mark, Toasts, Ui, effect, href, memo},
    users::{
        Login, RegisterPage,
        session::{Session, Who, follow_other_tabs},
    },
};

/// Everything on the page.
#[component]
pub fn App() -> impl IntoView {
    let (session, ui) = (Session::new(), Ui::new());
    let live = LiveClient::new(session, ui);
    provide_context(session);
    provide_context(ui);
    provide_context(live);
    effect(move || ui.theme.get().apply());
    follow_other_tabs(session);
    come_back_at_once(live);
    connect_as_who_is_here(session, live);

    let ask = action(move |_: &()| async move { session.answered(api::get_me().await) });
    ask.dispatch(());
    effect(move || {
        if session.who.with(|who| *who == Who::Unknown)
            && ask.value().with_untracked(Option::is_some)
        {
            ask.dispatch(());
        }
    });

    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to the content"</a>
        <Router base=paths::UI>
            <Routes fallback=NotFound>
                <Route path=path!("/login") view=Login/>
                <Route path=path!("/register") view=RegisterPage/>
                <ParentRoute path=path!("") view=Shell>
                    <Route path=path!("") view=|| view! { <Redirect path="/rooms"/> }/>
                    <Route path=path!("/rooms") view=RoomsPage/>
                    <Route path=path!("/room/:id") view=RoomPage/>
                    <Route path=path!("/room/:id/m/:seq") view=RoomPage/>
                    <Route path=path!("/search") view=SearchPage/>
                </ParentRoute>
            </Routes>
        </Router>
        <Toasts/>
    }
}

/// The socket belongs to whoever is signed in, and to nobody else.
fn connect_as_who_is_here(session: Session, live: LiveClient) {
    let me = memo(move || session.me().map(|me| me.short()));
    effect(move || match me.get() {
        Some(me) => live.connect(me),
        None => live.disconnect(),
    });
}

/// The network or the reader is back: no reason to wait for the next try.
fn come_back_at_once(live: LiveClient) {
    let online = window_event_listener(leptos::ev::online, move |_| live.reconnect_now());
    let shown = window_event_listener(leptos::ev::visibilitychange, move |_| {
        if !document().hidden() {
            live.reconnect_now();
        }
    });
    on_cleanup(move || {
        online.remove();
        shown.remove();
    });
}

#[component]
fn NotFound() -> impl IntoView {
    document().set_title("Nothing here · Hallway");
    view! {
        <main class="lost" id="main">
            <Mark/>
            <h1>"This door leads nowhere"</h1>
            <p>"There is no page at this address."</p>
            <p><a href=href("/rooms") class="button button-primary">"Go to the rooms"</a></p>
        </main>
    }
}
