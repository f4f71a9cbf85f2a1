//! Keeps the drafts of a room in localStorage, equal in all tabs of this browser: a text that is sent
//! in one tab must not wait in another one, and a key in one tab must not overwrite what was typed
//! in another.

use leptos::{ev, prelude::*};
use shared::ids::Seq;

use crate::{
    live::{load_draft, store_draft},
    messages::context::RoomContext,
    state::draft_key::{DraftKey, DraftKind},
};

/// Stores the drafts of the room with every change, and follows the changes of other tabs.
pub fn keep_drafts(room: RoomContext) {
    sync(room.draft_key(DraftKind::Message), room.draft, String::clone, str::to_owned);
    let to_text = |seq: &Option<Seq>| seq.map(|seq| seq.to_string()).unwrap_or_default();
    sync(room.draft_key(DraftKind::ReplyTo), room.reply_to, to_text, |text| text.parse().ok());
    follow_edits(room);
}

/// Keeps a signal and a stored text equal.
fn sync<T: Send + Sync + 'static>(
    key: DraftKey,
    signal: RwSignal<T>,
    to_text: fn(&T) -> String,
    from_text: fn(&str) -> T,
) {
    // The text that this tab stored or read last.
    let synced = StoredValue::new(signal.with_untracked(to_text));
    Effect::new(move |_| {
        let text = signal.with(to_text);
        if synced.with_value(|synced| *synced != text) {
            store_draft(key, &text);
            // Reads the text back, because the storage may be full or forbidden.
            synced.set_value(load_draft(key));
        }
    });
    let follow = move || {
        let stored = load_draft(key);
        // A tab whose text is not stored, for example because the storage is full, keeps it.
        let is_mine = synced.with_value(|synced| signal.with_untracked(to_text) != *synced);
        if !is_mine && synced.with_value(|synced| *synced != stored) {
            synced.set_value(stored.clone());
            signal.set(from_text(&stored));
        }
    };
    let changed = window_event_listener(ev::storage, move |event| {
        if event.key().is_none_or(|changed| changed == key.to_string()) {
            follow();
        }
    });
    // A page that comes back from the browser's page cache has missed the events.
    let shown = window_event_listener(ev::pageshow, move |_| follow());
    on_cleanup(move || {
        changed.remove();
        shown.remove();
    });
}

/// Follows the unfinished edits of other tabs.
fn follow_edits(room: RoomContext) {
    let changed = window_event_listener(ev::storage, move |event| {
        let Some(key) = event.key().and_then(|key| DraftKey::parse(&key)) else { return };
        let DraftKind::Edit(seq) = key.kind else { return };
        if key == room.draft_key(key.kind) {
            room.edits.update(|edits| match event.new_value() {
                Some(text) => drop(edits.insert(seq, text)),
                None => drop(edits.remove(&seq)),
            });
        }
    });
    on_cleanup(move || changed.remove());
}
