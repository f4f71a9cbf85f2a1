use shared::ids::Rev;

use super::*;
use crate::state::test_data::{self, room};

fn apply(rooms: &mut RoomList, message: &Message) {
    rooms.apply_message(message, UserId(1), &ReaderName::new("Ada", &["Ada Lee".into()]));
}

fn message(seq: i64, author: i64, content: &str) -> Message {
    Message { content: content.into(), ..test_data::message(seq, author) }
}

fn rooms() -> RoomList {
    let mut rooms = RoomList::default();
    rooms.merge(vec![room(1, "general"), room(2, "Attic"), room(3, "zoo")]);
    rooms
}

#[test]
fn a_message_counted_by_welcome_is_not_counted_again() {
    let mut rooms = rooms();
    apply(&mut rooms, &message(10, 2, "replayed @ada"));
    assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 2);
    apply(&mut rooms, &message(11, 2, "new for @ada"));
    let read = rooms.get(RoomId(1)).unwrap().read;
    assert_eq!((read.unread, read.mentions), (3, 1));
    apply(&mut rooms, &message(12, 2, "not for me: @ada lee"));
    assert_eq!(rooms.get(RoomId(1)).unwrap().read.mentions, 1);
    assert_eq!(rooms.total_unread(), 8);
}

/// A read state as the server counts it when the room has ten messages.
fn read_up_to(seq: i64) -> ReadState {
    counted(seq, 10 - seq, 0, 10)
}

/// A read state that includes the messages and changes up to `last`.
fn counted(read_seq: i64, unread: i64, mentions: i64, last: i64) -> ReadState {
    let (read_seq, last_seq, last_rev) = (Seq(read_seq), Seq(last), Rev(last));
    ReadState { read_seq, unread, mentions, last_seq, last_rev }
}

fn deleted(seq: i64, rev: i64) -> Message {
    let deleted_at = Some(chrono::DateTime::UNIX_EPOCH);
    Message { rev: Rev(rev), deleted_at, content: String::new(), ..message(seq, 2, "") }
}

/// The unread messages and mentions in the first room.
fn counts(rooms: &RoomList) -> (i64, i64) {
    let read = rooms.get(RoomId(1)).unwrap().read;
    (read.unread, read.mentions)
}

#[test]
fn a_message_deleted_before_it_was_seen_is_not_unread() {
    let mut rooms = rooms();
    apply(&mut rooms, &deleted(3, 11));
    assert_eq!(counts(&rooms), (2, 0), "a read message");
    apply(&mut rooms, &deleted(9, 12));
    apply(&mut rooms, &deleted(9, 12));
    assert_eq!(counts(&rooms), (1, 0), "each deletion counts once");
    apply(&mut rooms, &deleted(11, 13));
    apply(&mut rooms, &deleted(11, 13));
    assert_eq!(counts(&rooms), (1, 0), "a new message that is deleted already");
    rooms.apply_read(RoomId(1), counted(8, 1, 0, 13), false);
    apply(&mut rooms, &deleted(9, 12));
    assert_eq!(counts(&rooms), (1, 0), "the server has counted the deletion");
    apply(&mut rooms, &deleted(10, 14));
    assert_eq!(counts(&rooms), (0, 0));
}

/// The order in which a page gets a change and a read state does not matter.
#[test]
fn a_read_state_is_completed_by_later_changes() {
    let later = [message(13, 2, "for @ada"), deleted(12, 15), message(14, 2, "more")];
    let counts_after = |apply_first: bool| {
        let mut rooms = rooms();
        let new = |seq| message(seq, 2, "new");
        [11, 12].into_iter().for_each(|seq| apply(&mut rooms, &new(seq)));
        if apply_first {
            later.iter().for_each(|message| apply(&mut rooms, message));
        }
        // I posted 11 on another device, in one commit with 12.
        rooms.apply_read(RoomId(1), counted(11, 1, 0, 12), false);
        later.iter().for_each(|message| apply(&mut rooms, message));
        counts(&rooms)
    };
    assert_eq!(counts_after(false), (2, 1));
    assert_eq!(counts_after(true), (2, 1));
}

/// After an edit, the server sends the counts again.
#[test]
fn new_counts_at_the_same_position_replace_only_older_ones() {
    let mut rooms = rooms();
    rooms.apply_read(RoomId(1), counted(8, 2, 1, 12), false);
    assert_eq!(counts(&rooms), (2, 1));
    rooms.apply_read(RoomId(1), counted(8, 2, 0, 11), false);
    assert_eq!(counts(&rooms), (2, 1), "counted before the edit");
    rooms.apply_read(RoomId(1), counted(8, 2, 0, 13), false);
    assert_eq!(counts(&rooms), (2, 0));
}

