//! The rows of the timeline: messages grouped by author, dividers between days, the unread divider,
//! events, gaps and pending messages. A room may have a million messages, so only a window of rows around
//! the reader is built, and an update costs no more than the window. A row contains everything that
//! decides how it looks, so equal rows keep their DOM nodes.

use std::ops::Range;

use chrono::{NaiveDate, TimeDelta};
use shared::{
    Timestamp,
    ids::{ClientId, Rev, Seq, UserId},
    messages::Message,
    timeline::{PendingMessage, Timeline},
};

mod events;
#[cfg(test)]
mod tests;

pub use events::{sentence, summary};

/// Consecutive messages of one author form a group unless they are this far apart.
const GROUP_MAX_INTERVAL: TimeDelta = TimeDelta::minutes(7);
/// The number of rows before the center, and the number from the center on. The center is the first
/// message on the screen, so the rows from it on include those on the screen.
const WINDOW: (usize, usize) = (110, 180);
/// The window moves once the reader is this many messages away from its center, or once this many
/// messages have arrived at its end.
const MOVE_AFTER: i64 = 20;

/// One row of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimelineRow {
    /// A day that starts with this message. Where clocks are set back over midnight, one day may
    /// start twice, so the message is part of the row's identity.
    Day(NaiveDate, Seq),
    /// Everything below is unread.
    UnreadDivider,
    /// A message or its tombstone; the first of a group shows the author, who was renamed `renames` times.
    /// `changed_at` is when its text was edited or deleted. Its `rev` is no part of the row: reactions change
    /// it too, and they must not replace the row, where a button may have the focus.
    Message { seq: Seq, changed_at: Option<Timestamp>, starts_group: bool, renames: u32 },
    /// What happened after this message and before the next one. Each event makes it another row.
    Events { after: Seq, last: Rev, count: usize },
    /// Messages that are not loaded; `is_older` if they come before the window.
    Gap { from: Seq, to: Seq, is_older: bool },
    /// A message of mine that the server has not acknowledged.
    Pending { client_id: ClientId, refused: bool, starts_group: bool },
}

/// The message that the window is around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowCenter {
    /// The newest message, also after another one arrives.
    Newest,
    Message(Seq),
}

impl WindowCenter {
    /// Follows the reader, whose first message on the screen is `first`. The center moves in steps,
    /// because each move adds and removes rows at the ends of the window.
    pub fn follow(before: Option<Self>, at_bottom: bool, first: Seq) -> Self {
        match before {
            _ if at_bottom => Self::Newest,
            Some(Self::Message(seq)) if (seq.0 - first.0).abs() <= MOVE_AFTER => Self::Message(seq),
            _ => Self::Message(first),
        }
    }
}

/// The rows of a part of one loaded run. It ends at a gap to be filled, at an end of the room, or
/// inside the run, where the window moves on as the reader scrolls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowWindow {
    pub rows: Vec<TimelineRow>,
    /// Whether the first message that the reader may read is among the rows.
    pub has_room_start: bool,
    /// Whether the last row is the room's last.
    pub has_room_end: bool,
}

/// The rows around the reader.
pub fn row_window<D: Fn(Timestamp) -> NaiveDate>(
    timeline: &Timeline,
    center: WindowCenter,
    reader: Reader<D>,
) -> RowWindow {
    window_of_size(timeline, center, WINDOW, reader)
}

/// The reader of the rows.
pub struct Reader<D> {
    pub me: UserId,
    /// The first message that they may read.
    pub first: Seq,
    /// The last message that they had read when they opened the room.
    pub unread_after: Option<Seq>,
    /// Gives the day in their time zone.
    pub day_of: D,
}

