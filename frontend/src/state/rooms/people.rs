//! The people of a room, and those that somebody is about to add to it.

use std::cmp::Ordering;

use shared::{
    access::{Rank, Role},
    ids::UserId,
    rooms::Member,
    rules,
    sorting::sort_by,
    users::UserRef,
};

/// Sorts members: those who are online first, then by name. `compare` is the order of names in the
/// reader's language.
pub fn sort_people(
    mut members: Vec<(Member, bool)>,
    compare: impl Fn(&str, &str) -> Ordering,
) -> Vec<(Member, bool)> {
    sort_by(&mut members, |(a, a_online), (b, b_online)| {
        b_online.cmp(a_online).then_with(|| compare(a.user.name(), b.user.name()))
    });
    members
}

/// Whether a name of somebody contains a text, as the server searches names.
pub fn is_match(user: &UserRef, q: &str) -> bool {
    let q = rules::name_key(q.trim());
    [user.name(), &user.username].into_iter().any(|name| rules::name_key(name).contains(&q))
}

/// The maximum number of people that are suggested at once.
const SUGGESTED_MAX: usize = 8;

/// The people to suggest for a name that is being typed: each once, in this order, if a word of a name of
/// theirs begins so. Nobody once the name is complete, alone or with a blank behind it: Enter then sends
/// the message.
pub fn suggest_people<'a>(
    typed: &str,
    people: impl IntoIterator<Item = &'a UserRef>,
) -> Vec<UserRef> {
    let typed = rules::name_key(typed);
    let mut suggested: Vec<UserRef> = Vec::new();
    for user in people {
        if typed.strip_suffix(' ').is_some_and(|name| rules::name_key(&user.username) == name) {
            return Vec::new();
        }
        if suggested.len() == SUGGESTED_MAX {
            continue;
        }
        let is_new = suggested.iter().all(|other| other.id != user.id);
        if is_new && [user.name(), &user.username].into_iter().any(|name| has_word(name, &typed)) {
            suggested.push(user.clone());
        }
    }
    match &suggested[..] {
        [only] if rules::name_key(&only.username) == typed => Vec::new(),
        _ => suggested,
    }
}

/// Whether a word of a name begins with a text, which may continue with further words.
fn has_word(name: &str, start: &str) -> bool {
    let name = rules::name_key(name);
    let mut blanks = name.match_indices(|c: char| !c.is_alphanumeric());
    name.starts_with(start) || blanks.any(|(at, c)| name[at + c.len()..].starts_with(start))
}

/// The username of somebody who is shown with another name.
pub fn username_label(user: &UserRef) -> Option<String> {
    user.display_name.as_ref().map(|_| format!("@{}", user.username))
}

/// The role and the rank of a member, where they are not those of most people.
pub fn labels(member: &Member) -> impl Iterator<Item = &'static str> {
    let role = match member.role {
        Role::Host => Some("Host"),
        Role::Member => None,
        Role::Reader => Some("Reader"),
    };
    role.into_iter().chain(rank_label(member.rank))
}

/// The name of a rank that is not that of most people.
pub fn rank_label(rank: Rank) -> Option<&'static str> {
    match rank {
        Rank::Owner => Some("Owner"),
        Rank::Admin => Some("Admin"),
        Rank::Member => None,
        Rank::Guest => Some("Guest"),
    }
}

/// The people that somebody is about to add to a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates(Vec<Candidate>);

#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub user: UserRef,
    /// Why they could not be added.
    pub error: Option<String>,
}

impl Candidates {
    /// Adds a person, or removes them if they are among the candidates.
    pub fn toggle(&mut self, user: UserRef) {
        match self.contains(user.id) {
            true => self.remove(user.id),
            false => self.0.push(Candidate { user, error: None }),
        }
    }

    pub fn remove(&mut self, user: UserId) {
        self.0.retain(|candidate| candidate.user.id != user);
    }

    /// Removes a person who is in the room now, or keeps them with the error.
    pub fn finish(&mut self, user: UserId, result: Result<(), String>) {
        let Err(error) = result else { return self.remove(user) };
        if let Some(candidate) = self.0.iter_mut().find(|candidate| candidate.user.id == user) {
            candidate.error = Some(error);
        }
    }

