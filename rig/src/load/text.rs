//! Deterministic texts like those of a chat, so that indexing them is realistic work.

use fastrand::Rng;
use shared::ids::RoomId;
use uuid::Uuid;

use super::client::wire::{self, Stamp, TEXT};

/// The number of different words.
const VOCABULARY_SIZE: usize = 30_000;
/// The number of different texts, which [`SendFrameEncoder`] repeats.
const TEXT_COUNT: usize = 256;

const SYLLABLES: &[&str] = &[
    "ka", "lo", "mi", "ter", "an", "de", "pro", "ing", "er", "con", "st", "ra", "ni", "tu", "ve",
    "sa", "bo", "ch", "ex", "ly", "or", "ment", "fi", "gra", "hu", "wen", "pol", "ris",
];

/// The most frequent words, in descending order of frequency.
const COMMON_WORDS: &[&str] = &[
    "the", "to", "and", "a", "is", "it", "in", "of", "that", "for", "we", "on", "you", "this",
    "with", "not", "but", "have", "be", "can", "just", "so", "server", "deploy", "again", "what",
    "if", "now", "thanks", "works", "build", "error", "test", "please", "yes", "no", "host", "log",
    "restart", "branch", "why", "when", "after", "merge", "cache", "today", "release", "fixed",
];

/// Generates texts with word frequencies by Zipf's law, and with identifiers, addresses, code and a
/// little text in other scripts.
pub struct Corpus {
    /// All words, in descending order of frequency.
    vocabulary: Vec<String>,
    /// For each word, the share (0 to 1) of this and all more frequent words.
    cumulative: Vec<f64>,
}

impl Corpus {
    pub fn new() -> Self {
        let mut rng = Rng::with_seed(7);
        let mut vocabulary: Vec<String> =
            COMMON_WORDS.iter().map(|word| (*word).to_owned()).collect();
        let mut seen: std::collections::HashSet<String> = vocabulary.iter().cloned().collect();
        while vocabulary.len() < VOCABULARY_SIZE {
            let length = 2 + vocabulary.len() / 8_000 + rng.usize(..3);
            let syllables = (0..length).map(|_| SYLLABLES[rng.usize(..SYLLABLES.len())]);
            let word: String = syllables.collect();
            if seen.insert(word.clone()) {
                vocabulary.push(word);
            }
        }
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (0..VOCABULARY_SIZE)
            .map(|rank| {
                sum += 1.0 / (rank as f64 + 2.7);
                sum
            })
            .collect();
        cumulative.iter_mut().for_each(|share| *share /= sum);
        Self { vocabulary, cumulative }
    }

    /// The word of this rank; 0 is the most frequent one.
    pub fn word(&self, rank: usize) -> &str {
        &self.vocabulary[rank.min(VOCABULARY_SIZE - 1)]
    }

    /// The text of the `nth` message.
    pub fn text(&self, nth: usize) -> String {
        let mut rng = Rng::with_seed(nth as u64);
        let length = 3 + rng.usize(..12) + rng.usize(..12) + rng.usize(..12);
        let tokens: Vec<String> = (0..length).map(|_| self.token(nth, &mut rng)).collect();
        tokens.join(" ")
    }

    fn token(&self, nth: usize, rng: &mut Rng) -> String {
        match rng.u32(..400) {
            0 => format!("PLT-{}", rng.u32(1_000..100_000)),
            1 => format!("https://example.org/{}/{nth}", self.random_word(rng)),
            2 => format!("`{}_{}`", self.random_word(rng), self.random_word(rng)),
            3 => format!("10.4.{}.{}", rng.u8(..), rng.u8(..)),
            4 => format!("機能{}病院", rng.u8(..)),
            5 => format!("{}.json", self.random_word(rng)),
            6 => "👍".to_owned(),
            _ => self.random_word(rng).to_owned(),
        }
    }

    fn random_word(&self, rng: &mut Rng) -> &str {
        let share = rng.f64();
        self.word(self.cumulative.partition_point(|cumulative| *cumulative < share))
    }
}

/// Encodes the frames that send messages.
#[derive(Default)]
pub struct SendFrameEncoder {
    texts: Vec<String>,
    payload: String,
    frame: Vec<u8>,
}

impl SendFrameEncoder {
    /// An encoder for texts of this many bytes, the [`Stamp`] included.
    pub fn new(bytes: usize) -> Self {
        let mut rng = Rng::with_seed(bytes as u64);
        let texts =
            (0..TEXT_COUNT).map(|_| fixed_length(&mut rng, bytes.saturating_sub(Stamp::LENGTH)));
        Self { texts: texts.collect(), ..Self::default() }
    }

    /// Encodes a frame that sends the next text to a room.
    pub fn encode(&mut self, room: RoomId, stamp: Stamp) -> &[u8] {
        use std::fmt::Write;
        self.payload.clear();
        let id = Uuid::now_v7();
        let _ =
            write!(self.payload, r#"{{"type":"send","room":{room},"client_id":"{id}","content":""#);
        stamp.write(&mut self.payload);
        self.payload.push_str(&self.texts[stamp.index % self.texts.len()]);
        self.payload.push_str(r#""}"#);
        self.frame.clear();
        wire::write_client_frame(&mut self.frame, TEXT, self.payload.as_bytes());
        &self.frame
    }
}

/// A string of this many bytes that does not end with a space, which the server would trim.
fn fixed_length(rng: &mut Rng, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        text.push_str(COMMON_WORDS[rng.usize(..COMMON_WORDS.len())]);
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
    fn common_words_are_frequent_and_rare_words_are_not() {
        let corpus = Corpus::new();
        let texts: Vec<String> = (0..5_000).map(|nth| corpus.text(nth)).collect();
        let count_with = |word: &str| {
            texts.iter().filter(|text| text.split(' ').any(|other| other == word)).count()
        };
        assert!((2_000..4_000).contains(&count_with("the")), "{}", count_with("the"));
        assert!((200..1_500).contains(&count_with("deploy")), "{}", count_with("deploy"));
        assert!(count_with(corpus.word(20_000)) < 20);
        let average_length = texts.iter().map(String::len).sum::<usize>() / texts.len();
        assert!((90..220).contains(&average_length), "{average_length}");
        assert_eq!(corpus.text(4_711), Corpus::new().text(4_711));
    }

    #[test]
    fn sent_texts_have_the_requested_length_and_are_not_trimmed() {
        for bytes in [32, 150, 1_000] {
            let mut frames = SendFrameEncoder::new(bytes);
            for index in 0..TEXT_COUNT {
                let stamp = Stamp { scheduled_us: 12, index };
                let frame = frames.encode(RoomId(7), stamp).to_vec();
                let (frame, _) = wire::parse_frame(&frame).unwrap().unwrap();
                let ClientFrame::Send { room: RoomId(7), content, .. } =
                    serde_json::from_slice(frame.payload).unwrap()
                else {
                    panic!("not a message for room 7")
                };
                assert_eq!(content.len(), bytes);
                assert_eq!(rules::validate_content(&content).unwrap(), content);
            }
        }
    }
}
