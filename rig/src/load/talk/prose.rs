//! A long history as people leave it behind: few words said often and many hardly ever (Zipf's
//! law), identifiers, addresses, code, a little of other scripts. Message `nth` is always the same.

use fastrand::Rng;

/// Different words.
const VOCABULARY: usize = 30_000;

const SYLLABLES: &[&str] = &[
    "ka", "lo", "mi", "ter", "an", "de", "pro", "ing", "er", "con", "st", "ra", "ni", "tu", "ve",
    "sa", "bo", "ch", "ex", "ly", "or", "ment", "fi", "gra", "hu", "wen", "pol", "ris",
];

/// What chats are full of, most often first.
const OFTEN: &[&str] = &[
    "the", "to", "and", "a", "is", "it", "in", "of", "that", "for", "we", "on", "you", "this",
    "with", "not", "but", "have", "be", "can", "just", "so", "server", "deploy", "again", "what",
    "if", "now", "thanks", "works", "build", "error", "test", "please", "yes", "no", "host", "log",
    "restart", "branch", "why", "when", "after", "merge", "cache", "today", "release", "fixed",
];

/// Spells messages.
pub struct Prose {
    vocabulary: Vec<String>,
    /// The share of the words up to each, all together 1.
    shares: Vec<f64>,
}

impl Prose {
    /// Always the same words.
    pub fn new() -> Self {
        let mut random = Rng::with_seed(7);
        let mut vocabulary: Vec<String> = OFTEN.iter().map(|word| (*word).to_owned()).collect();
        let mut known: std::collections::HashSet<String> = vocabulary.iter().cloned().collect();
        while vocabulary.len() < VOCABULARY {
            let length = 2 + vocabulary.len() / 8_000 + random.usize(..3);
            let word: String =
                (0..length).map(|_| SYLLABLES[random.usize(..SYLLABLES.len())]).collect();
            if known.insert(word.clone()) {
                vocabulary.push(word);
            }
        }
        let weights = (0..VOCABULARY).map(|rank| 1.0 / (rank as f64 + 2.7));
        let mut shares: Vec<f64> = weights
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        let all = shares.last().copied().unwrap_or(1.0);
        shares.iter_mut().for_each(|share| *share /= all);
        Self { vocabulary, shares }
    }

    /// The word that is said so often: 0 is the most common one.
    pub fn word(&self, rank: usize) -> &str {
        &self.vocabulary[rank.min(VOCABULARY - 1)]
    }

    /// What was said.
    pub fn text(&self, nth: usize) -> String {
        use std::fmt::Write;
        let mut random = Rng::with_seed(nth as u64);
        let mut text = String::new();
        let length = 3 + random.usize(..12) + random.usize(..12) + random.usize(..12);
        for _ in 0..length {
            if !text.is_empty() {
                text.push(' ');
            }
            let _ = match random.u32(..400) {
                0 => write!(text, "PLT-{}", random.u32(1_000..100_000)),
                1 => write!(text, "https://example.org/{}/{}", self.any(&mut random), nth),
                2 => write!(text, "`{}_{}`", self.any(&mut random), self.any(&mut random)),
                3 => write!(text, "10.4.{}.{}", random.u8(..), random.u8(..)),
                4 => write!(text, "機能{}病院", random.u8(..)),
                5 => write!(text, "{}.json", self.any(&mut random)),
                6 => write!(text, "👍"),
                _ => write!(text, "{}", self.any(&mut random)),
            };
        }
        text
    }

    fn any(&self, random: &mut Rng) -> &str {
        let at = random.f64();
        self.word(self.shares.partition_point(|share| *share < at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_common_and_rare_ones_are_rare() {
        let prose = Prose::new();
        let texts: Vec<String> = (0..5_000).map(|nth| prose.text(nth)).collect();
        let with = |word: &str| {
            texts.iter().filter(|text| text.split(' ').any(|other| other == word)).count()
        };
        assert!((2_000..4_000).contains(&with("the")), "{}", with("the"));
        assert!((200..1_500).contains(&with("deploy")), "{}", with("deploy"));
        assert!(with(prose.word(20_000)) < 20);
        let length = texts.iter().map(String::len).sum::<usize>() / texts.len();
        assert!((90..220).contains(&length), "{length}");
        assert_eq!(prose.text(4_711), Prose::new().text(4_711));
    }
}