fn window_of_size<D: Fn(Timestamp) -> NaiveDate>(
    timeline: &Timeline,
    center: WindowCenter,
    (above, below): (usize, usize),
    reader: Reader<D>,
) -> RowWindow {
    let run = match center {
        WindowCenter::Message(seq) => timeline.loaded_run(seq).map(|run| (run, seq)),
        WindowCenter::Newest => None,
    };
    let Some((run, at)) =
        run.or_else(|| timeline.loaded_runs().next_back().map(|run| (run, run.1)))
    else {
        return window_without_messages(timeline, reader);
    };
    // A message makes at least one row, so no more messages are needed than rows.
    let distance = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let is_newest = center == WindowCenter::Newest;
    // At the newest message the screen is at the end of the window instead of in its middle.
    let above = if is_newest { below } else { above };
    let step = if is_newest { MOVE_AFTER } else { 0 }.saturating_add(distance(above));
    let from = run.0.max(Seq(at.0.saturating_sub(step)));
    let to = run.1.min(Seq(at.0.saturating_add(distance(below))));
    // A run that starts after the first unread message does not get the divider.
    let unread_after = reader.unread_after.filter(|seq| seq.next() >= run.0);
    let first = reader.first;
    let mut builder = RowBuilder::new(Reader { unread_after, ..reader });
    if from == run.0 && from > first {
        let before = timeline.loaded_runs().rev().map(|(_, to)| to).find(|to| *to < from);
        builder.push_gap(before.map_or(first, Seq::next), Seq(from.0 - 1), true);
    } else {
        builder.skip_to(timeline, run.0, from);
    }
    builder.push_messages(timeline, (from, to), from == run.0);
    let has_room_end = to == timeline.last_seq();
    if has_room_end {
        timeline.pending().iter().for_each(|pending| builder.push_pending(pending));
    } else if to == run.1 {
        let after = timeline.loaded_runs().map(|(from, _)| from).find(|from| *from > to);
        let gap_end = after.map_or(timeline.last_seq(), |after| Seq(after.0 - 1));
        builder.push_gap(to.next(), gap_end, false);
    }
    let rows = builder.rows;
    let is_center =
        |row: &TimelineRow| matches!(row, TimelineRow::Message { seq, .. } if *seq == at);
    let range = match rows.iter().position(is_center).filter(|_| !is_newest) {
        Some(at) => at.saturating_sub(above)..at.saturating_add(below).min(rows.len()),
        None => newest_start(&rows, above)..rows.len(),
    };
    slice(rows, range, first, has_room_end)
}

/// The rows while no message is loaded, also of a room that has none.
fn window_without_messages<D: Fn(Timestamp) -> NaiveDate>(
    timeline: &Timeline,
    reader: Reader<D>,
) -> RowWindow {
    let (first, mut builder) = (reader.first, RowBuilder::new(reader));
    if timeline.last_seq() < first {
        builder.push_events(timeline, Seq(first.0 - 1));
    }
    timeline.pending().iter().for_each(|pending| builder.push_pending(pending));
    RowWindow { rows: builder.rows, has_room_start: false, has_room_end: true }
}

/// The first of the newest rows, at least `count`. It moves in steps of [`MOVE_AFTER`] messages: if
/// each new message removed the row at the top, all rows would move, and the browser would lay out
/// and paint them again.
fn newest_start(rows: &[TimelineRow], count: usize) -> usize {
    let before = rows.len().saturating_sub(count) + 1;
    let is_step = |row: &TimelineRow| matches!(row, TimelineRow::Message { seq, .. } if seq.0 % MOVE_AFTER == 0);
    rows.iter().take(before).rposition(is_step).unwrap_or(0)
}

fn slice(
    mut rows: Vec<TimelineRow>,
    range: Range<usize>,
    first: Seq,
    has_room_end: bool,
) -> RowWindow {
    let has_room_end = has_room_end && range.end == rows.len();
    rows.truncate(range.end);
    let rows = rows.split_off(range.start);
    let is_first =
        |row: &TimelineRow| matches!(row, TimelineRow::Message { seq, .. } if *seq == first);
    RowWindow { has_room_start: rows.iter().any(is_first), rows, has_room_end }
}

