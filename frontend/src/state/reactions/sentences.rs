//! How a reaction is described. Part of the first load, so put together without `format!`.

use shared::{ids::UserId, unicode::isolate};

/// The maximum number of people that are named.
const NAMED_MAX: usize = 10;

/// The accessible name of the button of a reaction: "👍, 3 people, you too. Remove your reaction".
pub fn button_label(emoji: &str, count: usize, is_mine: bool, may_react: bool) -> String {
    let (people, too) = match (count, is_mine) {
        (1, true) => ("only you".into(), ""),
        (_, true) => (count_people(count, ""), ", you too"),
        (_, false) => (count_people(count, ""), ""),
    };
    let action = match (may_react, is_mine) {
        (false, _) => "",
        (true, true) => ". Remove your reaction",
        (true, false) => ". Add your reaction",
    };
    [emoji, ", ", &*people, too, action].concat()
}

/// Those who reacted: "You, ada and 2 other people". `name_of` finds the name of somebody, as far as the page
/// knows it.
pub fn name_people(
    users: &[UserId],
    me: UserId,
    name_of: &dyn Fn(UserId) -> Option<String>,
) -> String {
    let mut parts = Vec::new();
    if users.contains(&me) {
        parts.push("You".to_owned());
    }
    let others = users.iter().filter(|user| **user != me);
    parts.extend(
        others
            .filter_map(|user| name_of(*user))
            .take(NAMED_MAX - parts.len())
            .map(|name| isolate(&name).into_owned()),
    );
    let rest = users.len().saturating_sub(parts.len());
    match (parts.len(), rest) {
        (_, 0) => {}
        (0, _) => parts.push(count_people(rest, "")),
        (NAMED_MAX, _) => parts.push([&*rest.to_string(), " more"].concat()),
        _ => parts.push(count_people(rest, "other ")),
    }
    match parts.pop() {
        Some(last) if !parts.is_empty() => [&*parts.join(", "), " and ", &*last].concat(),
        last => last.unwrap_or_default(),
    }
}

/// "1 person", "2 other people"
fn count_people(count: usize, adjective: &str) -> String {
    let noun = if count == 1 { "person" } else { "people" };
    [&*count.to_string(), " ", adjective, noun].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: UserId = UserId(1);

    /// Everybody up to 99 has a name.
    fn names(users: &[i64]) -> String {
        let users: Vec<_> = users.iter().copied().map(UserId).collect();
        name_people(&users, ME, &|user| (user.0 < 100).then(|| format!("p{user}")))
    }

    #[test]
    fn the_label_says_who_reacted_and_what_a_click_does() {
        let label = |count, is_mine| button_label("👍", count, is_mine, true);
        assert_eq!(label(3, true), "👍, 3 people, you too. Remove your reaction");
        assert_eq!(label(1, true), "👍, only you. Remove your reaction");
        assert_eq!(label(1, false), "👍, 1 person. Add your reaction");
        assert_eq!(button_label("👍", 2, true, false), "👍, 2 people, you too");
    }

    #[test]
    fn i_am_named_first() {
        assert_eq!(names(&[1]), "You");
        assert_eq!(names(&[2, 1]), "You and p2");
        assert_eq!(names(&[3, 2, 1]), "You, p3 and p2");
        assert_eq!(names(&[3, 2]), "p3 and p2");
    }

    #[test]
    fn people_without_a_known_name_are_counted() {
        assert_eq!(names(&[100]), "1 person");
        assert_eq!(names(&[100, 101]), "2 people");
        assert_eq!(names(&[100, 1]), "You and 1 other person");
        assert_eq!(names(&[2, 100, 3, 101]), "p2, p3 and 2 other people");
    }

    #[test]
    fn at_most_ten_people_are_named() {
        let ten: Vec<_> = (2..12).collect();
        assert!(names(&ten).ends_with("p10 and p11"));
        let more: Vec<_> = (1..16).collect();
        assert_eq!(names(&more), "You, p2, p3, p4, p5, p6, p7, p8, p9, p10 and 5 more");
    }

    #[test]
    fn names_from_right_to_left_are_isolated() {
        let name = |_| Some("דנה".to_owned());
        assert_eq!(name_people(&[ME, UserId(2)], ME, &name), "You and \u{2068}דנה\u{2069}");
    }
}
