//! The oracle finds what a server must not show, and nothing in what it may show.

use shared::{
    access::{History, Rank, Role, RoomKind},
    ids::{RoomId, Seq, UserId},
};

use super::{
    changes::{Change, Draft},
    markers,
    model::{Observation, Oracle, Person, Receipt, Secret},
    rules::Need,
    timeline::{Ending, Micros, Timeline, Window},
};

const OWNER: usize = 0;
const ADA: usize = 1;
const GUEST: usize = 2;
const ROOM: RoomId = RoomId(7);

/// An owner, a member and a guest.
fn oracle() -> Oracle {
    let mut oracle = Oracle::default();
    for (id, rank) in [(1, Rank::Owner), (2, Rank::Member), (3, Rank::Guest)] {
        let username = oracle.marker(markers::MarkerKind::Username);
        oracle.secrets.insert(username.clone(), Secret::Username(oracle.people.len()));
        let rank = Timeline::new(rank, 0);
        oracle.people.push(Person { id: UserId(id), username, rank, is_stranger: false });
    }
    oracle
}

/// The same, with a room of the member.
fn with_room(kind: RoomKind, history: History) -> Oracle {
    let mut oracle = oracle();
    let (name, topic) = oracle.propose_room(10);
    let draft = Draft { kind, history, name, topic, people: vec![ADA] };
    oracle.add_room(ROOM, draft, 10);
    oracle
}

fn change(oracle: &mut Oracle, change: Change, ending: Ending, times: (Micros, Micros)) {
    oracle.propose(&change, times.0);
    oracle.settle(&change, ending, None, times.1);
}

/// Posts a message, and returns its marker.
fn post(oracle: &mut Oracle, seq: i64, at: Micros) -> String {
    let marker = oracle.marker(markers::MarkerKind::Message);
    let change = Change::Post(ROOM, ADA, marker.clone());
    oracle.propose(&change, at);
    oracle.settle(&change, Ending::Done, Some(Seq(seq)), at + 1);
    marker
}

fn receipt(viewer: usize, from: Micros, until: Micros) -> Receipt {
    Receipt { viewer: Some(viewer), window: Window { from, until }, source: "a test".into() }
}

/// Whether a person may see a marker in a response to a request at some time.
fn sees(oracle: &Oracle, person: usize, marker: &str, at: Micros) -> bool {
    oracle.is_allowed(&receipt(person, at, at), &Observation::Marker(marker.into())) == Some(true)
}

#[test]
fn markers_are_found_in_any_text() {
    let mut all = markers::Markers::default();
    let one = all.create(markers::MarkerKind::Message);
    let other = all.create(markers::MarkerKind::Topic);
    let text = format!("{{\"a\":\"lorem {one}\"}}<b>{other}</b>{one} zq");
    assert_eq!(markers::find(&text).into_iter().collect::<Vec<_>>(), [&one, &other]);
    assert!(markers::find("zqm-not-a-marker").is_empty());
}

#[test]
fn a_text_is_seen_from_the_join_to_the_removal() {
    let mut oracle = with_room(RoomKind::Private, History::All);
    let text = post(&mut oracle, 1, 20);
    assert!(sees(&oracle, ADA, &text, 25) && !sees(&oracle, OWNER, &text, 25));
    change(&mut oracle, Change::Join(ROOM, GUEST), Ending::Done, (30, 40));
    assert!(!sees(&oracle, GUEST, &text, 29) && sees(&oracle, GUEST, &text, 30));
    change(&mut oracle, Change::Leave(ROOM, GUEST), Ending::Done, (50, 60));
    assert!(sees(&oracle, GUEST, &text, 60) && !sees(&oracle, GUEST, &text, 61));
    // A request that began before the removal ended may still have read it.
    let early = receipt(GUEST, 55, 90);
    assert_eq!(oracle.is_allowed(&early, &Observation::Marker(text)), Some(true));
    assert_eq!(oracle.is_allowed(&receipt(GUEST, 61, 90), &Observation::Room(ROOM)), Some(false));
}

#[test]
fn a_refused_join_of_a_member_takes_nothing_away() {
    let mut oracle = with_room(RoomKind::Private, History::All);
    let text = post(&mut oracle, 1, 20);
    change(&mut oracle, Change::Join(ROOM, ADA), Ending::Refused, (30, 40));
    assert!(sees(&oracle, ADA, &text, 50));
    change(&mut oracle, Change::Join(ROOM, GUEST), Ending::Refused, (30, 40));
    assert!(!sees(&oracle, GUEST, &text, 50));
}

#[test]
fn newcomers_do_not_see_what_was_before() {
    let mut oracle = with_room(RoomKind::Private, History::Joining);
    let early = post(&mut oracle, 1, 20);
    change(&mut oracle, Change::Join(ROOM, GUEST), Ending::Done, (30, 40));
    let late = post(&mut oracle, 2, 50);
    assert!(!sees(&oracle, GUEST, &early, 60) && sees(&oracle, GUEST, &late, 60));
}

