//! What the timeline shows, line by line: messages grouped by author, the days between them, where
//! the unread begins. A line carries everything that decides its looks, so two equal lines are the
//! same row on the page and nothing is drawn twice.

use chrono::{NaiveDate, TimeDelta};
use shared::{
    Timestamp,
    ids::{ClientId, Rev, Seq, UserId},
    messages::Message,
    timeline::{Item, Timeline},
};

/// Messages of one author further apart than this do not stand under one name.
const GROUP_WITHIN: TimeDelta = TimeDelta::minutes(7);

/// One row of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// A new day begins.
    Day(NaiveDate),
    /// Everything below is new to the reader.
    Unread,
    /// A message, or its tombstone; `opens` if the author's name stands above it.
    Message { seq: Seq, rev: Rev, opens: bool },
    /// Messages that are not loaded.
    Hole { from: Seq, to: Seq },
    /// A message of mine on its way.
    Pending { client_id: ClientId, refused: bool, opens: bool },
}

/// Who and when the line above is, as far as it matters to the next one.
#[derive(Clone, Copy, Default)]
struct Above {
    author: Option<(UserId, Timestamp)>,
    day: Option<NaiveDate>,
    mine_is_open: bool,
}

/// The lines of a timeline for one reader. `unread_after` is the last message that they had read
/// when they came; `day_of` is the calendar where they are.
pub fn lines(
    timeline: &Timeline,
    me: UserId,
    unread_after: Option<Seq>,
    day_of: impl Fn(Timestamp) -> NaiveDate,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut above = Above::default();
    let mut unread = unread_after;
    // Whether everything from there on is here: among what is not loaded, no line can be drawn.
    let mut is_whole = false;
    for item in timeline.items() {
        match item {
            Item::Message(message) => {
                let day = day_of(message.created_at);
                if above.day != Some(day) {
                    lines.push(Line::Day(day));
                    above = Above { day: Some(day), ..Above::default() };
                }
                is_whole |= unread.is_some_and(|seq| message.seq <= seq.next());
                let is_new = |seq| message.seq > seq && message.user.id != me;
                if is_whole && unread.is_some_and(is_new) {
                    lines.push(Line::Unread);
                    above.author = None;
                    unread = None;
                }
                let opens = !continues(&above, message);
                lines.push(Line::Message { seq: message.seq, rev: message.rev, opens });
                above.author = Some((message.user.id, message.created_at));
                above.mine_is_open = message.user.id == me;
            }
            Item::Hole { from, to } => {
                lines.push(Line::Hole { from, to });
                above = Above::default();
                is_whole = false;
            }
            Item::Pending(pending) => {
                let opens = !above.mine_is_open || pending.reply_to.is_some();
                let (client_id, refused) = (pending.client_id, pending.refused.is_some());
                lines.push(Line::Pending { client_id, refused, opens });
                above.mine_is_open = true;
            }
        }
    }
    lines
}

fn continues(above: &Above, message: &Message) -> bool {
    above.author.is_some_and(|(author, at)| {
        author == message.user.id
            && message.reply_to.is_none()
            && message.created_at.signed_duration_since(at) < GROUP_WITHIN
    })
}

#[cfg(test)]
mod tests {
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

    fn day(n: u64) -> Line {
        Line::Day(NaiveDate::default() + chrono::Days::new(n))
    }

    #[test]
    fn an_author_keeps_the_word_for_a_while() {
        let t = timeline(vec![message(1, 2, 0), message(2, 2, 6), message(3, 2, 13), {
            message(4, 3, 14)
        }]);
        let expected = [day(0), row(1, true), row(2, false), row(3, true), row(4, true)];
        assert_eq!(lines(&t, ME, None, utc), expected);
    }

    #[test]
    fn an_answer_stands_under_its_own_name() {
        let mut answer = message(2, 2, 0);
        answer.reply_to = Some(Seq(1));
        let t = timeline(vec![message(1, 2, 0), answer]);
        assert_eq!(lines(&t, ME, None, utc), [day(0), row(1, true), row(2, true)]);
    }

    #[test]
    fn days_are_those_of_the_reader() {
        let t = timeline(vec![message(1, 2, 24 * 60 - 1), message(2, 2, 24 * 60)]);
        assert_eq!(lines(&t, ME, None, utc), [day(0), row(1, true), day(1), row(2, true)]);
        let east = |at: Timestamp| (at + TimeDelta::hours(2)).date_naive();
        assert_eq!(lines(&t, ME, None, east), [day(1), row(1, true), row(2, false)]);
    }

    #[test]
    fn the_unread_line_is_above_the_first_message_of_somebody_else() {
        let t = timeline(vec![message(1, 2, 0), message(2, 1, 0), message(3, 2, 0)]);
        let expected = [day(0), row(1, true), row(2, true), Line::Unread, row(3, true)];
        assert_eq!(lines(&t, ME, Some(Seq(1)), utc), expected);
        assert!(!lines(&t, ME, Some(Seq(3)), utc).contains(&Line::Unread));
        assert!(!lines(&t, ME, None, utc).contains(&Line::Unread));
    }

    #[test]
    fn no_unread_line_is_drawn_before_its_place_is_loaded() {
        let mut t = timeline(vec![message(8, 2, 0), message(9, 2, 0)]);
        let drawn = |t: &Timeline| lines(t, ME, Some(Seq(5)), utc).contains(&Line::Unread);
        assert!(!drawn(&t));
        assert!(t.page(vec![message(4, 2, 0), message(5, 2, 0)], Rev(100)));
        assert!(!drawn(&t), "it is in the hole");
        assert!(t.page(vec![message(6, 1, 0), message(7, 2, 0)], Rev(100)));
        assert!(drawn(&t));
    }

    #[test]
    fn a_hole_ends_the_group_and_what_is_pending_comes_last() {
        let mut t = timeline(vec![message(9, 1, 0)]);
        assert!(t.page(vec![message(1, 1, 0)], Rev(100)));
        let client_id = ClientId(Uuid::from_u128(99));
        t.send(client_id, "mine".into(), None);
        let expected = [
            day(0),
            row(1, true),
            Line::Hole { from: Seq(2), to: Seq(8) },
            day(0),
            row(9, true),
            Line::Pending { client_id, refused: false, opens: false },
        ];
        assert_eq!(lines(&t, ME, None, utc), expected);
    }
}
