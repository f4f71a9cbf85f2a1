//! The emoji that the picker offers first.

/// How many there are.
const COUNT: usize = 5;
/// The emoji that fill the row up, the most common first.
pub const DEFAULTS: [&str; COUNT] = ["👍", "❤️", "😂", "🎉", "👀"];

/// The emoji that were used last, newest first, filled up with others; each once.
pub fn quick_emojis(recent: &[String], others: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut quick: Vec<String> = Vec::new();
    for emoji in recent.iter().cloned().chain(others) {
        if quick.len() < COUNT && !quick.contains(&emoji) {
            quick.push(emoji);
        }
    }
    quick
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recent_emoji_are_filled_up_and_none_comes_twice() {
        let quick = |recent: &[&str]| {
            let recent: Vec<_> = recent.iter().map(ToString::to_string).collect();
            quick_emojis(&recent, DEFAULTS.map(str::to_owned)).concat()
        };
        assert_eq!(quick(&[]), "👍❤️😂🎉👀");
        assert_eq!(quick(&["🚀", "😂"]), "🚀😂👍❤️🎉");
        assert_eq!(quick(&["1", "2", "3", "4", "5", "6"]), "12345");
    }
}
