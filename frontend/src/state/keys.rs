//! Keys of shortcuts, independent of the keyboard's layout and of Caps Lock.

/// The key that a shortcut names. A letter is in upper case exactly with Shift. A key that types a
/// letter of another script is the one that a Latin keyboard has at its place, which `code` names, so
/// that `g` works on a Cyrillic or Hebrew keyboard too. A Latin layout keeps its letters, also where
/// they are at other places (AZERTY, Dvorak). Other keys are as the browser names them.
pub fn shortcut_key(key: &str, code: &str, shift: bool) -> String {
    let is_foreign = key.starts_with(is_of_other_script);
    let letter = match code.strip_prefix("Key") {
        Some(letter) if is_foreign => letter,
        _ if key.len() == 1 => key,
        _ => "",
    };
    match (letter, shift) {
        ("", false) if is_foreign && code == "Slash" => "/".into(),
        ("", true) if is_foreign && code == "Slash" => "?".into(),
        ("", _) => key.into(),
        (letter, true) => letter.to_ascii_uppercase(),
        (letter, false) => letter.to_ascii_lowercase(),
    }
}

/// Whether a character is in a block of a script other than Latin. Symbols are not: Latin keyboards
/// type some with AltGr.
fn is_of_other_script(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{1dff}' | '\u{1f00}'..='\u{1fff}' | '\u{2c00}'..)
}

#[cfg(test)]
mod tests {
    use super::shortcut_key;

    #[test]
    fn letters_of_other_scripts_are_found_by_their_place() {
        for (key, code) in [
            ("п", "KeyG"),
            ("П", "KeyG"),
            ("ע", "KeyG"),
            ("γ", "KeyG"),
            ("ل", "KeyG"),
            ("เ", "KeyG"),
            ("ㅎ", "KeyG"),
            ("ｇ", "KeyG"),
        ] {
            assert_eq!(shortcut_key(key, code, false), "g", "{key}");
            assert_eq!(shortcut_key(key, code, true), "G", "{key}");
        }
        // One key that types two letters.
        assert_eq!(shortcut_key("لا", "KeyB", false), "b");
        assert_eq!(shortcut_key("ظ", "Slash", false), "/");
        assert_eq!(shortcut_key("؟", "Slash", true), "?");
        assert_eq!(shortcut_key("/", "KeyQ", false), "/");
        assert_eq!(shortcut_key("?", "Digit7", true), "?");
    }

    #[test]
    fn latin_layouts_keep_their_letters() {
        for (key, code) in [("k", "KeyV"), ("k", "KeyK"), ("k", ""), ("K", "KeyK")] {
            assert_eq!(shortcut_key(key, code, false), "k");
        }
        for key in ["é", "ü", "ß", "đ", "ŋ", "€", "”", "↓", ".", "1"] {
            assert_eq!(shortcut_key(key, "KeyG", false), key);
        }
        assert_eq!(shortcut_key("?", "Slash", true), "?");
    }

    #[test]
    fn caps_lock_makes_no_difference() {
        assert_eq!(shortcut_key("G", "KeyG", false), "g");
        assert_eq!(shortcut_key("g", "KeyG", true), "G");
    }

    #[test]
    fn other_keys_have_the_name_that_the_browser_gives() {
        for key in ["Escape", "ArrowUp", "Dead", "Process", "F1", " ", ""] {
            assert_eq!(shortcut_key(key, "Slash", true), key);
        }
    }
}