    pub fn contains(&self, user: UserId) -> bool {
        self.0.iter().any(|candidate| candidate.user.id == user)
    }

    /// The candidates in the order in which they were chosen.
    pub fn as_slice(&self) -> &[Candidate] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::ids::{Rev, Seq};

    use super::*;

    fn member(id: i64, name: &str) -> Member {
        Member {
            user: user(id, name),
            role: Role::Member,
            rank: Rank::Member,
            visible_from: Seq(1),
            timed_out_until: None,
            joined_at: DateTime::UNIX_EPOCH,
            left: false,
            rev: Rev(1),
        }
    }

    fn user(id: i64, name: &str) -> UserRef {
        UserRef { id: UserId(id), username: name.into(), display_name: None }
    }

    #[test]
    fn those_who_are_online_are_first() {
        let people = vec![(member(1, "b"), false), (member(2, "c"), true), (member(3, "a"), false)];
        let sorted = sort_people(people, |a, b| a.cmp(b));
        let ids: Vec<_> = sorted.iter().map(|(member, _)| member.user.id.0).collect();
        assert_eq!(ids, [2, 3, 1]);
    }

    #[test]
    fn names_match_without_regard_to_case() {
        assert!(is_match(&user(1, "Ängste"), " äng "));
        assert!(is_match(&user(1, "ada"), ""));
        assert!(!is_match(&user(1, "ada"), "b"));
        let displayed = UserRef { display_name: Some("Countess".into()), ..user(1, "ada") };
        assert!(is_match(&displayed, "AD") && is_match(&displayed, "count"));
    }

    #[test]
    fn people_are_suggested_by_the_words_of_their_names() {
        let displayed = UserRef { display_name: Some("Grace Hopper".into()), ..user(4, "amazing") };
        let people =
            [user(1, "ann lee"), user(2, "Ann"), user(1, "ann lee"), user(3, "joann"), displayed];
        let suggest = |typed: &str| {
            let suggested = suggest_people(typed, &people);
            suggested.iter().map(|user| user.id.0).collect::<Vec<_>>()
        };
        for (typed, expected) in [
            ("", &[1, 2, 3, 4][..]),
            ("AN", &[1, 2]),
            ("ann", &[1, 2]),
            ("ann l", &[1]),
            ("lee", &[1]),
            ("hop", &[4]),
            ("ama", &[4]),
            ("nobody", &[]),
            // Complete names: a blank after one may be the end of it.
            ("ann ", &[]),
            ("ann lee", &[]),
            ("joann", &[]),
        ] {
            assert_eq!(suggest(typed), expected, "{typed}");
        }
        let many: Vec<_> = (0..20).map(|id| user(id, "x")).collect();
        assert_eq!(suggest_people("x", &many).len(), SUGGESTED_MAX);
    }

    #[test]
    fn only_unusual_roles_and_ranks_have_labels() {
        assert_eq!(labels(&member(1, "a")).count(), 0);
        let host = Member { role: Role::Host, rank: Rank::Owner, ..member(1, "a") };
        assert_eq!(labels(&host).collect::<Vec<_>>(), ["Host", "Owner"]);
        let guest = Member { role: Role::Reader, rank: Rank::Guest, ..member(1, "a") };
        assert_eq!(labels(&guest).collect::<Vec<_>>(), ["Reader", "Guest"]);
    }

    #[test]
    fn a_candidate_stays_until_they_are_added() {
        let mut candidates = Candidates::default();
        [1, 2, 3].into_iter().for_each(|id| candidates.toggle(user(id, "x")));
        candidates.toggle(user(3, "x"));
        candidates.finish(UserId(1), Ok(()));
        candidates.finish(UserId(2), Err("Not found.".into()));
        candidates.finish(UserId(9), Err("Not found.".into()));
        let error = Some("Not found.".into());
        assert_eq!(candidates.as_slice(), [Candidate { user: user(2, "x"), error }]);
        assert!(candidates.contains(UserId(2)) && !candidates.contains(UserId(1)));
    }
}
