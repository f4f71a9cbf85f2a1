//! A person's initials on a colour of their own.

use leptos::prelude::*;

/// How many colours the style sheet has.
const COLOURS: u32 = 8;

/// Decoration only: the name stands beside it.
#[component]
pub fn Avatar(#[prop(into)] name: String, #[prop(optional)] small: bool) -> impl IntoView {
    let colour = name.to_lowercase().bytes().fold(7u32, |h, b| h.wrapping_mul(31) ^ u32::from(b));
    let class = format!("avatar avatar-{}", colour % COLOURS);
    view! {
        <span class=class class:avatar-small=small aria-hidden="true">{initials(&name)}</span>
    }
}

fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().and_then(|word| word.chars().next());
    let second = words.next().and_then(|word| word.chars().next());
    let found: String = first.into_iter().chain(second).flat_map(char::to_uppercase).collect();
    if found.is_empty() { "·".into() } else { found }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn one_or_two_letters() {
        assert_eq!(initials("ada lovelace king"), "AL");
        assert_eq!(initials("bob"), "B");
        assert_eq!(initials("🎉"), "·");
    }
}
