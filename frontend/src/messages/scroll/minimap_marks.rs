//! The messages that the minimap marks: my own, and the hits of a search.

use leptos::{prelude::*, task::spawn_local};
use shared::ids::{RoomId, Seq};

use crate::{api, auth::Auth, live::LiveClient, messages::context::RoomContext};

/// The maximum number of requests for one search. The server limits the time of each request, so a
/// long room needs several.
const MAX_REQUESTS: usize = 25;

/// The hits of a search, ascending; the server returns at most one per thousandth of the room.
pub fn search_hits(room: RoomId, q: impl Fn() -> Option<String> + 'static) -> RwSignal<Vec<Seq>> {
    let connection_epoch = expect_context::<LiveClient>().connection_epoch;
    let hits = RwSignal::new(Vec::new());
    let latest = StoredValue::new(0);
    Effect::new(move |_| {
        // Messages may have been missed while disconnected.
        connection_epoch.track();
        latest.update_value(|latest| *latest += 1);
        let this = latest.get_value();
        match q() {
            Some(q) => {
                let is_latest = move || latest.try_get_value() == Some(this);
                spawn_local(load_hits(room, q, hits, is_latest));
            }
            None => hits.set(Vec::new()),
        }
    });
    hits
}

async fn load_hits(
    room: RoomId,
    q: String,
    hits: RwSignal<Vec<Seq>>,
    is_latest: impl Fn() -> bool,
) {
    let mut up_to = None;
    for _ in 0..MAX_REQUESTS {
        let Ok(found) = api::get_map_hits(room, &q, up_to).await else { return };
        if !is_latest() {
            return;
        }
        hits.update(|hits| {
            if up_to.is_none() {
                // Keeps the messages that were added after the server read the room.
                hits.retain(|seq| *seq > found.room_last_seq);
            }
            hits.splice(..0, found.hits);
        });
        up_to = found.older;
        if up_to.is_none() {
            return;
        }
    }
}

/// My own messages, including those that I send while the room is open.
pub fn my_messages(room: RoomContext) -> RwSignal<Vec<Seq>> {
    let me = expect_context::<Auth>().me_untracked().map(|me| me.id);
    let hits = search_hits(room.id, || Some("is:mine".into()));
    let last_seen = StoredValue::new(room.with_timeline_untracked(|t| t.last_seq()));
    Effect::new(move |_| {
        let (mine, last) = room.with_timeline(|t| {
            let new = t.messages_between(last_seen.get_value().next(), t.last_seq());
            let mine = new.filter(|message| Some(message.user.id) == me);
            (mine.map(|message| message.seq).collect::<Vec<_>>(), t.last_seq())
        });
        last_seen.set_value(last);
        if !mine.is_empty() {
            hits.update(|hits| hits.extend(mine));
        }
    });
    hits
}
