//! Replaces names that the classic chat allowed and Hallway rejects by similar valid ones.

use std::collections::{HashMap, HashSet};

use shared::{problem::FieldError, rules, unicode};

/// The rules for one kind of name.
pub struct NameKind {
    /// The kind's name in notes. With the id it replaces an empty name.
    pub noun: &'static str,
    /// Normalizes a name or rejects it.
    pub validate: fn(&str) -> Result<String, FieldError>,
    pub max_chars: usize,
}

pub const USERNAMES: NameKind = NameKind {
    noun: "user",
    validate: rules::validate_username,
    max_chars: rules::USERNAME_MAX_CHARS,
};

pub const ROOM_NAMES: NameKind = NameKind {
    noun: "room",
    validate: rules::validate_room_name,
    max_chars: rules::ROOM_NAME_MAX_CHARS,
};

pub const TOPICS: NameKind =
    NameKind { noun: "topic", validate: rules::validate_topic, max_chars: rules::TOPIC_MAX_CHARS };

/// Assigns a unique valid name to each id. A valid name stays if it is the first of several equal ones;
/// a replacement never equals a name that stays. A name that has to be trimmed or composed comes after
/// the names that stay, so that ` ada` does not take the name of `ada`. Adds a note for each replacement.
pub fn assign_names(
    kind: &NameKind,
    originals: &[(i64, &str)],
    notes: &mut Vec<String>,
) -> HashMap<i64, String> {
    let mut taken = HashSet::new();
    let mut assigned = HashMap::new();
    for stays in [true, false] {
        for (id, text) in originals {
            if let Ok(name) = (kind.validate)(text)
                && (name == *text) == stays
                && taken.insert(rules::name_key(&name))
            {
                if !stays {
                    notes.push(format!("{} {id}: {text:?} is now {name:?}", kind.noun));
                }
                assigned.insert(*id, name);
            }
        }
    }
    for (id, text) in originals {
        if assigned.contains_key(id) {
            continue;
        }
        let base = sanitize(kind, text, *id);
        let with_suffix = |suffix: &str| {
            format!("{}{suffix}", truncate(&base, kind.max_chars - suffix.chars().count()))
        };
        let numbered = (2..).map(|number| format!("-{id}-{number}"));
        let mut suffixes = [String::new(), format!("-{id}")].into_iter().chain(numbered);
        let free = suffixes.find_map(|suffix| {
            Some(with_suffix(&suffix)).filter(|name| taken.insert(rules::name_key(name)))
        });
        let name = free.unwrap_or_default();
        let reason = (kind.validate)(text).err().map_or("is taken".into(), |error| error.message);
        notes.push(format!("{} {id}: {text:?} is now {name:?} (the name {reason})", kind.noun));
        assigned.insert(*id, name);
    }
    assigned
}

/// Replaces each invalid character by `_` and several blanks by one, cuts the text to the maximum
/// length, and replaces an empty text by the kind and the id.
pub fn sanitize(kind: &NameKind, text: &str, id: i64) -> String {
    let is_valid = |c: char| (kind.validate)(&format!("a{c}a")).is_ok();
    let text = unicode::without_presentation_selectors(&unicode::nfc(text));
    let text: String = text.chars().map(|c| if is_valid(c) { c } else { '_' }).collect();
    let mut text = text.trim().to_owned();
    while text.contains("  ") {
        text = text.replace("  ", " ");
    }
    if text.starts_with(unicode::is_mark) {
        text.insert(0, '_');
    }
    let text = truncate(&text, kind.max_chars).trim_end();
    if text.is_empty() { format!("{}-{id}", kind.noun) } else { text.to_owned() }
}

fn truncate(text: &str, max_chars: usize) -> &str {
    text.char_indices().nth(max_chars).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(originals: &[&str]) -> (Vec<String>, Vec<String>) {
        let originals: Vec<_> = (1..).zip(originals.iter().copied()).collect();
        let mut notes = Vec::new();
        let mut assigned = assign_names(&USERNAMES, &originals, &mut notes);
        (originals.iter().map(|(id, _)| assigned.remove(id).unwrap()).collect(), notes)
    }

    #[test]
    fn valid_names_stay_and_duplicates_change() {
        let (names, notes) = assigned(&["Ada", "bob", "ADA", "ada", "ADA-3", "A\u{30a}da"]);
        assert_eq!(names, ["Ada", "bob", "ADA-3-2", "ada-4", "ADA-3", "Åda"]);
        assert_eq!(notes.len(), 3);
        assert_eq!(notes[0], "user 6: \"A\\u{30a}da\" is now \"Åda\"");
        assert_eq!(notes[1], "user 3: \"ADA\" is now \"ADA-3-2\" (the name is taken)");
    }

    #[test]
    fn a_trimmed_name_takes_nobody_elses() {
        let (names, notes) = assigned(&[" ada", "\tBob ", "ada", "e\u{301}va", "Éva"]);
        assert_eq!(names, ["ada-1", "Bob", "ada", "éva-4", "Éva"]);
        assert_eq!(notes.len(), 3);
        assert_eq!(notes[0], "user 2: \"\\tBob \" is now \"Bob\"");
        assert_eq!(notes[1], "user 1: \" ada\" is now \"ada-1\" (the name is taken)");
    }

    #[test]
    fn invalid_names_become_valid() {
        let long = "x".repeat(160);
        let (names, notes) = assigned(&[
            "a\u{200b}b",
            "",
            " \t ",
            &long,
            &long,
            "a_b",
            "a:b",
            "a  \u{2800} b",
            " \u{301}c",
        ]);
        assert_eq!(names[..3], ["a_b-1", "user-2", "_"]);
        assert_eq!(names[3], "x".repeat(150));
        assert_eq!(names[4], format!("{}-5", "x".repeat(148)));
        assert_eq!(names[5..], ["a_b", "a_b-7", "a _ b", "_\u{301}c"]);
        assert!(names.iter().all(|name| rules::validate_username(name).as_ref() == Ok(name)));
        assert!(notes[0].contains("must not contain control or invisible characters (U+200B)"));
        assert!(notes[3].contains(&long), "the note has the whole name");
    }
}
