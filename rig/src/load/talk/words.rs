//! What is said: texts of words, as people's are, so that whoever indexes them has real work.

use shared::ids::RoomId;
use uuid::Uuid;

use crate::load::client::wire::{self, Stamp, TEXT};

/// Texts that are said in turn.
const TEXTS: usize = 256;

const WORDS: &[&str] = &[
    "the",
    "server",
    "is",
    "down",
    "again",
    "who",
    "has",
    "seen",
    "that",
    "before",
    "we",
    "could",
    "try",
    "another",
    "port",
    "thanks",
    "works",
    "for",
    "me",
    "deploy",
    "on",
    "Friday",
    "please",
    "look",
    "at",
    "db.json",
    "PLT-3699",
    "after",
    "lunch",
    "maybe",
    "tomorrow",
    "nobody",
    "knows",
    "why",
    "it",
    "takes",
    "so",
    "long",
    "a",
    "cache",
    "somewhere",
    "and",
    "then",
    "restart",
];

/// Spells messages.
#[derive(Default)]
pub struct Words {
    texts: Vec<String>,
    payload: String,
    frame: Vec<u8>,
}

impl Words {
    /// Texts of so many bytes, the [`Stamp`] included; always the same ones.
    pub fn new(bytes: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(bytes as u64);
        let texts = (0..TEXTS).map(|_| text(&mut random, bytes.saturating_sub(Stamp::LENGTH)));
        Self { texts: texts.collect(), ..Self::default() }
    }

    /// The frame that sends the next text.
    pub fn frame(&mut self, room: RoomId, stamp: Stamp) -> &[u8] {
        use std::fmt::Write;
        self.payload.clear();
        let name = Uuid::now_v7();
        let _ = write!(
            self.payload,
            r#"{{"type":"send","room":{room},"client_id":"{name}","content":""#
        );
        stamp.put(&mut self.payload);
        let text = &self.texts[stamp.nth % self.texts.len()];
        self.payload.push_str(text);
        self.payload.push_str(r#""}"#);
        self.frame.clear();
        wire::put(&mut self.frame, TEXT, self.payload.as_bytes(), true);
        &self.frame
    }
}

/// So many bytes, none of them a blank at the end (which would be trimmed).
fn text(random: &mut fastrand::Rng, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        text.push_str(WORDS[random.usize(..WORDS.len())]);
        text.push(' ');
    }
    text.truncate(bytes);
    if text.ends_with(' ') {
        text.replace_range(bytes - 1.., ".");
    }
    text
}

#[cfg(test)]
mod tests {
    use shared::{live::ClientFrame, rules};

    use super::*;

    #[test]
    fn texts_are_as_long_as_asked_and_nothing_of_them_is_trimmed() {
        for bytes in [32, 150, 1_000] {
            let mut words = Words::new(bytes);
            for nth in 0..TEXTS {
                let frame = words.frame(RoomId(7), Stamp { at_us: 12, nth }).to_vec();
                let (frame, _) = wire::frame(&frame).unwrap().unwrap();
                let ClientFrame::Send { room: RoomId(7), content, .. } =
                    serde_json::from_slice(frame.payload).unwrap()
                else {
                    panic!("that is not said in room 7")
                };
                assert_eq!(content.len(), bytes);
                assert_eq!(rules::validate_content(&content).unwrap(), content);
            }
        }
    }
}
