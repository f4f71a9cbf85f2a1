//! The localStorage keys of unsent texts. Each contains the account, so that another account in the
//! same browser does not see them.

use std::fmt::{self, Display, Formatter};

use shared::ids::{RoomId, Seq, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftKey {
    pub user: UserId,
    pub room: RoomId,
    pub kind: DraftKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftKind {
    /// The text in the composer.
    Message,
    /// The number of the message that it replies to.
    ReplyTo,
    /// The changed text of a message.
    Edit(Seq),
}

impl DraftKey {
    pub fn new(user: UserId, room: RoomId, kind: DraftKind) -> Self {
        Self { user, room, kind }
    }

    /// Parses a key; `None` if it belongs to something else.
    pub fn parse(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix("hallway.")?.split('.');
        let (kind, user, room) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = match (kind, parts.next(), parts.next()) {
            ("draft", None, None) => DraftKind::Message,
            ("reply", None, None) => DraftKind::ReplyTo,
            ("edit", Some(seq), None) => DraftKind::Edit(Seq(seq.parse().ok()?)),
            _ => return None,
        };
        Some(Self { user: user.parse().ok()?, room: room.parse().ok()?, kind })
    }
}

impl Display for DraftKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { user, room, kind } = self;
        match kind {
            DraftKind::Message => write!(f, "hallway.draft.{user}.{room}"),
            DraftKind::ReplyTo => write!(f, "hallway.reply.{user}.{room}"),
            DraftKind::Edit(seq) => write!(f, "hallway.edit.{user}.{room}.{seq}"),
        }
    }
}

/// Whether a key belongs to an account, as `hallway.searches.7` belongs to account 7.
pub fn belongs_to(key: &str, user: UserId) -> bool {
    let mut parts = key.split('.');
    parts.next() == Some("hallway") && parts.nth(1).is_some_and(|part| part == user.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(7);

    #[test]
    fn a_key_is_parsed_into_what_it_was_made_of() {
        for kind in [DraftKind::Message, DraftKind::ReplyTo, DraftKind::Edit(Seq(12))] {
            let key = DraftKey::new(USER, RoomId(3), kind);
            assert_eq!(DraftKey::parse(&key.to_string()), Some(key));
            assert!(belongs_to(&key.to_string(), USER));
        }
        for key in ["hallway.draft.7", "hallway.draft.7.3.1", "hallway.edit.7.3", "draft.7.3", ""] {
            assert_eq!(DraftKey::parse(key), None, "{key}");
        }
    }

    #[test]
    fn keys_of_other_accounts_and_of_the_browser_are_not_mine() {
        assert!(belongs_to("hallway.searches.7", USER));
        for key in ["hallway.searches.77", "hallway.draft.3.7", "hallway.theme", "hallway", "x.y.7"]
        {
            assert!(!belongs_to(key, USER), "{key}");
        }
    }
}
