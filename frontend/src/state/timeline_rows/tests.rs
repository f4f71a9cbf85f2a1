use chrono::DateTime;
use shared::{
    access::{Rank, Role},
    rooms::{Member, RoomEventKind},
    text::Format,
    users::UserRef,
};
use uuid::Uuid;

use super::*;
use crate::state::test_data;

const ME: UserId = UserId(1);

fn message(seq: i64, author: i64, minute: i64) -> Message {
    let created_at = DateTime::from_timestamp(minute * 60, 0).unwrap();
    Message { created_at, ..test_data::message(seq, author) }
}

fn timeline(messages: Vec<Message>) -> Timeline {
    let last = messages.last().map_or(Seq(0), |message| message.seq);
    let mut timeline = Timeline::new(ME, last, Rev(0));
    assert!(timeline.insert_page(messages, Rev(100)));
    timeline
}

fn utc(at: Timestamp) -> NaiveDate {
    at.date_naive()
}

fn row(seq: i64, starts_group: bool) -> TimelineRow {
    TimelineRow::Message { seq: Seq(seq), changed_at: None, starts_group, renames: 0 }
}

fn day(n: u64, seq: i64) -> TimelineRow {
    TimelineRow::Day(NaiveDate::default() + chrono::Days::new(n), Seq(seq))
}

/// All rows of the newest run.
fn rows(t: &Timeline, unread_after: Option<Seq>) -> Vec<TimelineRow> {
    window(t, WindowCenter::Newest, Seq(1), unread_after).rows
}

fn window(t: &Timeline, center: WindowCenter, first: Seq, unread_after: Option<Seq>) -> RowWindow {
    row_window(t, center, Reader { me: ME, first, unread_after, day_of: utc })
}

fn part(
    t: &Timeline,
    center: WindowCenter,
    around: (usize, usize),
    unread_after: i64,
) -> RowWindow {
    let unread_after = Some(Seq(unread_after));
    let reader = Reader { me: ME, first: Seq(1), unread_after, day_of: utc };
    super::window_of_size(t, center, around, reader)
}

#[test]
fn messages_of_one_author_within_seven_minutes_form_a_group() {
    let t = timeline(vec![message(1, 2, 0), message(2, 2, 6), message(3, 2, 13), {
        message(4, 3, 14)
    }]);
    let expected = [day(0, 1), row(1, true), row(2, false), row(3, true), row(4, true)];
    assert_eq!(rows(&t, None), expected);
}

#[test]
fn an_edit_replaces_the_row_and_a_reaction_does_not() {
    let mut t = timeline(vec![message(1, 2, 0)]);
    let before = rows(&t, None);
    let mut reacted = Message { rev: Rev(101), ..message(1, 2, 0) };
    reacted.reactions.add("👍", ME);
    t.upsert_message(reacted.clone());
    assert_eq!(t.get(Seq(1)), Some(&reacted));
    assert_eq!(rows(&t, None), before);
    let edited = Message { rev: Rev(102), edited_at: Some(reacted.created_at), ..reacted };
    t.upsert_message(edited.clone());
    let after_edit = rows(&t, None);
    assert_ne!(after_edit, before);
    let at = edited.created_at + TimeDelta::minutes(1);
    t.upsert_message(Message { rev: Rev(103), deleted_at: Some(at), ..edited });
    assert_ne!(rows(&t, None), after_edit);
}

#[test]
fn a_reply_starts_a_group() {
    let mut answer = message(2, 2, 0);
    answer.reply_to = Some(Seq(1));
    let t = timeline(vec![message(1, 2, 0), answer]);
    assert_eq!(rows(&t, None), [day(0, 1), row(1, true), row(2, true)]);
}

#[test]
fn days_are_in_the_time_zone_of_the_reader() {
    let t = timeline(vec![message(1, 2, 24 * 60 - 1), message(2, 2, 24 * 60)]);
    assert_eq!(rows(&t, None), [day(0, 1), row(1, true), day(1, 2), row(2, true)]);
    let east = |at: Timestamp| (at + TimeDelta::hours(2)).date_naive();
    let reader = Reader { me: ME, first: Seq(1), unread_after: None, day_of: east };
    let there = row_window(&t, WindowCenter::Newest, reader).rows;
    assert_eq!(there, [day(1, 1), row(1, true), row(2, false)]);
}

#[test]
fn a_day_that_starts_twice_is_two_rows() {
    let minutes = [0, 24 * 60, 0];
    let messages = minutes.iter().zip(1..).map(|(minute, seq)| message(seq, 2, *minute));
    let rows = rows(&timeline(messages.collect()), None);
    assert_eq!((rows[0], rows[4]), (day(0, 1), day(0, 3)));
}

