use chrono::DateTime;
use shared::{
    ids::{MessageId, RoomId},
    users::UserRef,
};
use uuid::Uuid;

use super::*;

const ME: UserId = UserId(1);

fn message(seq: i64, by: i64, minute: i64) -> Message {
    Message {
        id: MessageId(seq),
        room: RoomId(1),
        seq: Seq(seq),
        rev: Rev(seq),
        user: UserRef { id: UserId(by), username: "x".into() },
        content: "text".into(),
        client_id: ClientId(Uuid::from_u128(seq as u128)),
        reply_to: None,
        created_at: DateTime::from_timestamp(minute * 60, 0).unwrap(),
        edited_at: None,
        deleted_at: None,
    }
}

fn timeline(messages: Vec<Message>) -> Timeline {
    let last = messages.last().map_or(Seq(0), |message| message.seq);
    let mut timeline = Timeline::new(ME, last, Rev(0));
    assert!(timeline.page(messages, Rev(100)));
    timeline
}

fn utc(at: Timestamp) -> NaiveDate {
    at.date_naive()
}

fn row(seq: i64, opens: bool) -> Line {
    Line::Message { seq: Seq(seq), rev: Rev(seq), opens }
}

fn day(n: u64, seq: i64) -> Line {
    Line::Day(NaiveDate::default() + chrono::Days::new(n), Seq(seq))
}

/// All rows of the newest run.
fn rows(t: &Timeline, unread_after: Option<Seq>) -> Vec<Line> {
    lines(t, Focus::Newest, ME, unread_after, utc).rows
}

fn part(t: &Timeline, focus: Focus, around: (usize, usize), unread_after: i64) -> Lines {
    let reader = Reader { me: ME, unread_after: Some(Seq(unread_after)), day_of: utc };
    super::around(t, focus, around, reader)
}

#[test]
fn an_author_keeps_the_word_for_a_while() {
    let t = timeline(vec![message(1, 2, 0), message(2, 2, 6), message(3, 2, 13), {
        message(4, 3, 14)
    }]);
    let expected = [day(0, 1), row(1, true), row(2, false), row(3, true), row(4, true)];
    assert_eq!(rows(&t, None), expected);
}

#[test]
fn an_answer_stands_under_its_own_name() {
    let mut answer = message(2, 2, 0);
    answer.reply_to = Some(Seq(1));
    let t = timeline(vec![message(1, 2, 0), answer]);
    assert_eq!(rows(&t, None), [day(0, 1), row(1, true), row(2, true)]);
}

#[test]
fn days_are_those_of_the_reader() {
    let t = timeline(vec![message(1, 2, 24 * 60 - 1), message(2, 2, 24 * 60)]);
    assert_eq!(rows(&t, None), [day(0, 1), row(1, true), day(1, 2), row(2, true)]);
    let east = |at: Timestamp| (at + TimeDelta::hours(2)).date_naive();
    let there = lines(&t, Focus::Newest, ME, None, east).rows;
    assert_eq!(there, [day(1, 1), row(1, true), row(2, false)]);
}

#[test]
fn a_day_that_begins_twice_is_two_rows() {
    let minutes = [0, 24 * 60, 0];
    let said = minutes.iter().zip(1..).map(|(minute, seq)| message(seq, 2, *minute));
    let rows = rows(&timeline(said.collect()), None);
    assert_eq!((rows[0], rows[4]), (day(0, 1), day(0, 3)));
}

#[test]
fn the_unread_line_is_above_the_first_message_of_somebody_else() {
    let t = timeline(vec![message(1, 2, 0), message(2, 1, 0), message(3, 2, 0)]);
    let expected = [day(0, 1), row(1, true), row(2, true), Line::Unread, row(3, true)];
    assert_eq!(rows(&t, Some(Seq(1))), expected);
    assert!(!rows(&t, Some(Seq(3))).contains(&Line::Unread));
    assert!(!rows(&t, None).contains(&Line::Unread));
}

