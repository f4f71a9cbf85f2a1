//! Where in the room there is what a search finds, however long the room: for the map of it.

use leptos::prelude::*;
use shared::ids::{RoomId, Seq};

use crate::{
    api,
    live::LiveClient,
    messages::Open,
    ui::{effect, spawn},
    users::session::Session,
};

/// Answers that are asked for one after the other, each of as much as there was time for.
const STEPS: usize = 25;

/// The messages that a search finds, ascending, one for each thousandth of the room at most.
pub fn hits(room: RoomId, q: impl Fn() -> Option<String> + 'static) -> RwSignal<Vec<Seq>> {
    hits_boxed(room, Box::new(q))
}

fn hits_boxed(room: RoomId, q: Box<dyn Fn() -> Option<String>>) -> RwSignal<Vec<Seq>> {
    let welcomes = expect_context::<LiveClient>().connection_epoch;
    let (found, asked) = (RwSignal::new(Vec::new()), StoredValue::new(0));
    effect(move || {
        // Whoever comes back may have missed much.
        welcomes.track();
        asked.update_value(|asked| *asked += 1);
        let this = asked.get_value();
        match q() {
            Some(q) => spawn(Box::pin(gather((room, q), found, move || {
                asked.try_get_value() == Some(this)
            }))),
            None => found.set(Vec::new()),
        }
    });
    found
}

async fn gather(
    (room, q): (RoomId, String),
    found: RwSignal<Vec<Seq>>,
    is_wanted: impl Fn() -> bool,
) {
    let mut up_to = None;
    for _ in 0..STEPS {
        let Ok(places) = api::get_map_hits(room, &q, up_to).await else { return };
        if !is_wanted() {
            return;
        }
        found.update(|found| {
            if up_to.is_none() {
                // What was said since is there already.
                found.retain(|seq| *seq > places.room_last_seq);
            }
            found.splice(..0, places.hits);
        });
        up_to = places.older;
        if up_to.is_none() {
            return;
        }
    }
}

/// My own messages; what I say while I am here as soon as it is there.
pub fn mine(open: Open) -> RwSignal<Vec<Seq>> {
    let me = expect_context::<Session>().me_untracked().map(|me| me.id);
    let found = hits(open.room, || Some("is:mine".into()));
    let known = StoredValue::new(open.with_untracked(|t| t.last_seq()));
    effect(move || {
        let (said, last) = open.with(|t| {
            let new = t.between(known.get_value().next(), t.last_seq());
            let mine = new.filter(|message| Some(message.user.id) == me).map(|message| message.seq);
            (mine.collect::<Vec<_>>(), t.last_seq())
        });
        known.set_value(last);
        if !said.is_empty() {
            found.update(|found| found.extend(said));
        }
    });
    found
}
