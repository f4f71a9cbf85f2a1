//! Ranks names by where they contain the typed text.

use shared::rules;

/// All ranks, best first.
pub const RANKS: [Rank; 3] = [Rank::Prefix, Rank::WordPrefix, Rank::Substring];

/// Where a name contains the typed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// At the start of the name.
    Prefix,
    /// At the start of a word.
    WordPrefix,
    /// Anywhere else.
    Substring,
}

/// The rank of a name for the typed text; `None` if the name does not contain it.
pub fn rank(name: &str, typed: &str) -> Option<Rank> {
    let (name, typed) = (rules::name_key(name), rules::name_key(typed.trim()));
    let at = name.find(&typed)?;
    let starts_word = name
        .match_indices(&typed)
        .any(|(at, _)| !name[..at].ends_with(|c: char| c.is_alphanumeric()));
    Some(match (at, starts_word) {
        (0, _) => Rank::Prefix,
        (_, true) => Rank::WordPrefix,
        (_, false) => Rank::Substring,
    })
}

#[cfg(test)]
mod tests {
    use super::{Rank, rank};

    #[test]
    fn prefixes_rank_best() {
        assert_eq!(rank("Design reviews", "de"), Some(Rank::Prefix));
        assert_eq!(rank("Design reviews", "REV "), Some(Rank::WordPrefix));
        assert_eq!(rank("abacus-back", "back"), Some(Rank::WordPrefix));
        assert_eq!(rank("abaca b", "b"), Some(Rank::WordPrefix));
        assert_eq!(rank("Design", "sign"), Some(Rank::Substring));
        assert_eq!(rank("Design", "x"), None);
        assert_eq!(rank("Ünder", "ün"), Some(Rank::Prefix));
        assert_eq!(rank("anything", ""), Some(Rank::Prefix));
    }
}
