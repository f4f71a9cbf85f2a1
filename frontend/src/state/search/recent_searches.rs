//! The most recent searches, stored as text with one search per line, newest first.

const MAX_SEARCHES: usize = 10;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentSearches(Vec<String>);

impl RecentSearches {
    /// Parses the output of [`RecentSearches::to_text`].
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty());
        Self(lines.take(MAX_SEARCHES).map(str::to_owned).collect())
    }

    /// The stored form: one search per line.
    pub fn to_text(&self) -> String {
        self.0.join("\n")
    }

    /// The searches, newest first.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Puts a search at the front; a repeated one moves there.
    pub fn add(&mut self, q: &str) {
        // White space between search terms has no meaning, and a line break would end the entry.
        let q = q.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ");
        self.remove(&q);
        if !q.is_empty() {
            self.0.insert(0, q);
            self.0.truncate(MAX_SEARCHES);
        }
    }

    pub fn remove(&mut self, q: &str) {
        self.0.retain(|stored| stored != q);
    }
}

#[cfg(test)]
mod tests {
    use super::RecentSearches;

    fn recent(searches: &[&str]) -> RecentSearches {
        let mut recent = RecentSearches::default();
        searches.iter().rev().for_each(|q| recent.add(q));
        recent
    }

    #[test]
    fn the_newest_is_first_and_there_are_no_duplicates() {
        let mut searches = recent(&["b", "a"]);
        searches.add("a");
        assert_eq!(searches.as_slice(), ["a", "b"]);
        searches.remove("a");
        assert_eq!(searches.as_slice(), ["b"]);
    }

    #[test]
    fn at_most_ten_are_stored() {
        let searches: Vec<_> = (0..12).map(|n| n.to_string()).collect();
        let stored = recent(&searches.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(stored.as_slice(), &searches[..10]);
        assert_eq!(RecentSearches::parse(&searches.join("\n")), stored);
    }

    #[test]
    fn the_stored_text_parses_to_the_same_searches() {
        let stored = recent(&["in:\"a  b\"\nfrom:me ", " ", "ü"]);
        assert_eq!(stored.as_slice(), ["in:\"a  b\" from:me", "ü"]);
        assert_eq!(RecentSearches::parse(&stored.to_text()), stored);
        assert_eq!(RecentSearches::parse(""), RecentSearches::default());
    }
}
