//! Commands typed into the composer: a word after a slash at the beginning. A message that begins
//! with such a word is typed with two slashes.

use chrono::NaiveDate;
use shared::unicode::isolate;

use super::scroll::goto_command::{GotoTarget, parse_target};

/// The help that the composer shows while a command is typed.
pub const HELP: &str = "Commands: /goto 2026-03-01, /goto yesterday, /goto 1234 (a message \
    number), /dm @ada @bob, /help. To send a word with a slash in front, type two slashes: //help";

/// The meaning of the text of the composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Send this text.
    Message(String),
    /// Jump.
    GoTo(GotoTarget),
    /// Open the direct room with the people who have these names.
    Direct(Vec<String>),
    /// Show [`HELP`].
    Help,
    /// Show an error: the command does not exist, or its target is invalid.
    Invalid(String),
}

/// Parses a text without whitespace at its ends.
pub fn parse(text: &str, today: NaiveDate) -> Input {
    let (word, target) = match split(text) {
        Some((1, word, rest)) => (word, rest),
        Some(_) => return Input::Message(text[1..].to_owned()),
        None => return Input::Message(text.to_owned()),
    };
    match &*word.to_ascii_lowercase() {
        "help" => Input::Help,
        "dm" => Input::Direct(parse_names(target)),
        "goto" => parse_target(target, today).map_or_else(Input::Invalid, Input::GoTo),
        _ => Input::Invalid(format!(
            "There's no command /{word}. To send this as it is, type //{word}.",
            word = isolate(word)
        )),
    }
}

/// The names in `@ada @bob`. A name may contain blanks if an `@` is before each; otherwise each word is a
/// name.
fn parse_names(text: &str) -> Vec<String> {
    let words = || {
        let words = text.split_whitespace().map(|word| word.trim_end_matches(','));
        words.filter(|word| !word.is_empty())
    };
    let has_marks = words().any(|word| word.starts_with('@'));
    let mut names = Vec::<String>::new();
    for word in words() {
        match (word.strip_prefix('@'), names.last_mut()) {
            (None, Some(name)) if has_marks => *name = format!("{name} {word}"),
            (name, _) => names.push(name.unwrap_or(word).to_owned()),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Whether a text in the composer is or may become a command.
pub fn is_command(text: &str) -> bool {
    text.trim() == "/" || matches!(split(text.trim()), Some((1, ..)))
}

/// The text to type for a message with this text.
pub fn escape(message: &str) -> String {
    format!("{}{message}", if split(message).is_some() { "/" } else { "" })
}

/// The number of slashes at the beginning, the word after them, and the rest. `None` if there is no
/// slash or no word: a path (`/etc/hosts`) is no command.
fn split(text: &str) -> Option<(usize, &str, &str)> {
    let after = text.trim_start_matches('/');
    let slashes = text.len() - after.len();
    let (word, rest) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_command = slashes > 0 && !word.is_empty() && word.chars().all(is_word);
    is_command.then(|| (slashes, word, rest.trim()))
}

#[cfg(test)]
mod tests {
    use shared::ids::Seq;

    use super::*;

    fn parse(text: &str) -> Input {
        super::parse(text, NaiveDate::from_ymd_opt(2026, 3, 1).unwrap())
    }

    #[test]
    fn known_commands_are_carried_out() {
        assert_eq!(parse("/help"), Input::Help);
        assert_eq!(parse("/HELP me"), Input::Help);
        assert_eq!(parse("/goto 7"), Input::GoTo(GotoTarget::Message(Seq(7))));
        assert!(matches!(parse("/goto moon"), Input::Invalid(error) if error.contains("“moon”")));
    }

    #[test]
    fn names_of_people_may_have_blanks() {
        let names = |text: &str| match parse(text) {
            Input::Direct(names) => names,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(names("/dm @ada"), ["ada"]);
        assert_eq!(names("/dm @ada lovelace, @bob"), ["ada lovelace", "bob"]);
        assert_eq!(names("/dm ada bob"), ["ada", "bob"]);
        assert_eq!(names("/dm @a@b"), ["a@b"]);
        assert_eq!(names("/dm"), [""; 0]);
        assert_eq!(names("/dm @ ,"), [""; 0]);
    }

    #[test]
    fn unknown_commands_are_not_sent() {
        for text in ["/gotowest", "/shrug", "/go 7", "/me waves", "/nick\nada", "/überall"] {
            let Input::Invalid(error) = parse(text) else { panic!("{text} is a message") };
            let word = text.split_whitespace().next().unwrap();
            assert!(error.contains(word) && error.contains(&format!("/{word}")), "{error}");
        }
    }

    #[test]
    fn other_texts_are_messages() {
        for text in ["", "/", "//", "/ 7", "go to 7", "see /help", "/etc/hosts", "// note: x", "/?"]
        {
            assert_eq!(parse(text), Input::Message(text.into()), "{text}");
        }
    }

    #[test]
    fn two_slashes_say_one() {
        for (typed, sent) in [("//help", "/help"), ("//shrug x", "/shrug x"), ("///help", "//help")]
        {
            assert_eq!(parse(typed), Input::Message(sent.into()));
        }
        for message in ["/help", "//help", "/etc/hosts", "// note", "hello", "/"] {
            assert_eq!(parse(&escape(message)), Input::Message(message.into()));
        }
    }

    #[test]
    fn the_help_is_shown_while_a_command_is_typed() {
        assert!(["/", "/h", " /goto ", "/foo"].into_iter().all(is_command));
        assert!(!["", "//help", "a /b", "/etc/hosts", "/ b"].into_iter().any(is_command));
    }
}
