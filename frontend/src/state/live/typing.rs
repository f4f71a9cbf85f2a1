//! Who is writing in a room right now.

use shared::{ids::UserId, users::UserRef};

/// How long one notice counts, in milliseconds.
pub const FORGET_MS: f64 = 5_000.0;

/// People who are writing, the first to begin first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typing(Vec<(UserRef, f64)>);

impl Typing {
    /// Somebody writes, as of `now`.
    pub fn heard(&mut self, user: UserRef, now: f64) {
        match self.0.iter_mut().find(|(known, _)| known.id == user.id) {
            Some(entry) => entry.1 = now,
            None => self.0.push((user, now)),
        }
    }

    /// Somebody's message has come, or they left.
    pub fn done(&mut self, user: UserId) {
        self.0.retain(|(known, _)| known.id != user);
    }

    /// Drops those not heard of for too long.
    pub fn forget(&mut self, now: f64) {
        self.0.retain(|(_, at)| now - at < FORGET_MS);
    }

    /// "Ada is typing…", or nothing.
    pub fn sentence(&self) -> String {
        let name = |at: usize| &self.0[at].0.username;
        match self.0.len() {
            0 => String::new(),
            1 => format!("{} is typing…", name(0)),
            2 => format!("{} and {} are typing…", name(0), name(1)),
            3 => format!("{}, {} and {} are typing…", name(0), name(1), name(2)),
            _ => "Several people are typing…".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64, name: &str) -> UserRef {
        UserRef { id: UserId(id), username: name.into() }
    }

    #[test]
    fn is_forgotten_after_five_seconds_and_when_the_message_comes() {
        let mut typing = Typing::default();
        typing.heard(user(1, "Ada"), 0.0);
        typing.heard(user(2, "Bob"), 4_000.0);
        assert_eq!(typing.sentence(), "Ada and Bob are typing…");
        typing.forget(5_000.0);
        assert_eq!(typing.sentence(), "Bob is typing…");
        typing.done(UserId(2));
        assert_eq!(typing.sentence(), "");
    }

    #[test]
    fn hearing_again_prolongs_and_does_not_double() {
        let mut typing = Typing::default();
        typing.heard(user(1, "Ada"), 0.0);
        typing.heard(user(1, "Ada"), 3_000.0);
        typing.forget(6_000.0);
        assert_eq!(typing.sentence(), "Ada is typing…");
    }
}
