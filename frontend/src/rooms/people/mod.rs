//! The people of a room: a column in a wide window, a sheet over the room in a narrow one.

use leptos::prelude::*;
use shared::ids::RoomId;

use super::Panels;
use crate::{live::RoomState, ui::Lazy};

mod add;
mod moderation;
mod pages;
mod panel;
mod row;

use panel::people_panel;

#[component]
pub fn Members(room: RoomId, state: RoomState) -> impl IntoView {
    let panels = expect_context::<Panels>();
    view! {
        <aside class="members" class:members-open=panels.members aria-label="People in this room">
            <Lazy load=people_panel props=(room, state)/>
        </aside>
    }
}
