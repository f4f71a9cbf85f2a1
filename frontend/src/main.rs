//! Hallway in the browser. `app` wires; `users`, `rooms` and `messages` are what one sees; `live` and
//! `api` are the only ways to the network; `state` is plain; `ui` knows no noun of ours.

#![allow(
    clippy::redundant_closure,
    reason = "`view!` shares what drives a closure only where it sees one: `title=move || name()`"
)]

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
    ui::panic::install();
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
