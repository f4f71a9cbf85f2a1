//! How far a text is from the maximum length of a message, in characters. The limit is in bytes, which
//! people do not count.

use shared::rules::CONTENT_MAX_BYTES;

/// The length in bytes from which on the composer shows the limit.
const SHOW_FROM: usize = CONTENT_MAX_BYTES / 10 * 9;

/// "120 characters left" or "3 characters too long", once a trimmed text is close to the limit.
pub fn describe(text: &str) -> Option<String> {
    if text.len() < SHOW_FROM {
        return None;
    }
    let excess = describe_excess(text);
    excess.or_else(|| {
        let (bytes, chars) = (text.len(), text.chars().count());
        // The characters of the next words will have about as many bytes as those before.
        let left = (CONTENT_MAX_BYTES - bytes) * chars / bytes;
        let about = if left == 0 || bytes == chars { "" } else { "About " };
        Some(format!("{about}{} left", count(left)))
    })
}

/// "3 characters too long": this many must go from the end of a trimmed text.
pub fn describe_excess(text: &str) -> Option<String> {
    let fitting = text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= CONTENT_MAX_BYTES);
    let excess = text.chars().count() - fitting.count();
    (excess > 0).then(|| format!("{} too long", count(excess)))
}

fn count(chars: usize) -> String {
    format!("{chars} character{}", if chars == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_shows_when_it_is_close() {
        assert_eq!(describe(""), None);
        assert_eq!(describe(&"x".repeat(SHOW_FROM - 1)), None);
        let left = |chars| describe(&"x".repeat(CONTENT_MAX_BYTES - chars)).unwrap();
        assert_eq!(left(120), "120 characters left");
        assert_eq!(left(1), "1 character left");
        assert_eq!(left(0), "0 characters left");
    }

    #[test]
    fn lengths_are_in_characters_of_any_size() {
        let keys = |chars| "🔑".repeat(chars);
        let most = CONTENT_MAX_BYTES / 4;
        assert_eq!(describe(&keys(most - 100)).unwrap(), "About 100 characters left");
        assert_eq!(describe(&keys(most)).unwrap(), "0 characters left");
        assert_eq!(describe(&keys(most + 1)).unwrap(), "1 character too long");
        assert_eq!(describe(&keys(most + 30)).unwrap(), "30 characters too long");
        assert_eq!(describe_excess(&keys(most)), None);
        // Half of the first character too many would fit.
        assert_eq!(describe_excess(&format!("xx{}", keys(most))).unwrap(), "1 character too long");
        assert_eq!(describe(&"x".repeat(CONTENT_MAX_BYTES + 2)).unwrap(), "2 characters too long");
    }
}
