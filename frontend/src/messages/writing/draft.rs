//! Drafts: the unsent text of each room, in localStorage.

use leptos::{html, prelude::*};
use shared::ids::{RoomId, UserId};

use super::text_field::fit_height;
use crate::{messages::context::RoomContext, ui::storage};

fn storage_key(me: UserId, room: RoomId) -> String {
    format!("hallway.draft.{me}.{room}")
}

/// The draft of this account in a room.
pub fn stored_draft(me: UserId, room: RoomId) -> String {
    storage::get(&storage_key(me, room)).unwrap_or_default()
}

/// Stores the draft with every keystroke, and fits the height of its text area.
pub fn store_draft(room: RoomContext, me: UserId, area: NodeRef<html::Textarea>) {
    Effect::new(move |_| {
        let key = storage_key(me, room.id);
        room.draft.with(|draft| match draft.is_empty() {
            true => storage::remove(&key),
            false => storage::set(&key, draft),
        });
        if let Some(area) = area.get() {
            request_animation_frame(move || fit_height(&area));
        }
    });
}
