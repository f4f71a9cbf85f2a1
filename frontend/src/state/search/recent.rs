//! The last searches, as they are kept in a browser: a line each, newest first.

/// So many are kept.
const MOST: usize = 10;

/// The last searches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent(Vec<String>);

impl Recent {
    /// Reads what [`Recent::text`] wrote.
    pub fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty());
        Self(lines.take(MOST).map(str::to_owned).collect())
    }

    /// The lines.
    pub fn text(&self) -> String {
        self.0.join("\n")
    }

    /// Newest first.
    pub fn all(&self) -> &[String] {
        &self.0
    }

    /// One was made: it is the newest, and is there once.
    pub fn add(&mut self, q: &str) {
        // Between the parts of a search any blank is as good as another.
        let q = q.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ");
        self.remove(&q);
        if !q.is_empty() {
            self.0.insert(0, q);
            self.0.truncate(MOST);
        }
    }

    /// One is to be forgotten.
    pub fn remove(&mut self, q: &str) {
        self.0.retain(|kept| kept != q);
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    fn recent(searches: &[&str]) -> Recent {
        let mut recent = Recent::default();
        searches.iter().rev().for_each(|q| recent.add(q));
        recent
    }

    #[test]
    fn the_newest_is_first_and_each_is_there_once() {
        let mut searches = recent(&["b", "a"]);
        searches.add("a");
        assert_eq!(searches.all(), ["a", "b"]);
        searches.remove("a");
        assert_eq!(searches.all(), ["b"]);
    }

    #[test]
    fn ten_are_kept() {
        let searches: Vec<_> = (0..12).map(|n| n.to_string()).collect();
        let kept = recent(&searches.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(kept.all(), &searches[..10]);
        assert_eq!(Recent::read(&searches.join("\n")), kept);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let kept = recent(&["in:\"a  b\"\nfrom:me ", " ", "ü"]);
        assert_eq!(kept.all(), ["in:\"a  b\" from:me", "ü"]);
        assert_eq!(Recent::read(&kept.text()), kept);
        assert_eq!(Recent::read(""), Recent::default());
    }
}
