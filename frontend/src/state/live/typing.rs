//! The users who are typing in a room.

use shared::{ids::UserId, unicode::isolate, users::UserRef};

/// How long a typing event is shown, in milliseconds.
pub const EXPIRE_MS: f64 = 5_000.0;

/// The users who are typing, each with the time of the last event; the first to start comes first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypingUsers(Vec<(UserRef, f64)>);

impl TypingUsers {
    /// Records a typing event.
    pub fn add(&mut self, user: UserRef, now: f64) {
        match self.0.iter_mut().find(|(known, _)| known.id == user.id) {
            Some(entry) => entry.1 = now,
            None => self.0.push((user, now)),
        }
    }

    /// Removes a user whose message has arrived.
    pub fn remove(&mut self, user: UserId) {
        self.0.retain(|(known, _)| known.id != user);
    }

    /// Removes the users whose last event is older than [`EXPIRE_MS`].
    pub fn expire(&mut self, now: f64) {
        self.0.retain(|(_, at)| now - at < EXPIRE_MS);
    }

    /// "Ada is typing…"; empty if nobody is.
    pub fn sentence(&self) -> String {
        let name = |index: usize| isolate(self.0[index].0.name());
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
        UserRef { id: UserId(id), username: name.into(), display_name: None }
    }

    #[test]
    fn expires_after_five_seconds_and_when_the_message_arrives() {
        let mut typing = TypingUsers::default();
        typing.add(user(1, "Ada"), 0.0);
        typing.add(user(2, "Bob"), 4_000.0);
        assert_eq!(typing.sentence(), "Ada and Bob are typing…");
        typing.expire(5_000.0);
        assert_eq!(typing.sentence(), "Bob is typing…");
        typing.remove(UserId(2));
        assert_eq!(typing.sentence(), "");
    }

    #[test]
    fn another_event_of_the_same_user_prolongs_the_first() {
        let mut typing = TypingUsers::default();
        typing.add(user(1, "Ada"), 0.0);
        typing.add(user(1, "Ada"), 3_000.0);
        typing.expire(6_000.0);
        assert_eq!(typing.sentence(), "Ada is typing…");
    }
}