#[test]
fn where_the_unread_begins_is_not_known_in_a_later_run() {
    let t = timeline(vec![message(8, 2, 0), message(9, 2, 0)]);
    assert!(!rows(&t, Some(Seq(6))).contains(&Line::Unread));
    assert!(rows(&t, Some(Seq(7))).contains(&Line::Unread));
}

#[test]
fn holes_end_a_run_and_what_is_pending_comes_after_the_newest() {
    let mut t = timeline(vec![message(4, 1, 0)]);
    assert!(t.page(vec![message(8, 1, 0)], Rev(100)));
    let client_id = ClientId(Uuid::from_u128(99));
    t.send(client_id, "mine".into(), None);
    let hole = |from, to, is_older| Line::Hole { from: Seq(from), to: Seq(to), is_older };
    let pending = Line::Pending { client_id, refused: false, opens: false };
    let newest = lines(&t, Focus::Newest, ME, None, utc);
    assert_eq!(newest.rows, [hole(5, 7, true), day(0, 8), row(8, true), pending]);
    assert!(newest.is_end && !newest.is_start);
    let older = lines(&t, Focus::At(Seq(4)), ME, None, utc);
    assert_eq!(older.rows, [hole(1, 3, true), day(0, 4), row(4, true), hole(5, 7, false)]);
    assert!(!older.is_end && !older.is_start);
    // What is not loaded is not there to be with.
    assert_eq!(lines(&t, Focus::At(Seq(6)), ME, None, utc), newest);
}

#[test]
fn the_newest_may_be_missing_and_so_may_everything() {
    let mut t = Timeline::new(ME, Seq(9), Rev(0));
    assert_eq!(rows(&t, None), []);
    assert!(t.page(vec![message(1, 2, 0)], Rev(100)));
    let lines = lines(&t, Focus::Newest, ME, None, utc);
    let hole = Line::Hole { from: Seq(2), to: Seq(9), is_older: false };
    assert_eq!(lines.rows, [day(0, 1), row(1, true), hole]);
    assert!(lines.is_start && !lines.is_end);
}

#[test]
fn the_lines_around_a_message_are_a_part_of_all_lines() {
    // Runs of authors, mine among them, and a day every seven hours or so.
    let said = (11..=70).map(|seq| message(seq, 1 + seq / 3 % 3, seq * seq * 7));
    let t = timeline(said.collect());
    let whole = (usize::MAX, usize::MAX);
    for (unread_after, seq) in (8..72).flat_map(|unread| (11..=70).map(move |at| (unread, at))) {
        let focus = Focus::At(Seq(seq));
        let all = part(&t, focus, whole, unread_after);
        let some = part(&t, focus, (9, 14), unread_after);
        assert!(some.rows.len() <= 23, "{} rows", some.rows.len());
        let begins = all.rows.windows(some.rows.len()).position(|rows| rows == some.rows);
        let begins = begins.unwrap_or_else(|| panic!("{unread_after}, {seq}: {some:#?}"));
        assert_eq!(some.is_end, begins + some.rows.len() == all.rows.len(), "{seq}");
        let is_it = |line: &Line| matches!(line, Line::Message { seq: s, .. } if s.0 == seq);
        let (at, of_all) = (some.rows.iter().position(is_it), all.rows.iter().position(is_it));
        assert_eq!(at, of_all.map(|at| at.min(9)), "{seq}");
        let newest = part(&t, Focus::Newest, (9, 14), unread_after);
        assert_eq!(newest.rows, all.rows[all.rows.len() - 14..]);
    }
}

#[test]
fn what_is_shown_follows_the_reader_in_steps() {
    let at = |seq| Focus::At(Seq(seq));
    let follow = |before, at_bottom, first| Focus::follow(before, at_bottom, Seq(first));
    assert_eq!(follow(None, false, 7), at(7));
    for (first, focus) in [(100, 100), (120, 100), (80, 100), (121, 121), (79, 79)] {
        assert_eq!(follow(Some(at(100)), false, first), at(focus), "{first}");
    }
    assert_eq!(follow(Some(at(100)), true, 100), Focus::Newest);
    assert_eq!(follow(Some(Focus::Newest), false, 100), at(100));
}
