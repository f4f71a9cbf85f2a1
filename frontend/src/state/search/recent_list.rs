//! The most recent searches, rooms or emoji, stored as text with one per line, newest first.

use shared::ids::RoomId;

const MAX_ENTRIES: usize = 10;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentList(Vec<String>);

impl RecentList {
    /// Parses the output of [`RecentList::to_text`].
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty());
        Self(lines.take(MAX_ENTRIES).map(str::to_owned).collect())
    }

    /// The stored form: one entry per line.
    pub fn to_text(&self) -> String {
        self.0.join("\n")
    }

    /// Removes the entries of a room: its id, and the searches that name it by its id or its name. `name`
    /// is empty if it is not known.
    pub fn remove_room(&mut self, room: RoomId, name: &str) {
        let (id, by_id, name) = (room.to_string(), format!("in:#{room}"), name.to_lowercase());
        let by_name = [format!("in:{name}"), format!("in:\"{name}\"")];
        self.0.retain(|entry| {
            let mut words = entry.split_whitespace();
            let entry_key = entry.to_lowercase();
            let has_name = !name.is_empty() && by_name.iter().any(|name| entry_key.contains(name));
            *entry != id && !words.any(|word| word.trim_start_matches('-') == by_id) && !has_name
        });
    }

    /// The entries, newest first.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Puts an entry at the front; a repeated one moves there.
    pub fn add(&mut self, q: &str) {
        // White space between search terms has no meaning, and a line break would end the entry.
        let q = q.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ");
        self.remove(&q);
        if !q.is_empty() {
            self.0.insert(0, q);
            self.0.truncate(MAX_ENTRIES);
        }
    }

    pub fn remove(&mut self, q: &str) {
        self.0.retain(|stored| stored != q);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(searches: &[&str]) -> RecentList {
        let mut recent = RecentList::default();
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
        assert_eq!(RecentList::parse(&searches.join("\n")), stored);
    }

    #[test]
    fn the_stored_text_parses_to_the_same_searches() {
        let stored = recent(&["in:\"a  b\"\nfrom:me ", " ", "ü"]);
        assert_eq!(stored.as_slice(), ["in:\"a  b\" from:me", "ü"]);
        assert_eq!(RecentList::parse(&stored.to_text()), stored);
        assert_eq!(RecentList::parse(""), RecentList::default());
    }

    #[test]
    fn the_entries_of_a_room_are_removed() {
        let kept = ["77", "in:#77 disk", "attic", "in:cellar"];
        let mut stored = recent(&kept);
        for entry in ["7", "disk -in:#7", "in:\"the attic\" disk", "IN:\"The Attic\""] {
            stored.add(entry);
        }
        stored.remove_room(RoomId(7), "The attic");
        assert_eq!(stored.as_slice(), kept);
        stored.add("7");
        stored.remove_room(RoomId(7), "");
        assert_eq!(stored.as_slice(), kept);
    }
}
