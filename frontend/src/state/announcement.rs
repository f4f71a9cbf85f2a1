//! Texts of live regions.

/// Returns a text that differs from `previous`, the text that the region shows. A screen reader
/// announces changes only, so a second text that is equal to the first gets an invisible space.
pub fn make_distinct(text: String, previous: &str) -> String {
    match text == previous {
        true => text + "\u{a0}",
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::make_distinct;

    #[test]
    fn equal_announcements_follow_each_other_in_two_forms() {
        let mut shown = String::new();
        let mut announced = Vec::new();
        for text in ["Ada: ok", "Ada: ok", "Ada: ok", "Bob: ok"] {
            shown = make_distinct(text.into(), &shown);
            announced.push(shown.clone());
        }
        assert_eq!(announced, ["Ada: ok", "Ada: ok\u{a0}", "Ada: ok", "Bob: ok"]);
    }
}