#[test]
fn the_unread_divider_is_above_the_first_message_of_another_user() {
    let t = timeline(vec![message(1, 2, 0), message(2, 1, 0), message(3, 2, 0)]);
    let expected =
        [day(0, 1), row(1, true), row(2, true), TimelineRow::UnreadDivider, row(3, true)];
    assert_eq!(rows(&t, Some(Seq(1))), expected);
    assert!(!rows(&t, Some(Seq(3))).contains(&TimelineRow::UnreadDivider));
    assert!(!rows(&t, None).contains(&TimelineRow::UnreadDivider));
}

#[test]
fn a_later_run_does_not_show_the_unread_divider() {
    let t = timeline(vec![message(8, 2, 0), message(9, 2, 0)]);
    assert!(!rows(&t, Some(Seq(6))).contains(&TimelineRow::UnreadDivider));
    assert!(rows(&t, Some(Seq(7))).contains(&TimelineRow::UnreadDivider));
}

#[test]
fn gaps_end_a_run_and_pending_messages_follow_the_newest() {
    let mut t = timeline(vec![message(4, 1, 0)]);
    assert!(t.insert_page(vec![message(8, 1, 0)], Rev(100)));
    let client_id = ClientId(Uuid::from_u128(99));
    t.add_pending(client_id, (Format::Text, "mine".into()), None);
    let gap = |from, to, is_older| TimelineRow::Gap { from: Seq(from), to: Seq(to), is_older };
    let pending = TimelineRow::Pending { client_id, refused: false, starts_group: false };
    let newest = window(&t, WindowCenter::Newest, Seq(1), None);
    assert_eq!(newest.rows, [gap(5, 7, true), day(0, 8), row(8, true), pending]);
    assert!(newest.has_room_end && !newest.has_room_start);
    let older = window(&t, WindowCenter::Message(Seq(4)), Seq(1), None);
    assert_eq!(older.rows, [gap(1, 3, true), day(0, 4), row(4, true), gap(5, 7, false)]);
    assert!(!older.has_room_end && !older.has_room_start);
    // A message that is not loaded cannot be the center.
    assert_eq!(window(&t, WindowCenter::Message(Seq(6)), Seq(1), None), newest);
}

#[test]
fn the_rows_begin_with_the_first_message_that_the_reader_may_read() {
    let t = timeline(vec![message(5, 2, 0), message(6, 2, 0)]);
    let newest = window(&t, WindowCenter::Newest, Seq(5), None);
    assert_eq!(newest.rows, [day(0, 5), row(5, true), row(6, false)]);
    assert!(newest.has_room_start && newest.has_room_end);
    let newest = window(&t, WindowCenter::Newest, Seq(3), None);
    let gap = TimelineRow::Gap { from: Seq(3), to: Seq(4), is_older: true };
    assert_eq!(newest.rows[0], gap, "the gap ends where the reader may not read");
    assert!(!newest.has_room_start);
}

#[test]
fn the_newest_message_or_all_messages_may_be_unloaded() {
    let mut t = Timeline::new(ME, Seq(9), Rev(0));
    assert_eq!(rows(&t, None), []);
    assert!(t.insert_page(vec![message(1, 2, 0)], Rev(100)));
    let window = window(&t, WindowCenter::Newest, Seq(1), None);
    let gap = TimelineRow::Gap { from: Seq(2), to: Seq(9), is_older: false };
    assert_eq!(window.rows, [day(0, 1), row(1, true), gap]);
    assert!(window.has_room_start && !window.has_room_end);
}

#[test]
fn a_window_is_a_slice_of_all_rows() {
    // Groups of several authors, including me, over many days.
    let messages = (11..=70).map(|seq| message(seq, 1 + seq / 3 % 3, seq * seq * 7));
    let t = timeline(messages.collect());
    let whole = (usize::MAX, usize::MAX);
    for (unread_after, seq) in (8..72).flat_map(|unread| (11..=70).map(move |at| (unread, at))) {
        let center = WindowCenter::Message(Seq(seq));
        let all = part(&t, center, whole, unread_after);
        let some = part(&t, center, (9, 14), unread_after);
        assert!(some.rows.len() <= 23, "{} rows", some.rows.len());
        let start = all.rows.windows(some.rows.len()).position(|rows| rows == some.rows);
        let start = start.unwrap_or_else(|| panic!("{unread_after}, {seq}: {some:#?}"));
        assert_eq!(some.has_room_end, start + some.rows.len() == all.rows.len(), "{seq}");
        let is_it =
            |line: &TimelineRow| matches!(line, TimelineRow::Message { seq: s, .. } if s.0 == seq);
        let (at, of_all) = (some.rows.iter().position(is_it), all.rows.iter().position(is_it));
        assert_eq!(at, of_all.map(|at| at.min(9)), "{seq}");
        let newest = part(&t, WindowCenter::Newest, (9, 14), unread_after);
        assert!(all.rows.ends_with(&newest.rows) && newest.rows.len() >= 14, "{newest:#?}");
        assert!(newest.rows.len() <= 14 + 3 * 20, "{newest:#?}");
    }
}

