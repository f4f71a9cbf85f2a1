//! A person's initials on a colour that depends on the name.

use leptos::prelude::*;

/// The number of colours in the style sheet.
const COLOURS: u32 = 8;

/// Hidden from screen readers, because the name always stands beside it.
#[component]
pub fn Avatar(#[prop(into)] name: String, #[prop(optional)] small: bool) -> impl IntoView {
    // FNV-1a. The low bits are not used, because they hardly differ between short names.
    let mix = |h: u32, b: u8| (h ^ u32::from(b)).wrapping_mul(16_777_619);
    let colour = name.to_lowercase().bytes().fold(2_166_136_261, mix) >> 16;
    let class = format!("avatar avatar-{}", colour % COLOURS);
    view! {
        <span class=class class:avatar-small=small aria-hidden="true">{initials(&name)}</span>
    }
}

fn initials(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let letters = words.filter_map(|word| word.chars().next()).take(2);
    let initials: String = letters.flat_map(char::to_uppercase).collect();
    if initials.is_empty() { "·".into() } else { initials }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_one_or_two_letters() {
        assert_eq!(initials("ada lovelace king"), "AL");
        assert_eq!(initials("bob"), "B");
        assert_eq!(initials("🎉"), "·");
    }
}
