//! The list of emoji: its groups, the emoji that a text finds, and skin tones.

use shared::messages::Emoji;

/// The names of the skin tones. The first one is that of an emoji as the list has it.
pub const SKIN_TONES: [&str; 6] =
    ["Default", "Light", "Medium-light", "Medium", "Medium-dark", "Dark"];

/// An emoji in a skin tone, by its index in [`SKIN_TONES`]; as it is if it has no tones.
pub fn in_skin_tone(emoji: &Emoji, tone: usize) -> &str {
    let toned = tone.checked_sub(1).and_then(|index| emoji.skin_tones.get(index));
    toned.unwrap_or(&emoji.emoji)
}

/// The emoji of the list that this is, in any skin tone.
pub fn find_emoji<'a>(list: &'a [Emoji], emoji: &str) -> Option<&'a Emoji> {
    list.iter().find(|of| of.emoji == emoji || of.skin_tones.iter().any(|toned| toned == emoji))
}

/// The groups with their names, in the order of the list.
pub fn group_emojis(list: &[Emoji]) -> impl Iterator<Item = (&str, &[Emoji])> {
    list.chunk_by(|a, b| a.group == b.group).map(|group| (&*group[0].group, group))
}

/// The emoji that a text finds: those that are called exactly so come first. Each of its words begins a word
/// of the name or of a shortcode. Nothing without a word.
pub fn search_emojis<'a>(list: &'a [Emoji], q: &str) -> Vec<&'a Emoji> {
    let q = normalize(q.trim().trim_matches(':'));
    if q.is_empty() {
        return Vec::new();
    }
    let found = list.iter().filter(|emoji| is_found(emoji, &q));
    let (mut exact, others): (Vec<_>, Vec<_>) =
        found.partition(|emoji| names(emoji).any(|name| normalize(name) == q));
    exact.extend(others);
    exact
}

/// Case does not matter, and the words of a shortcode are those of a name.
fn normalize(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

/// The emoji with exactly this shortcode, without colons.
pub fn find_by_shortcode<'a>(list: &'a [Emoji], shortcode: &str) -> Option<&'a Emoji> {
    list.iter().find(|emoji| emoji.shortcodes.iter().any(|code| code == shortcode))
}

fn names(emoji: &Emoji) -> impl Iterator<Item = &str> {
    [&emoji.name].into_iter().chain(&emoji.shortcodes).map(String::as_str)
}

fn is_found(emoji: &Emoji, q: &str) -> bool {
    let begins = |word: &str| {
        names(emoji).any(|name| words(&normalize(name)).any(|of| of.starts_with(word)))
    };
    let mut typed = words(q).peekable();
    typed.peek().is_some() && typed.all(begins)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emoji(emoji: &str, name: &str, group: &str, shortcodes: &[&str], tones: &[&str]) -> Emoji {
        let all = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let (emoji, name, group) = (emoji.into(), name.into(), group.into());
        Emoji { emoji, name, group, shortcodes: all(shortcodes), skin_tones: all(tones) }
    }

    fn list() -> Vec<Emoji> {
        let tones = ["👍🏻", "👍🏼", "👍🏽", "👍🏾", "👍🏿"];
        vec![
            emoji("😀", "grinning face", "Smileys", &["grinning"], &[]),
            emoji("😺", "grinning cat", "Smileys", &["smiley_cat"], &[]),
            emoji("👍", "thumbs up", "People", &["+1", "thumbsup"], &tones),
            emoji("👎", "thumbs down", "People", &["-1"], &[]),
            emoji("🥇", "1st place medal", "Activities", &["1st_place_medal"], &[]),
            emoji("🐱", "cat face", "Animals", &["cat"], &[]),
            emoji("🪅", "piñata", "Activities", &["pinata"], &[]),
        ]
    }

    fn found(q: &str) -> String {
        search_emojis(&list(), q).iter().map(|emoji| &*emoji.emoji).collect()
    }

    #[test]
    fn words_of_names_and_shortcodes_are_found_by_their_begin() {
        for (q, expected) in [
            ("grin", "😀😺"),
            ("CAT gri", "😺"),
            ("smiley cat", "😺"),
            (":smiley_c", "😺"),
            ("umbs", ""),
            ("thumbsup", "👍"),
            ("Piñ", "🪅"),
            ("zebra", ""),
        ] {
            assert_eq!(found(q), expected, "{q}");
        }
    }

    #[test]
    fn signs_separate_words_and_count_in_an_exact_name() {
        assert_eq!(found("+1"), "👍👎🥇");
        assert_eq!(found("-1"), "👎👍🥇");
        for nothing in ["", "  ", ":", "?", "🐱"] {
            assert_eq!(found(nothing), "", "{nothing}");
        }
    }

    #[test]
    fn an_exact_name_comes_first() {
        assert_eq!(found("cat"), "🐱😺");
        assert_eq!(found(":cat:"), "🐱😺");
    }

    #[test]
    fn groups_keep_the_order_of_the_list() {
        let list = list();
        let groups: Vec<_> = group_emojis(&list).map(|(name, of)| (name, of.len())).collect();
        let expected =
            [("Smileys", 2), ("People", 2), ("Activities", 1), ("Animals", 1), ("Activities", 1)];
        assert_eq!(groups, expected);
    }

    #[test]
    fn a_skin_tone_changes_only_emoji_that_have_it() {
        let list = list();
        let thumb = find_emoji(&list, "👍🏽").unwrap();
        let toned: Vec<_> = [0, 1, 5, 9].map(|tone| in_skin_tone(thumb, tone)).into();
        assert_eq!(toned, ["👍", "👍🏻", "👍🏿", "👍"]);
        assert_eq!(in_skin_tone(&list[0], 3), "😀");
        assert!(find_emoji(&list, "x").is_none());
    }
}