#[test]
fn the_read_position_goes_back_only_if_exact() {
    let mut rooms = rooms();
    let unread = |rooms: &RoomList| rooms.get(RoomId(1)).unwrap().read.unread;
    rooms.apply_read(RoomId(1), read_up_to(10), false);
    rooms.apply_read(RoomId(1), read_up_to(9), false);
    assert_eq!(unread(&rooms), 0);
    rooms.apply_read(RoomId(1), read_up_to(4), true);
    assert_eq!(unread(&rooms), 6);
}

#[test]
fn a_room_marked_unread_is_kept_so_until_it_is_opened_or_read() {
    let mut rooms = rooms();
    let here = RoomId(1);
    rooms.apply_read(here, read_up_to(9), false);
    assert!(!rooms.is_kept_unread(here));
    rooms.apply_read(here, read_up_to(4), true);
    rooms.apply_read(here, read_up_to(5), false);
    assert!(rooms.is_kept_unread(here) && !rooms.is_kept_unread(RoomId(2)));
    rooms.stop_keeping_unread(here);
    assert!(!rooms.is_kept_unread(here));
    rooms.apply_read(here, read_up_to(4), true);
    rooms.apply_read(here, read_up_to(10), false);
    assert!(!rooms.is_kept_unread(here), "everything is read");
    rooms.apply_read(here, read_up_to(4), true);
    apply(&mut rooms, &message(11, 1, "mine"));
    assert!(!rooms.is_kept_unread(here), "posting marks everything before it as read");
}

#[test]
fn a_position_that_went_back_while_disconnected_keeps_the_room_unread() {
    let mut rooms = rooms();
    let mut back = room(1, "general");
    back.read = read_up_to(3);
    rooms.merge(vec![back, room(2, "Attic")]);
    assert!(rooms.is_kept_unread(RoomId(1)) && !rooms.is_kept_unread(RoomId(2)));
    assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 7);
}

#[test]
fn a_list_in_several_frames_is_complete_only_after_the_last() {
    let mut rooms = rooms();
    rooms.merge(vec![room(1, "renamed")]);
    assert_eq!((&*rooms.get(RoomId(1)).unwrap().name, rooms.ids().count()), ("renamed", 3));
    rooms.merge(vec![room(4, "new")]);
    assert!(!rooms.is_loaded && rooms.get(RoomId(2)).is_some());
    rooms.complete(&[RoomId(1), RoomId(4)].into());
    let ids: Vec<_> = rooms.ids().map(|room| room.0).collect();
    assert_eq!((ids, rooms.is_loaded), (vec![1, 4], true));
}

#[test]
fn unread_rooms_are_listed_with_their_newest_message() {
    let mut rooms = rooms();
    rooms.apply_read(RoomId(2), read_up_to(10), false);
    apply(&mut rooms, &message(11, 2, "new"));
    assert_eq!(rooms.last_of_unread(None), [(RoomId(1), Seq(11)), (RoomId(3), Seq(10))]);
    assert_eq!(rooms.last_of_unread(Some(RoomId(3))), [(RoomId(3), Seq(10))]);
    assert!(rooms.last_of_unread(Some(RoomId(2))).is_empty());
}

#[test]
fn mentions_unread_and_recent_rooms_are_the_most_relevant() {
    let mut rooms = RoomList::default();
    let names = ["open", "b", "a", "recent", "last", "unread", "mention"];
    rooms.merge(names.into_iter().zip(1..).map(|(name, id)| room(id, name)).collect());
    for id in 1..=5 {
        rooms.apply_read(RoomId(id), read_up_to(10), false);
    }
    rooms.apply_read(RoomId(7), counted(9, 1, 1, 10), false);
    let names = rooms.all().map(|room| (room.id, room.name.clone())).collect();
    let by_name = sort_by_name(names, str::cmp);
    let order = |recent: &[RoomId], current| -> Vec<_> {
        let order = rooms.by_relevance(&by_name, recent, current).into_iter();
        order.map(|id| rooms.get(id).unwrap().name.clone()).collect()
    };
    assert_eq!(
        order(&[1, 5, 4].map(RoomId), Some(RoomId(1))),
        ["mention", "unread", "last", "recent", "a", "b", "open"]
    );
    assert_eq!(order(&[], None), ["mention", "unread", "a", "b", "last", "open", "recent"]);
    // The open room is last even if it has unread messages.
    assert_eq!(order(&[], Some(RoomId(7))).last().unwrap(), "mention");
}

#[test]
fn my_own_message_marks_the_room_as_read() {
    let mut rooms = rooms();
    apply(&mut rooms, &message(11, 1, "mine"));
    assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 0);
}

fn order(ids: &[i64]) -> Vec<RoomId> {
    ids.iter().map(|id| RoomId(*id)).collect()
}

