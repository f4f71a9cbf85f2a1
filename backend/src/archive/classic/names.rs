//! Replaces names that the classic chat allowed and Hallway does not by similar valid ones.

use std::collections::{HashMap, HashSet};

use shared::{problem::FieldError, rules};
use unicode_normalization::UnicodeNormalization;

/// The rules for one kind of name.
pub struct Kind {
    /// Used in notes, and with the id as the name of an object without one.
    pub name: &'static str,
    /// Normalizes a name or rejects it.
    pub rule: fn(&str) -> Result<String, FieldError>,
    /// In characters.
    pub max: usize,
}

pub const USERNAMES: Kind = Kind {
    name: "user",
    rule: |text| rules::validate_username(&text.nfc().collect::<String>()),
    max: rules::USERNAME_MAX_CHARS,
};

pub const ROOM_NAMES: Kind =
    Kind { name: "room", rule: rules::validate_room_name, max: rules::ROOM_NAME_MAX_CHARS };

pub const TOPICS: Kind =
    Kind { name: "topic", rule: rules::validate_topic, max: rules::TOPIC_MAX_CHARS };

/// Assigns a unique valid name to each id. Valid names stay; the first of several equal names stays;
/// a changed name never takes an original one. Adds a note per change.
pub fn assign_names(
    kind: &Kind,
    given: &[(i64, &str)],
    notes: &mut Vec<String>,
) -> HashMap<i64, String> {
    let mut taken = HashSet::new();
    let mut assigned = HashMap::new();
    for (id, text) in given {
        if let Ok(name) = (kind.rule)(text)
            && taken.insert(rules::name_key(&name))
        {
            assigned.insert(*id, name);
        }
    }
    for (id, text) in given {
        if assigned.contains_key(id) {
            continue;
        }
        let base = sanitize(kind, text, *id);
        let with_suffix =
            |end: &str| format!("{}{end}", truncate(&base, kind.max - end.chars().count()));
        let ends = (2..).map(|nth| format!("-{id}-{nth}"));
        let mut ends = [String::new(), format!("-{id}")].into_iter().chain(ends);
        let free = ends
            .find_map(|end| Some(with_suffix(&end)).filter(|n| taken.insert(rules::name_key(n))));
        let name = free.unwrap_or_default();
        let reason = (kind.rule)(text).err().map_or("is taken".into(), |error| error.message);
        notes.push(format!("{} {id}: {text:?} is now {name:?} (the name {reason})", kind.name));
        assigned.insert(*id, name);
    }
    assigned
}

/// Replaces each invalid character by `_`.
pub fn sanitize(kind: &Kind, text: &str, id: i64) -> String {
    let is_valid = |c: char| (kind.rule)(&format!("a{c}a")).is_ok();
    let text: String = text.nfc().map(|c| if is_valid(c) { c } else { '_' }).collect();
    let text = truncate(text.trim(), kind.max).trim_end();
    if text.is_empty() { format!("{}-{id}", kind.name) } else { text.to_owned() }
}

fn truncate(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(given: &[&str]) -> (Vec<String>, Vec<String>) {
        let given: Vec<_> = (1..).zip(given.iter().copied()).collect();
        let mut notes = Vec::new();
        let mut assigned = assign_names(&USERNAMES, &given, &mut notes);
        (given.iter().map(|(id, _)| assigned.remove(id).unwrap()).collect(), notes)
    }

    #[test]
    fn valid_names_stay_and_duplicates_change() {
        let (names, notes) = assigned(&["Ada", "bob", "ADA", "ada", "ADA-3", "A\u{30a}da"]);
        assert_eq!(names, ["Ada", "bob", "ADA-3-2", "ada-4", "ADA-3", "Åda"]);
        assert_eq!(notes.len(), 2);
        assert_eq!(notes[0], "user 3: \"ADA\" is now \"ADA-3-2\" (the name is taken)");
    }

    #[test]
    fn invalid_names_become_valid() {
        let long = "x".repeat(160);
        let (names, notes) = assigned(&["a\u{200b}b", "", " \t ", &long, &long, "a_b"]);
        assert_eq!(names[..3], ["a_b-1", "user-2", "_"]);
        assert_eq!(names[3], "x".repeat(150));
        assert_eq!(names[4], format!("{}-5", "x".repeat(148)));
        assert_eq!(names[5], "a_b");
        assert!(names.iter().all(|name| rules::validate_username(name).as_ref() == Ok(name)));
        assert!(notes[0].contains("must not contain control or invisible characters (U+200B)"));
        assert!(notes[3].contains(&long), "the note has the whole name");
    }
}
