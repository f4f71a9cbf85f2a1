//! The requests that add and remove my reaction.

use leptos::prelude::*;
use shared::ids::Seq;

use crate::{api, messages::context::RoomContext, ui::Ui};

/// Adds or removes my reaction to a message, and shows its new state at once: the socket sends the same, but
/// maybe later.
pub fn set_reaction(
    room: RoomContext,
    ui: Ui,
    (seq, emoji): (Seq, String),
    is_added: bool,
) -> impl Future<Output = ()> {
    // The room may be closed while the request is in flight.
    let (id, timeline) = (room.id, room.state().timeline);
    async move {
        match api::set_reaction(id, seq, &emoji, is_added).await {
            Ok(message) => timeline.update(|t| t.upsert_message(message)),
            Err(error) => ui.error(error.message()),
        }
    }
}
