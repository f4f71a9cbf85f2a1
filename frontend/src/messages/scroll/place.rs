//! Keeps the place of the reader in a room. The tab's session storage has the last place in each room,
//! for switching rooms. The state of each history entry has the position at which the reader left the
//! entry, for Back, Forward and a reload.

use std::time::Duration;

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};
use leptos_router::hooks::use_url;
use shared::ids::{RoomId, Seq};
use web_sys::Storage;

use super::{
    jump::{follow_link, go_to},
    viewport::Viewport,
};
use crate::{
    links::room_path,
    live::LiveClient,
    messages::context::RoomContext,
    state::scroll::jump_history::{RoomPlace, ScrollPosition},
    ui::{Ui, href},
};

/// The place is stored once the reader has stayed there for this long, because browsers limit the
/// changes of the history.
const STORE_AFTER: Duration = Duration::from_millis(300);

/// Opens the room at the message in the address, or where the reader was, and stores the place from
/// then on. With unread messages, a room without a message in the address opens at the first of them.
pub fn keep_place(room: RoomContext, viewport: Viewport, at: Memo<Option<Seq>>, has_unread: bool) {
    let live = expect_context::<LiveClient>();
    // After I was removed, the place must not come back.
    let store = move |room: RoomContext, viewport| {
        if live.rooms.with_untracked(|rooms| rooms.get(room.id).is_some()) {
            store(room, viewport);
        }
    };
    open_at_place(room, viewport, at.get_untracked(), has_unread);
    follow_address(room, viewport, at);
    Effect::new(move |timer: Option<Option<TimeoutHandle>>| {
        if let Some(Some(timer)) = timer {
            timer.clear();
        }
        viewport.visible.track();
        viewport.at_bottom.track();
        room.history.track();
        room.jump.track();
        set_timeout_with_handle(move || store(room, viewport), STORE_AFTER).ok()
    });
    let listener = window_event_listener(ev::pagehide, move |_| store(room, viewport));
    on_cleanup(move || {
        listener.remove();
        store(room, viewport);
    });
}

fn open_at_place(room: RoomContext, viewport: Viewport, at: Option<Seq>, has_unread: bool) {
    let stored = storage().and_then(|storage| storage.get_item(&room.place_key()).ok().flatten());
    let stored = stored.and_then(|text| RoomPlace::parse(&text));
    if let Some(place) = &stored {
        room.history.set(place.history.clone());
    }
    let entry = use_url().with_untracked(|url| entry_position(url.path()));
    let position = match at {
        Some(_) => entry,
        None if has_unread => None,
        None => entry.or(stored.map(|place| place.position)),
    };
    let readable = room.first_seq()..=room.with_timeline_untracked(|t| t.last_seq());
    match (position, at) {
        (Some(position @ ScrollPosition::Message(seq, _)), _) if readable.contains(&seq) => {
            // Otherwise the first frame would show the newest messages.
            viewport.move_window_to(seq);
            go_to(room, viewport, position);
        }
        // The first page is the newest one.
        (Some(_), _) | (None, None) => {}
        (None, Some(seq)) => follow_link(room, viewport, expect_context::<Ui>(), seq),
    }
}

/// Jumps to the message of a new address in this room. Back and Forward return to the position in the
/// history entry instead.
fn follow_address(room: RoomContext, viewport: Viewport, at: Memo<Option<Seq>>) {
    let (url, ui) = (use_url(), expect_context::<Ui>());
    Effect::new(move |before: Option<(String, String)>| {
        let now = url.with(|url| (url.path().to_owned(), url.search().to_owned()));
        let Some(before) = before.filter(|_| is_in_room(&now.0, room.id)) else { return now };
        let (is_same, is_same_path) = (before == now, before.0 == now.0);
        if address_path() != now.0 {
            // The address is still that of the entry that the reader leaves.
            store(room, viewport);
        }
        match (entry_position(&now.0).filter(|_| !is_same), at.get_untracked()) {
            (Some(position), _) => go_to(room, viewport, position),
            // The link may have been clicked again. A change of only the search moves nothing.
            (None, Some(seq)) if is_same || !is_same_path => {
                follow_link(room, viewport, ui, seq);
                // The keys that navigate hits are letters, and the composer would take them as text.
                if let (false, Some(scroller)) =
                    (now.1.is_empty(), viewport.scroller.get_untracked())
                {
                    let _ = scroller.focus();
                }
            }
            _ => {}
        }
        now
    });
}

/// Stores where the reader is, unless a jump is in progress.
fn store(room: RoomContext, viewport: Viewport) {
    let has_landed = room.jump.try_get_untracked() == Some(None);
    let place = viewport.position().zip(room.history.try_get_untracked());
    let Some((position, history)) = place.filter(|_| has_landed) else { return };
    if let Some(storage) = storage() {
        let place = RoomPlace { position, history };
        let _ = storage.set_item(&room.place_key(), &place.to_string());
    }
    // After Back, the entry may already be one of another room.
    if is_in_room(&address_path(), room.id)
        && let Ok(history) = window().history()
    {
        let _ = history.replace_state(&position.to_string().into(), "");
    }
}

/// The position in the current history entry, if the entry is the one of `path`. The router adds an
/// entry for a new address only after the page has changed.
fn entry_position(path: &str) -> Option<ScrollPosition> {
    let state = window().history().and_then(|history| history.state()).ok()?;
    ScrollPosition::parse(&state.as_string()?).filter(|_| address_path() == path)
}

fn address_path() -> String {
    window().location().pathname().unwrap_or_default()
}

fn is_in_room(path: &str, room: RoomId) -> bool {
    let rest = path.strip_prefix(&href(&room_path(room)));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The session storage. It may be absent, full or forbidden; then no place is stored.
fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_one_room() {
        for path in ["/ui/room/7", "/ui/room/7/", "/ui/room/7/m/12"] {
            assert!(is_in_room(path, RoomId(7)), "{path}");
        }
        for path in ["/ui/room/77", "/ui/room/77/m/7", "/ui/rooms", "/ui/search"] {
            assert!(!is_in_room(path, RoomId(7)), "{path}");
        }
    }
}
