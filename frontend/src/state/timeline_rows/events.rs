//! The sentences of events. Part of the first load, so they are put together without `format!`.

use std::borrow::Cow;

use shared::{
    rooms::{RoomEvent, RoomEventKind as Kind},
    sorting::sort_by_key,
    unicode::isolate,
    users::UserRef,
};

/// The maximum number of consecutive events that are shown as lines; more are folded into one.
const LINES_MAX: usize = 3;

/// "ada renamed the room from “Lobby” to “Hall”"
pub fn sentence(event: &RoomEvent) -> String {
    let is_own = event.user.as_ref().is_none_or(|user| user.id == event.by.id);
    let (verb, end) = match event.kind {
        Kind::Joined => (" joined", ""),
        Kind::Left => (" left", ""),
        Kind::Added => (" added ", ""),
        Kind::Invited => (" invited ", ", who joined"),
        Kind::Removed => (" removed ", ""),
        Kind::MadeHost if is_own => (" is now a host", ""),
        Kind::MadeHost => (" made ", " a host"),
        Kind::Entered => (" entered the room as an admin", ""),
        Kind::Renamed => (" renamed the room", ""),
        Kind::TopicChanged => (" changed the topic", ""),
        Kind::MadeOpen => (" made the room open", ""),
        Kind::MadePrivate => (" made the room private", ""),
        Kind::Archived => (" archived the room", ""),
        Kind::Unarchived => (" restored the room from the archive", ""),
        Kind::Restored => (" restored the deleted room", ""),
    };
    let object = match (&event.user, &event.from, &event.to) {
        (Some(user), ..) if !is_own => name(user),
        (_, Some(from), Some(to)) => {
            [" from “", &*isolate(from), "” to “", &*isolate(to), "”"].concat().into()
        }
        _ => Cow::Borrowed(""),
    };
    [&*name(&event.by), verb, &*object, end].concat()
}

/// The line that stands for consecutive events: "ada, bob and 5 others joined", "12 changes"; `None` if they
/// are few enough to be lines of their own.
pub fn summary(events: &[RoomEvent]) -> Option<String> {
    let first = events.first().filter(|_| events.len() > LINES_MAX)?;
    let is_same = |event: &RoomEvent| {
        event.kind == first.kind && (event.kind != Kind::Added || event.by.id == first.by.id)
    };
    let mut named: Vec<&UserRef> = events.iter().filter_map(named_person).collect();
    sort_by_key(&mut named, |user| user.id);
    named.dedup_by_key(|user| user.id);
    if named.is_empty() || !events.iter().all(is_same) {
        return Some([&*events.len().to_string(), " changes"].concat());
    }
    let names = list(&named);
    Some(match first.kind {
        Kind::Joined => [&*names, " joined"].concat(),
        Kind::Left => [&*names, " left"].concat(),
        _ => [&*name(&first.by), " added ", &*names].concat(),
    })
}

/// Whom a summary names, if it names anybody.
fn named_person(event: &RoomEvent) -> Option<&UserRef> {
    match event.kind {
        Kind::Joined | Kind::Left => Some(&event.by),
        Kind::Added => event.user.as_ref(),
        _ => None,
    }
}

/// "ada", "ada and bob", "ada, bob and 5 others"
fn list(people: &[&UserRef]) -> String {
    match people {
        [] => String::new(),
        [only] => name(only).into_owned(),
        [first, second] => [&*name(first), " and ", &*name(second)].concat(),
        [first, second, others @ ..] => {
            let others = match others.len() {
                1 => "1 other".to_owned(),
                count => [&*count.to_string(), " others"].concat(),
            };
            [&*name(first), ", ", &*name(second), " and ", &*others].concat()
        }
    }
}

fn name(user: &UserRef) -> Cow<'_, str> {
    isolate(user.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::test_data;

    fn joined(nth: i64, person: i64) -> RoomEvent {
        test_data::event(nth, 0, Kind::Joined, person)
    }

    #[test]
    fn a_sentence_names_who_did_what_to_whom() {
        let added = |by, kind, user| RoomEvent {
            user: Some(test_data::person(user)),
            ..test_data::event(1, 0, kind, by)
        };
        assert_eq!(sentence(&joined(1, 2)), "person2 joined");
        assert_eq!(sentence(&added(1, Kind::Added, 2)), "person1 added person2");
        let invited = sentence(&added(1, Kind::Invited, 2));
        assert_eq!(invited, "person1 invited person2, who joined");
        assert_eq!(sentence(&added(1, Kind::MadeHost, 2)), "person1 made person2 a host");
        assert_eq!(sentence(&added(2, Kind::MadeHost, 2)), "person2 is now a host");
        let renamed = RoomEvent {
            from: Some("Lobby".into()),
            to: Some("דלת".into()),
            ..test_data::event(1, 0, Kind::Renamed, 1)
        };
        let expected = "person1 renamed the room from “Lobby” to “\u{2068}דלת\u{2069}”";
        assert_eq!(sentence(&renamed), expected);
    }

    #[test]
    fn more_than_three_events_are_folded() {
        let joins = |people: &[i64]| -> Vec<RoomEvent> {
            (1..).zip(people).map(|(nth, person)| joined(nth, *person)).collect()
        };
        assert_eq!(summary(&joins(&[1, 2, 3])), None);
        let text = |events: &[RoomEvent]| summary(events).unwrap();
        assert_eq!(text(&joins(&[1, 2, 3, 4])), "person1, person2 and 2 others joined");
        assert_eq!(text(&joins(&[1, 2, 3, 3])), "person1, person2 and 1 other joined");
        let mut mixed = joins(&[1, 2, 3, 4]);
        mixed[2].kind = Kind::Left;
        assert_eq!(text(&mixed), "4 changes");
        let add = |by| RoomEvent { user: Some(test_data::person(by + 5)), ..joined(by, by) };
        let mut added: Vec<_> = (1..=5).map(add).collect();
        added.iter_mut().for_each(|event| event.kind = Kind::Added);
        assert_eq!(text(&added), "5 changes", "by several people");
        added.iter_mut().for_each(|event| event.by = test_data::person(1));
        assert_eq!(text(&added), "person1 added person6, person7 and 3 others");
        let renamed: Vec<_> =
            (1..=4).map(|nth| test_data::event(nth, 0, Kind::Renamed, 1)).collect();
        assert_eq!(text(&renamed), "4 changes");
    }
}