#[test]
fn new_messages_remove_rows_at_the_top_in_steps() {
    let mut t = timeline((1..=100).map(|seq| message(seq, 2, 0)).collect());
    let mut first_rows = Vec::new();
    for seq in 101..=180 {
        t.upsert_message(message(seq, 2, 0));
        let window = part(&t, WindowCenter::Newest, (9, 14), 0);
        assert!((14..=14 + 20).contains(&window.rows.len()), "{seq}: {}", window.rows.len());
        first_rows.push(window.rows[0]);
    }
    first_rows.dedup();
    assert_eq!(first_rows.len(), 80 / 20 + 1);
}

#[test]
fn the_window_follows_the_reader_in_steps() {
    let at = |seq| WindowCenter::Message(Seq(seq));
    let follow = |before, at_bottom, first| WindowCenter::follow(before, at_bottom, Seq(first));
    assert_eq!(follow(None, false, 7), at(7));
    for (first, center) in [(100, 100), (120, 100), (80, 100), (121, 121), (79, 79)] {
        assert_eq!(follow(Some(at(100)), false, first), at(center), "{first}");
    }
    assert_eq!(follow(Some(at(100)), true, 100), WindowCenter::Newest);
    assert_eq!(follow(Some(WindowCenter::Newest), false, 100), at(100));
}

#[test]
fn the_messages_of_a_renamed_author_are_drawn_again() {
    let mut t = timeline(vec![message(1, 2, 0), message(2, 3, 1)]);
    let user = UserRef { display_name: Some("Ada".into()), ..message(1, 2, 0).user };
    t.upsert_member(Member {
        user,
        role: Role::Member,
        rank: Rank::Member,
        visible_from: Seq(1),
        timed_out_until: None,
        joined_at: DateTime::UNIX_EPOCH,
        left: false,
        rev: Rev(3),
    });
    let renamed =
        TimelineRow::Message { seq: Seq(1), changed_at: None, starts_group: true, renames: 1 };
    assert_eq!(rows(&t, None), [day(0, 1), renamed, row(2, true)]);
}

fn events(t: &mut Timeline, numbers: &[(i64, i64)]) {
    let event =
        |(rev, after): &(i64, i64)| test_data::event(*rev, *after, RoomEventKind::Joined, 2);
    t.insert_events(numbers.iter().map(event));
}

fn event_row(after: i64, last: i64, count: usize) -> TimelineRow {
    TimelineRow::Events { after: Seq(after), last: Rev(last), count }
}

#[test]
fn events_stand_after_their_message_and_end_a_group() {
    let mut t = timeline(vec![message(1, 2, 0), message(2, 2, 0), message(3, 2, 0)]);
    events(&mut t, &[(11, 0), (13, 2), (12, 2), (12, 2), (14, 3)]);
    let expected = [
        event_row(0, 11, 1),
        day(0, 1),
        row(1, true),
        row(2, false),
        event_row(2, 13, 2),
        row(3, true),
        event_row(3, 14, 1),
    ];
    assert_eq!(rows(&t, None), expected);
    // An event is not unread, and my unsent message after it names me again.
    assert!(!rows(&t, Some(Seq(3))).contains(&TimelineRow::UnreadDivider));
    t.upsert_message(message(4, ME.0, 0));
    let client_id = ClientId(Uuid::from_u128(99));
    t.add_pending(client_id, (Format::Text, "mine".into()), None);
    events(&mut t, &[(15, 4)]);
    let pending = TimelineRow::Pending { client_id, refused: false, starts_group: true };
    assert!(rows(&t, None).ends_with(&[row(4, true), event_row(4, 15, 1), pending]));
}

#[test]
fn events_of_a_room_without_messages_are_shown() {
    let mut t = Timeline::new(ME, Seq(4), Rev(0));
    events(&mut t, &[(9, 4)]);
    assert_eq!(window(&t, WindowCenter::Newest, Seq(5), None).rows, [event_row(4, 9, 1)]);
    assert_eq!(window(&t, WindowCenter::Newest, Seq(1), None).rows, [], "nothing is loaded yet");
}

#[test]
fn a_window_with_events_is_a_slice_of_all_rows() {
    let mut t = timeline((1..=60).map(|seq| message(seq, 2, seq)).collect());
    events(&mut t, &(0..=60).map(|seq| (100 + seq, seq / 3 * 3)).collect::<Vec<_>>());
    for seq in 1..=60 {
        let center = WindowCenter::Message(Seq(seq));
        let all = part(&t, center, (usize::MAX, usize::MAX), 0).rows;
        let some = part(&t, center, (9, 14), 0).rows;
        assert!(all.windows(some.len()).any(|rows| rows == some), "{seq}: {some:#?}");
    }
}
