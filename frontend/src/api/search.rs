//! The search for messages.

use shared::{
    ids::{RoomId, Seq},
    messages::MessagePage,
    paths::{self, fill},
    search::{Hits, Summary},
};

use super::{Result, get, percent_encode};
use crate::ui::time;

/// Searches all my rooms. `page` is the result of [`next_page`], or empty for the first page.
pub async fn search_messages(q: &str, page: &str) -> Result<Hits> {
    get(&format!("{}{page}", search_path(paths::SEARCH, q))).await
}

/// Returns the parameters of the next page: older hits, or newer ones if the search sorts by
/// `sort:old`.
pub fn next_page(hits: &Hits) -> Option<String> {
    let older = hits.older.map(|anchor| format!("&before=50&anchor={anchor}"));
    older.or_else(|| hits.newer.map(|anchor| format!("&after=50&anchor={anchor}")))
}

pub async fn get_search_summary(q: String) -> Result<Summary> {
    get(&search_path(paths::SUMMARY, &q)).await
}

/// Searches one room from a message on, including that message.
pub async fn search_room_from(
    room: RoomId,
    q: &str,
    seq: Seq,
    is_older: bool,
) -> Result<MessagePage> {
    let path = search_path(&fill(paths::MESSAGES, &[&room]), q);
    let side = if is_older { "before" } else { "after" };
    get(&format!("{path}&anchor=seq:{seq}&{side}=100")).await
}

/// Searches one room around a message, 100 hits on each side.
pub async fn search_room_around(room: RoomId, q: &str, seq: Seq) -> Result<MessagePage> {
    let path = search_path(&fill(paths::MESSAGES, &[&room]), q);
    get(&format!("{path}&anchor=seq:{seq}&before=100&after=100")).await
}

/// Adds a query and the reader's time zone to a path.
pub(super) fn search_path(path: &str, q: &str) -> String {
    format!("{path}?q={}&{}", percent_encode(q), time::zone_parameter())
}
