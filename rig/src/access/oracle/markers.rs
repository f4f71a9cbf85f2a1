//! Marker words: every text, name and topic of a run contains one of its own, so that whoever receives a
//! marker received what it marks.

use std::collections::BTreeSet;

use memchr::memmem;

/// The begin of each marker. No text of the server contains it.
const PREFIX: &str = "zq";
/// The digits after the prefix and the letter of the kind.
const DIGITS: usize = 11;
const LENGTH: usize = PREFIX.len() + 1 + DIGITS;

/// What a marker marks, as a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerKind {
    Message,
    RoomName,
    Topic,
    Username,
}

/// Creates markers.
#[derive(Debug, Default)]
pub struct Markers(u64);

impl Markers {
    /// A marker that was not used before.
    pub fn create(&mut self, kind: MarkerKind) -> String {
        self.0 += 1;
        let letter = match kind {
            MarkerKind::Message => 'm',
            MarkerKind::RoomName => 'r',
            MarkerKind::Topic => 't',
            MarkerKind::Username => 'u',
        };
        format!("{PREFIX}{letter}{:0DIGITS$x}", self.0)
    }
}

/// The markers in a text, each once.
pub fn find(text: &str) -> BTreeSet<&str> {
    let starts = memmem::find_iter(text.as_bytes(), PREFIX);
    let marker = |start: usize| text.get(start..start + LENGTH);
    starts.filter_map(marker).filter(|it| it.bytes().all(|b| b.is_ascii_alphanumeric())).collect()
}
