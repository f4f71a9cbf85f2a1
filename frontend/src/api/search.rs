//! Finding messages.

use std::ops::Range;

use serde::Deserialize;
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
    paths::{self, fill},
};

use super::{Answer, Run, encoded, get};
use crate::ui::time;

/// A message that was found, with the bytes that were looked for.
#[derive(Clone, Deserialize)]
pub struct Hit {
    pub message: Message,
    pub ranges: Vec<Range<usize>>,
}

/// What the page takes of `Hits`.
#[derive(Deserialize)]
pub struct Found {
    pub hits: Vec<Hit>,
    pub older: Option<String>,
    pub newer: Option<String>,
}

impl Found {
    /// Where to go on: towards older ones, or where there are none (`sort:old`) towards newer.
    pub fn next(&self) -> Option<String> {
        let older = self.older.as_ref().map(|anchor| format!("&before=50&anchor={anchor}"));
        older.or_else(|| self.newer.as_ref().map(|anchor| format!("&after=50&anchor={anchor}")))
    }
}

pub use shared::search::Summary;

/// What a search finds: from where it begins by itself, or goes on.
pub async fn search(q: &str, next: &str) -> Answer<Found> {
    get(&format!("{}{next}", search_of(paths::SEARCH, q))).await
}

/// An address with a search, by the reader's clock.
pub(super) fn search_of(path: &str, q: &str) -> String {
    format!("{path}?q={}&tz={}", encoded(q), encoded(&time::offset()))
}

/// How much a search finds.
pub async fn search_summary(q: String) -> Answer<Summary> {
    get(&search_of(paths::SUMMARY, &q)).await
}

/// What a search finds in a room on from a message, that one included.
pub async fn hits_from(room: RoomId, q: &str, seq: Seq, is_older: bool) -> Answer<Run> {
    let path = search_of(&fill(paths::MESSAGES, &[&room]), q);
    let side = if is_older { "before" } else { "after" };
    get(&format!("{path}&anchor=seq:{seq}&{side}=100")).await
}

/// What a search finds in a room around a message, a hundred on each side.
pub async fn hits_around(room: RoomId, q: &str, seq: Seq) -> Answer<Run> {
    let path = search_of(&fill(paths::MESSAGES, &[&room]), q);
    get(&format!("{path}&anchor=seq:{seq}&before=100&after=100")).await
}