#[test]
fn rooms_are_sorted_by_name_or_unread_first() {
    let mut rooms = rooms();
    let names = rooms.all().map(|room| (room.id, room.name.to_lowercase())).collect();
    let by_name = sort_by_name(names, str::cmp);
    assert_eq!(by_name, order(&[2, 1, 3]));
    let same = vec![(RoomId(5), "a".into()), (RoomId(4), "a".into())];
    assert_eq!(sort_by_name(same, str::cmp), order(&[4, 5]), "equal names have one order");
    for room in [1, 2] {
        rooms.apply_read(RoomId(room), read_up_to(10), false);
    }
    assert_eq!(rooms.unread_first(&by_name), order(&[3, 2, 1]));
    apply(&mut rooms, &message(11, 2, "new"));
    assert_eq!(rooms.unread_first(&by_name), order(&[1, 3, 2]));
}

#[test]
fn neighbours_wrap_around() {
    let rooms = order(&[2, 1, 3]);
    assert_eq!(neighbour(&rooms, Some(RoomId(2)), 1), Some(RoomId(1)));
    assert_eq!(neighbour(&rooms, Some(RoomId(2)), -1), Some(RoomId(3)));
    assert_eq!(neighbour(&rooms, None, 1), Some(RoomId(2)));
    assert_eq!(neighbour(&rooms, Some(RoomId(9)), -1), Some(RoomId(3)));
    assert_eq!((neighbour(&[], None, 1), neighbour(&[], None, -1)), (None, None));
}

fn person(id: i64, name: &str) -> UserRef {
    UserRef { id: UserId(id), username: name.into(), display_name: None }
}

fn direct(people: &[UserRef]) -> MyRoom {
    let mut direct = MyRoom { kind: RoomKind::Direct, people: people.to_vec(), ..room(1, "") };
    name_direct(&mut direct, UserId(1));
    direct
}

#[test]
fn a_direct_room_is_named_after_the_others() {
    let people = [person(1, "Ada"), person(3, "Bob")];
    assert_eq!(direct(&people[..1]).name, "Notes");
    let mut rooms = RoomList::default();
    rooms.insert(direct(&people));
    assert_eq!(rooms.get(RoomId(1)).unwrap().name, "Bob");
    assert!(rooms.has_direct_with(UserId(3), UserId(1)));
    assert!(!rooms.has_direct_with(UserId(1), UserId(1)), "no notes");
    let cleo = person(2, "Cleo");
    assert!(rooms.add_person(RoomId(1), &cleo, UserId(1)));
    assert!(!rooms.add_person(RoomId(1), &cleo, UserId(1)), "known already");
    assert_eq!(rooms.get(RoomId(1)).unwrap().name, "Cleo, Bob");
    let renamed = UserRef { display_name: Some("Countess".into()), ..cleo.clone() };
    assert!(rooms.add_person(RoomId(1), &renamed, UserId(1)));
    assert_eq!(rooms.get(RoomId(1)).unwrap().name, "Countess, Bob");
    assert!(!rooms.has_direct_with(UserId(3), UserId(1)), "there are three");
    rooms.insert(MyRoom { id: RoomId(3), ..direct(&people[..1]) });
    assert!(rooms.has_direct_with(UserId(1), UserId(1)));
    rooms.insert(room(2, "general"));
    assert!(!rooms.add_person(RoomId(2), &cleo, UserId(1)), "not a direct room");
}

#[test]
fn a_hidden_room_shows_again_with_the_next_message() {
    let mut rooms = RoomList::default();
    rooms.insert(direct(&[person(1, "Ada"), person(3, "Bob")]));
    let is_hidden = |rooms: &RoomList| rooms.get(RoomId(1)).unwrap().is_hidden();
    rooms.set_hidden(RoomId(1), Some(Seq(10)));
    apply(&mut rooms, &deleted(9, 11));
    assert!(is_hidden(&rooms), "a change of an earlier message");
    assert_eq!(rooms.total_unread(), 0, "nobody sees where they are");
    apply(&mut rooms, &message(11, 3, "hello"));
    assert!(!is_hidden(&rooms));
    // The frame may come from another node, after the message.
    rooms.set_hidden(RoomId(1), Some(Seq(10)));
    assert!(!is_hidden(&rooms));
    rooms.set_hidden(RoomId(1), Some(Seq(11)));
    assert!(is_hidden(&rooms));
    rooms.set_hidden(RoomId(1), None);
    assert!(!is_hidden(&rooms));
}

#[test]
fn only_rooms_that_others_cannot_find_are_hidden() {
    let mut rooms = rooms();
    assert_eq!(rooms.hidden_ids().collect::<Vec<_>>(), []);
    rooms.insert(MyRoom { kind: RoomKind::Private, ..room(9, "plan b") });
    rooms.insert(MyRoom { kind: RoomKind::Direct, ..room(8, "") });
    assert_eq!(rooms.hidden_ids().collect::<Vec<_>>(), order(&[8, 9]));
}
