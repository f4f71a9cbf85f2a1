//! Reactions: emoji that people add to a message.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{ids::UserId, rules};

/// The maximum length of the emoji of a reaction in bytes of UTF-8.
pub const REACTION_MAX_BYTES: usize = 64;

/// An emoji that people added to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reaction {
    /// The emoji (Unicode Technical Standard 51), fully qualified.
    pub emoji: String,
    /// The users who added it, in the order in which they did; never empty.
    pub users: Vec<UserId>,
}

/// The reactions of a message, in the order of the first of each emoji; at most
/// [`REACTION_EMOJIS_MAX`](crate::rules::REACTION_EMOJIS_MAX).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Reactions(pub Vec<Reaction>);

impl Reactions {
    /// Whether nobody reacted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each emoji with the number of people, for texts: `👍 2 🎉 1`.
    pub fn summary(&self) -> String {
        let counts = self.0.iter().map(|it| format!("{} {}", it.emoji, it.users.len()));
        counts.collect::<Vec<_>>().join(" ")
    }

    /// The users who reacted, once for each emoji.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        self.0.iter().flat_map(|reaction| reaction.users.iter().copied())
    }

    /// Whether the limits hold, and nothing is in it twice.
    pub fn is_valid(&self) -> bool {
        let emojis: BTreeSet<_> = self.0.iter().map(|reaction| &reaction.emoji).collect();
        let has_users = |Reaction { emoji, users }: &Reaction| {
            let distinct: BTreeSet<_> = users.iter().collect();
            let is_emoji = (1..=REACTION_MAX_BYTES).contains(&emoji.len());
            is_emoji && !users.is_empty() && distinct.len() == users.len()
        };
        self.0.len() <= rules::REACTION_EMOJIS_MAX
            && self.users().count() <= rules::REACTIONS_MAX
            && emojis.len() == self.0.len()
            && self.0.iter().all(has_users)
    }

    /// Whether a user added an emoji.
    pub fn has(&self, emoji: &str, user: UserId) -> bool {
        self.0.iter().any(|reaction| reaction.emoji == emoji && reaction.users.contains(&user))
    }

    /// Adds an emoji of a user who has not added it yet.
    pub fn add(&mut self, emoji: &str, user: UserId) {
        match self.0.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) => reaction.users.push(user),
            None => self.0.push(Reaction { emoji: emoji.to_owned(), users: vec![user] }),
        }
    }

    /// Removes the emoji of a user for which `is_removed` returns true.
    pub fn remove(&mut self, user: UserId, is_removed: impl Fn(&str) -> bool) {
        for reaction in self.0.iter_mut().filter(|reaction| is_removed(&reaction.emoji)) {
            reaction.users.retain(|other| *other != user);
        }
        self.0.retain(|reaction| !reaction.users.is_empty());
    }
}

/// `GET /emojis`: the emoji that reactions can be, in the order in which they are shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EmojiList {
    /// The emoji, group by group.
    pub emojis: Vec<Emoji>,
}

/// An emoji of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Emoji {
    /// The emoji, in its default skin tone.
    pub emoji: String,
    /// Its name in English (Unicode CLDR).
    pub name: String,
    /// Its group, for example `Food and drink`.
    pub group: String,
    /// Its shortcodes, without colons; often one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortcodes: Vec<String>,
    /// The same emoji in five skin tones, from light to dark; empty if it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skin_tones: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reactions_keep_the_order_of_the_first_of_each_emoji() {
        let mut reactions = Reactions::default();
        for (emoji, user) in [("👍", 1), ("🎉", 2), ("👍", 2)] {
            assert!(!reactions.has(emoji, UserId(user)));
            reactions.add(emoji, UserId(user));
            assert!(reactions.has(emoji, UserId(user)));
        }
        let json = r#"[{"emoji":"👍","users":[1,2]},{"emoji":"🎉","users":[2]}]"#;
        assert_eq!(serde_json::to_string(&reactions).unwrap(), json);
        assert!(reactions.is_valid());
        assert_eq!(reactions.summary(), "👍 2 🎉 1");
        reactions.remove(UserId(1), |emoji| emoji == "👍");
        assert_eq!(reactions.0[0].users, [UserId(2)]);
        reactions.remove(UserId(2), |_| true);
        assert!(reactions.is_empty());
    }
}