#[test]
fn what_was_private_stays_so_when_the_room_opens() {
    let mut oracle = with_room(RoomKind::Private, History::All);
    let early = post(&mut oracle, 1, 20);
    let open = Change::Kind(ROOM, ADA, RoomKind::Open, None);
    change(&mut oracle, open, Ending::Done, (30, 40));
    change(&mut oracle, Change::Join(ROOM, OWNER), Ending::Done, (50, 60));
    let late = post(&mut oracle, 2, 70);
    assert!(!sees(&oracle, OWNER, &early, 80) && sees(&oracle, OWNER, &late, 80));
}

#[test]
fn edited_and_deleted_texts_and_deleted_rooms_are_gone() {
    let mut oracle = with_room(RoomKind::Open, History::All);
    let first = post(&mut oracle, 1, 20);
    let second = oracle.marker(markers::MarkerKind::Message);
    change(&mut oracle, Change::Edit(ROOM, Seq(1), second.clone()), Ending::Done, (30, 40));
    assert!(!sees(&oracle, ADA, &first, 41) && sees(&oracle, ADA, &second, 41));
    change(&mut oracle, Change::DeleteMessage(ROOM, Seq(1)), Ending::Done, (50, 60));
    assert!(!sees(&oracle, ADA, &second, 61));
    let third = post(&mut oracle, 2, 70);
    change(&mut oracle, Change::Delete(ROOM), Ending::Done, (80, 90));
    assert!(!sees(&oracle, ADA, &third, 91));
    change(&mut oracle, Change::Restore(ROOM), Ending::Done, (100, 110));
    assert!(sees(&oracle, ADA, &third, 111));
}

#[test]
fn names_and_people_are_for_those_who_may_know_them() {
    let mut oracle = with_room(RoomKind::Private, History::All);
    let (name, topic) = (oracle.rooms[&ROOM].name.clone(), oracle.rooms[&ROOM].topic.clone());
    let ada = oracle.people[ADA].username.clone();
    // Admins see the names of private rooms, but not the topics.
    assert!(sees(&oracle, OWNER, &name, 20) && !sees(&oracle, OWNER, &topic, 20));
    assert!(!sees(&oracle, GUEST, &name, 20) && !sees(&oracle, GUEST, &ada, 20));
    change(&mut oracle, Change::Join(ROOM, GUEST), Ending::Done, (30, 40));
    assert!(sees(&oracle, GUEST, &topic, 50) && sees(&oracle, GUEST, &ada, 50));
    let anonymous = Receipt { viewer: None, ..receipt(ADA, 50, 50) };
    assert_eq!(oracle.is_allowed(&anonymous, &Observation::Marker(ada)), Some(false));
}

#[test]
fn a_success_without_the_right_is_found() {
    let mut oracle = with_room(RoomKind::Private, History::All);
    let permits = |oracle: &Oracle, person, need| {
        oracle.permits(person, need, Window::at(20), Window::at(20))
    };
    assert!(permits(&oracle, ADA, Need::Manage(ROOM)));
    assert!(!permits(&oracle, OWNER, Need::Join(ROOM)));
    assert!(!permits(&oracle, OWNER, Need::Post(ROOM)));
    assert!(
        permits(&oracle, OWNER, Need::Enter(ROOM)) && !permits(&oracle, ADA, Need::Enter(ROOM))
    );
    let role = Change::Role(ROOM, ADA, Role::Reader);
    change(&mut oracle, role, Ending::Done, (12, 15));
    assert!(!permits(&oracle, ADA, Need::Manage(ROOM)) && permits(&oracle, ADA, Need::Read(ROOM)));
    assert!(!permits(&oracle, ADA, Need::Post(ROOM)));
}

#[test]
fn what_arrives_before_its_room_is_known_is_judged_later() {
    let mut oracle = oracle();
    let (name, topic) = oracle.propose_room(10);
    oracle.inspect(&receipt(GUEST, 11, 12), &format!("joined {name}"), "");
    oracle.judge(&receipt(ADA, 11, 12), Observation::Room(ROOM));
    assert!(oracle.violations.is_empty());
    let kind = RoomKind::Private;
    let draft = Draft { kind, history: History::All, name, topic, people: vec![ADA] };
    oracle.add_room(ROOM, draft, 10);
    assert_eq!(oracle.violations.len(), 1, "{:?}", oracle.violations);
    oracle.judge(&receipt(ADA, 11, 12), Observation::Room(RoomId(8)));
    oracle.judge_pending(true);
    assert_eq!(oracle.violations.len(), 2, "{:?}", oracle.violations);
}
