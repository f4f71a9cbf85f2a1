//! A person's initials on a colour of their own.

use leptos::prelude::*;

/// How many colours the style sheet has.
const COLOURS: u32 = 8;

/// Decoration only: the name stands beside it.
#[component]
pub fn Avatar(#[prop(into)] name: String, #[prop(optional)] small: bool) -> impl IntoView {
    // FNV-1a: its high bits differ for short names, too.
    let mix = |h: u32, b: u8| (h ^ u32::from(b)).wrapping_mul(16_777_619);
    let colour = name.to_lowercase().bytes().fold(2_166_136_261, mix) >> 16;
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
