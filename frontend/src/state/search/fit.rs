//! How well a name fits what was typed.

use shared::rules;

/// From the best to the worst.
pub const FITS: [Fit; 3] = [Fit::Begins, Fit::WordBegins, Fit::Inside];

/// Where in a name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// At its beginning.
    Begins,
    /// At the beginning of a word.
    WordBegins,
    /// Anywhere else.
    Inside,
}

/// Where what was typed is in a name, if it is.
pub fn fit(name: &str, typed: &str) -> Option<Fit> {
    let (name, typed) = (rules::key(name), rules::key(typed.trim()));
    let at = name.find(&typed)?;
    let is_inside = |c: char| c.is_alphanumeric();
    let begins_word = name.match_indices(&typed).any(|(at, _)| !name[..at].ends_with(is_inside));
    Some(match (at, begins_word) {
        (0, _) => Fit::Begins,
        (_, true) => Fit::WordBegins,
        (_, false) => Fit::Inside,
    })
}

#[cfg(test)]
mod tests {
    use super::{Fit, fit};

    #[test]
    fn beginnings_fit_best() {
        assert_eq!(fit("Design reviews", "de"), Some(Fit::Begins));
        assert_eq!(fit("Design reviews", "REV "), Some(Fit::WordBegins));
        assert_eq!(fit("abacus-back", "back"), Some(Fit::WordBegins));
        assert_eq!(fit("abaca b", "b"), Some(Fit::WordBegins));
        assert_eq!(fit("Design", "sign"), Some(Fit::Inside));
        assert_eq!(fit("Design", "x"), None);
        assert_eq!(fit("Ünder", "ün"), Some(Fit::Begins));
        assert_eq!(fit("anything", ""), Some(Fit::Begins));
    }
}
