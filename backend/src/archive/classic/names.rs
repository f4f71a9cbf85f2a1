//! Names that the classic chat took and Hallway does not: each gets one that is as near as can be.

use std::collections::{HashMap, HashSet};

use shared::{problem::FieldError, rules};
use unicode_normalization::UnicodeNormalization;

/// What names of a kind must be.
pub struct Kind {
    /// As a note says it; also the name of what has none, with its number.
    pub name: &'static str,
    /// As it is kept, or what is wrong with it.
    pub rule: fn(&str) -> Result<String, FieldError>,
    /// The greatest length, in characters.
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

/// A name each, by number. Whoever has a good one keeps it, and of several with the same one the
/// first; nobody loses it to one that had to be changed. What was changed is noted.
pub fn settle(kind: &Kind, given: &[(i64, &str)], notes: &mut Vec<String>) -> HashMap<i64, String> {
    let mut taken = HashSet::new();
    let mut settled = HashMap::new();
    for (id, text) in given {
        if let Ok(name) = (kind.rule)(text)
            && taken.insert(rules::name_key(&name))
        {
            settled.insert(*id, name);
        }
    }
    for (id, text) in given {
        if settled.contains_key(id) {
            continue;
        }
        let base = mend(kind, text, *id);
        let with = |end: &str| format!("{}{end}", first(&base, kind.max - end.chars().count()));
        let ends = (2..).map(|nth| format!("-{id}-{nth}"));
        let mut ends = [String::new(), format!("-{id}")].into_iter().chain(ends);
        let free =
            ends.find_map(|end| Some(with(&end)).filter(|n| taken.insert(rules::name_key(n))));
        let name = free.unwrap_or_default();
        let why = (kind.rule)(text).err().map_or("is another's".into(), |error| error.message);
        notes.push(format!("{} {id}: {text:?} is now {name:?} (the name {why})", kind.name));
        settled.insert(*id, name);
    }
    settled
}

/// A text that the rule takes: with `_` for each character that it does not take.
pub fn mend(kind: &Kind, text: &str, id: i64) -> String {
    let is_good = |c: char| (kind.rule)(&format!("a{c}a")).is_ok();
    let text: String = text.nfc().map(|c| if is_good(c) { c } else { '_' }).collect();
    let text = first(text.trim(), kind.max).trim_end();
    if text.is_empty() { format!("{}-{id}", kind.name) } else { text.to_owned() }
}

fn first(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(given: &[&str]) -> (Vec<String>, Vec<String>) {
        let given: Vec<_> = (1..).zip(given.iter().copied()).collect();
        let mut notes = Vec::new();
        let mut settled = settle(&USERNAMES, &given, &mut notes);
        (given.iter().map(|(id, _)| settled.remove(id).unwrap()).collect(), notes)
    }

    #[test]
    fn good_names_stay_and_of_two_the_first_keeps_it() {
        let (names, notes) = settled(&["Ada", "bob", "ADA", "ada", "ADA-3", "A\u{30a}da"]);
        assert_eq!(names, ["Ada", "bob", "ADA-3-2", "ada-4", "ADA-3", "Åda"]);
        assert_eq!(notes.len(), 2);
        assert_eq!(notes[0], "user 3: \"ADA\" is now \"ADA-3-2\" (the name is another's)");
    }

    #[test]
    fn what_cannot_be_a_name_becomes_one() {
        let long = "x".repeat(160);
        let (names, notes) = settled(&["a\u{200b}b", "", " \t ", &long, &long, "a_b"]);
        assert_eq!(names[..3], ["a_b-1", "user-2", "_"]);
        assert_eq!(names[3], "x".repeat(150));
        assert_eq!(names[4], format!("{}-5", "x".repeat(148)));
        assert_eq!(names[5], "a_b");
        assert!(names.iter().all(|name| rules::validate_username(name).as_ref() == Ok(name)));
        assert!(notes[0].contains("must not hold control or invisible characters (U+200B)"));
        assert!(notes[3].contains(&long), "nothing of it is lost");
    }
}