/// The parts of the previous row that the next row depends on.
#[derive(Clone, Copy, Default)]
struct PreviousRow {
    author: Option<(UserId, Timestamp)>,
    day: Option<NaiveDate>,
    is_mine: bool,
}

/// Builds the rows from top to bottom.
struct RowBuilder<D> {
    reader: Reader<D>,
    previous: PreviousRow,
    rows: Vec<TimelineRow>,
}

impl<D: Fn(Timestamp) -> NaiveDate> RowBuilder<D> {
    fn new(reader: Reader<D>) -> Self {
        Self { reader, previous: PreviousRow::default(), rows: Vec::new() }
    }

    /// Starts at `from` in the middle of a run, as if the rows before it had been built.
    fn skip_to(&mut self, timeline: &Timeline, run_start: Seq, from: Seq) {
        let unread = self.reader.unread_after.map_or(from, Seq::next).max(run_start);
        let is_theirs = |message: &Message| message.user.id != self.reader.me;
        if unread < from && timeline.messages_between(unread, Seq(from.0 - 1)).any(is_theirs) {
            self.reader.unread_after = None;
        }
        if let Some(message) = timeline.messages_between(run_start, Seq(from.0 - 1)).next_back() {
            self.push_message(timeline, message);
            self.push_events(timeline, message.seq);
            self.rows.clear();
        }
    }

    /// Pushes messages, each with the events after it, and at the start of a run those before it.
    fn push_messages(&mut self, timeline: &Timeline, (from, to): (Seq, Seq), is_start: bool) {
        if is_start {
            self.push_events(timeline, Seq(from.0 - 1));
        }
        for message in timeline.messages_between(from, to) {
            self.push_message(timeline, message);
            self.push_events(timeline, message.seq);
        }
    }

    fn push_message(&mut self, timeline: &Timeline, message: &Message) {
        let day = (self.reader.day_of)(message.created_at);
        if self.previous.day != Some(day) {
            self.rows.push(TimelineRow::Day(day, message.seq));
            self.previous = PreviousRow { day: Some(day), ..PreviousRow::default() };
        }
        let is_mine = message.user.id == self.reader.me;
        if self.reader.unread_after.is_some_and(|seq| message.seq > seq && !is_mine) {
            self.rows.push(TimelineRow::UnreadDivider);
            self.previous.author = None;
            self.reader.unread_after = None;
        }
        let (seq, starts_group) = (message.seq, !self.previous.groups_with(message));
        let changed_at = message.deleted_at.or(message.edited_at);
        let renames = timeline.renames(message.user.id);
        self.rows.push(TimelineRow::Message { seq, changed_at, starts_group, renames });
        self.previous.author = Some((message.user.id, message.created_at));
        self.previous.is_mine = is_mine;
    }

    fn push_events(&mut self, timeline: &Timeline, after: Seq) {
        let events = timeline.events_after(after);
        let (count, last) = events.fold((0, Rev(0)), |(count, _), event| (count + 1, event.rev));
        if count > 0 {
            self.rows.push(TimelineRow::Events { after, last, count });
            (self.previous.author, self.previous.is_mine) = (None, false);
        }
    }

    fn push_gap(&mut self, from: Seq, to: Seq, is_older: bool) {
        self.rows.push(TimelineRow::Gap { from, to, is_older });
    }

    fn push_pending(&mut self, pending: &PendingMessage) {
        let starts_group = !self.previous.is_mine || pending.reply_to.is_some();
        let (client_id, refused) = (pending.client_id, pending.rejection.is_some());
        self.rows.push(TimelineRow::Pending { client_id, refused, starts_group });
        self.previous.is_mine = true;
    }
}

impl PreviousRow {
    fn groups_with(&self, message: &Message) -> bool {
        self.author.is_some_and(|(author, at)| {
            author == message.user.id
                && message.reply_to.is_none()
                && message.created_at.signed_duration_since(at) < GROUP_MAX_INTERVAL
        })
    }
}
