//! What is asked for by REST, and whether the answer is one.

use anyhow::{Result, ensure};
use shared::{
    ids::{RoomId, Seq},
    messages::{Anchor, MessagePage},
    paths,
    rules::PAGE_DEFAULT,
    search::Hits,
};

/// Hits that a search asks for.
pub const HITS: usize = 20;

/// What is asked again and again.
#[derive(Clone, Debug)]
pub enum Question {
    /// Pages of 50 messages, anywhere in a room that has so many.
    Page(RoomId, i64),
    /// One of these searches, and how many hits each has at least.
    Search(Vec<String>, usize),
}

impl Question {
    /// Path and query of the next one.
    pub fn path(&self) -> String {
        match self {
            Self::Page(room, messages) => {
                let page = PAGE_DEFAULT as i64;
                let last = Anchor::Seq(Seq(fastrand::i64(page..=*messages)));
                let path = paths::fill(paths::MESSAGES, &[room]);
                format!("{path}?anchor={last}&before={}", page - 1)
            }
            Self::Search(searches, _) => {
                let search = &searches[fastrand::usize(..searches.len())];
                let q: String = form_urlencoded::byte_serialize(search.as_bytes()).collect();
                format!("{}?before={HITS}&q={q}", paths::SEARCH)
            }
        }
    }

    /// Whether a body is the answer.
    pub fn check(&self, body: &[u8]) -> Result<()> {
        match self {
            Self::Page(..) => {
                let page: MessagePage = serde_json::from_slice(body)?;
                let seqs = page.messages.iter().map(|message| message.seq.0);
                let first = page.messages.first().map_or(0, |message| message.seq.0);
                let is_page = page.messages.len() == PAGE_DEFAULT as usize
                    && seqs.eq(first..first + PAGE_DEFAULT as i64);
                ensure!(is_page, "that is not a page of {PAGE_DEFAULT} messages");
            }
            Self::Search(_, least) => {
                let hits: Hits = serde_json::from_slice(body)?;
                let count = hits.hits.len();
                ensure!(count >= *least, "{count} hits, and there should be {least}");
                ensure!(hits.hits.iter().all(|hit| !hit.ranges.is_empty()), "nothing is marked");
            }
        }
        Ok(())
    }
}
