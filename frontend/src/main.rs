//! Hallway in the browser. `app` wires contexts and routes; `rooms`, `messages`, `search`,
//! `users` and `admin` are the pages; `live` and `api` communicate with the server; `auth` holds the signed-in
//! account; `links` has the paths of the pages; `state` is plain data; `ui` has components that any
//! app could use.
//!
//! Imports point one way: pages, then `live`, `auth`, `api`, and last `links`, `state` and `ui`.

mod admin;
mod api;
mod app;
mod auth;
mod links;
mod live;
mod messages;
mod rooms;
mod search;
mod state;
mod ui;
mod users;

fn main() {
    ui::panic::install_hook();
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
