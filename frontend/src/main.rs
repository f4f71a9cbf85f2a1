//! Hallway in the browser. `app` wires contexts and routes; `users`, `rooms`, `messages` and `search` are
//! the pages; `live` and `api` talk to the server; `state` is plain data; `ui` has components that any
//! app could use.

mod api;
mod app;
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
