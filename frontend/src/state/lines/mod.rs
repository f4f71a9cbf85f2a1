//! What the timeline shows, line by line: messages grouped by author, the days between them, where
//! the unread begins. Only those around the reader: a room may have a million, and whatever changes
//! costs as much as there is shown. A line carries everything that decides its looks, so two equal
//! lines are the same row on the page and nothing is drawn twice.

use std::ops::Range;

use chrono::{NaiveDate, TimeDelta};
use shared::{
    Timestamp,
    ids::{ClientId, Rev, Seq, UserId},
    messages::Message,
    timeline::{Pending, Timeline},
};

#[cfg(test)]
mod tests;

/// Messages of one author further apart than this do not stand under one name.
const GROUP_WITHIN: TimeDelta = TimeDelta::minutes(7);
/// How many lines there are above the reader's, and from theirs on. The reader's is the first in
/// sight, so the view is a part of what is below.
const AROUND: (usize, usize) = (110, 180);
/// How many messages the reader may move before other lines are around them.
const STEP: i64 = 20;

/// One row of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// A new day begins, with this message: where clocks are turned back, one may begin twice.
    Day(NaiveDate, Seq),
    /// Everything below is new to the reader.
    Unread,
    /// A message, or its tombstone; `opens` if the author's name stands above it.
    Message { seq: Seq, rev: Rev, opens: bool },
    /// Messages that are not loaded; `is_older` if they come before those that are shown.
    Hole { from: Seq, to: Seq, is_older: bool },
    /// A message of mine on its way.
    Pending { client_id: ClientId, refused: bool, opens: bool },
}

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// With what is newest, whatever comes.
    Newest,
    /// With this message.
    At(Seq),
}

impl Focus {
    /// Follows the reader, whose first message in sight is given. Not at every step: each moves the
    /// ends of what is shown.
    pub fn follow(before: Option<Self>, at_bottom: bool, first: Seq) -> Self {
        match before {
            _ if at_bottom => Self::Newest,
            Some(Self::At(seq)) if (seq.0 - first.0).abs() <= STEP => Self::At(seq),
            _ => Self::At(first),
        }
    }
}

/// A run of the timeline without a hole in it; at its ends are the holes that are to be filled, or
/// the ends of the room, or more that is loaded and comes as the reader moves on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    pub rows: Vec<Line>,
    /// Whether the first message of the room is among them.
    pub is_start: bool,
    /// Whether the last of them is the room's.
    pub is_end: bool,
}

/// The lines around the reader. `unread_after` is the last message that they had read when they
/// came; `day_of` is the calendar where they are.
pub fn lines(
    timeline: &Timeline,
    focus: Focus,
    me: UserId,
    unread_after: Option<Seq>,
    day_of: impl Fn(Timestamp) -> NaiveDate,
) -> Lines {
    around(timeline, focus, AROUND, Reader { me, unread_after, day_of })
}

/// For whom the lines are.
struct Reader<D> {
    me: UserId,
    unread_after: Option<Seq>,
    day_of: D,
}

fn around<D: Fn(Timestamp) -> NaiveDate>(
    timeline: &Timeline,
    focus: Focus,
    (above, below): (usize, usize),
    reader: Reader<D>,
) -> Lines {
    let run = match focus {
        Focus::At(seq) => timeline.run(seq).map(|run| (run, seq)),
        Focus::Newest => None,
    };
    let Some((run, at)) = run.or_else(|| timeline.runs().next_back().map(|run| (run, run.1)))
    else {
        let mut writer = Writer::new(reader);
        timeline.pending().iter().for_each(|pending| writer.pending(pending));
        return Lines { rows: writer.rows, is_start: false, is_end: true };
    };
    // A message is a line or more, so no more of them are needed than there may be lines.
    let reach = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let is_newest = focus == Focus::Newest;
    // With the newest the view is at the end, and has as much above it as it has below elsewhere.
    let up = if is_newest { below } else { above };
    let from = run.0.max(Seq(at.0.saturating_sub(reach(up))));
    let to = run.1.min(Seq(at.0.saturating_add(reach(below))));
    // Where the unread begins is not to be seen in a run that begins later.
    let unread_after = reader.unread_after.filter(|seq| seq.next() >= run.0);
    let mut writer = Writer::new(Reader { unread_after, ..reader });
    if from == run.0 && from > Seq(1) {
        let before = timeline.runs().rev().map(|(_, to)| to).find(|to| *to < from);
        writer.hole(before.unwrap_or_default().next(), Seq(from.0 - 1), true);
    } else {
        writer.go_on(timeline, run.0, from);
    }
    timeline.between(from, to).for_each(|message| writer.message(message));
    let is_end = to == timeline.last_seq();
    if is_end {
        timeline.pending().iter().for_each(|pending| writer.pending(pending));
    } else if to == run.1 {
        let after = timeline.runs().map(|(from, _)| from).find(|from| *from > to);
        let until = after.map_or(timeline.last_seq(), |after| Seq(after.0 - 1));
        writer.hole(to.next(), until, false);
    }
    let all = writer.rows;
    let at = all.iter().position(|line| matches!(line, Line::Message { seq, .. } if *seq == at));
    let kept = match at.filter(|_| !is_newest) {
        Some(at) => at.saturating_sub(above)..at.saturating_add(below).min(all.len()),
        None => all.len().saturating_sub(up)..all.len(),
    };
    cut(all, kept, is_end)
}

fn cut(mut all: Vec<Line>, kept: Range<usize>, is_end: bool) -> Lines {
    let is_end = is_end && kept.end == all.len();
    all.truncate(kept.end);
    let rows = all.split_off(kept.start);
    let is_first = |line: &Line| matches!(line, Line::Message { seq: Seq(1), .. });
    Lines { is_start: rows.iter().any(is_first), rows, is_end }
}

/// Who and when the line above is, as far as it matters to the next one.
#[derive(Clone, Copy, Default)]
struct Above {
    author: Option<(UserId, Timestamp)>,
    day: Option<NaiveDate>,
    mine_is_open: bool,
}

/// Writes line after line.
struct Writer<D> {
    reader: Reader<D>,
    above: Above,
    rows: Vec<Line>,
}

impl<D: Fn(Timestamp) -> NaiveDate> Writer<D> {
    fn new(reader: Reader<D>) -> Self {
        Self { reader, above: Above::default(), rows: Vec::new() }
    }

    /// Begins in the middle of a run, as if what is before had been written.
    fn go_on(&mut self, timeline: &Timeline, run_begins: Seq, from: Seq) {
        let unread = self.reader.unread_after.map_or(from, Seq::next).max(run_begins);
        let is_theirs = |message: &Message| message.user.id != self.reader.me;
        if unread < from && timeline.between(unread, Seq(from.0 - 1)).any(is_theirs) {
            self.reader.unread_after = None;
        }
        if let Some(message) = timeline.between(run_begins, Seq(from.0 - 1)).next_back() {
            self.message(message);
            self.rows.clear();
        }
    }

    fn message(&mut self, message: &Message) {
        let day = (self.reader.day_of)(message.created_at);
        if self.above.day != Some(day) {
            self.rows.push(Line::Day(day, message.seq));
            self.above = Above { day: Some(day), ..Above::default() };
        }
        let is_mine = message.user.id == self.reader.me;
        if self.reader.unread_after.is_some_and(|seq| message.seq > seq && !is_mine) {
            self.rows.push(Line::Unread);
            self.above.author = None;
            self.reader.unread_after = None;
        }
        let opens = !continues(&self.above, message);
        self.rows.push(Line::Message { seq: message.seq, rev: message.rev, opens });
        self.above.author = Some((message.user.id, message.created_at));
        self.above.mine_is_open = is_mine;
    }

    fn hole(&mut self, from: Seq, to: Seq, is_older: bool) {
        self.rows.push(Line::Hole { from, to, is_older });
    }

    fn pending(&mut self, pending: &Pending) {
        let opens = !self.above.mine_is_open || pending.reply_to.is_some();
        let (client_id, refused) = (pending.client_id, pending.refused.is_some());
        self.rows.push(Line::Pending { client_id, refused, opens });
        self.above.mine_is_open = true;
    }
}

fn continues(above: &Above, message: &Message) -> bool {
    above.author.is_some_and(|(author, at)| {
        author == message.user.id
            && message.reply_to.is_none()
            && message.created_at.signed_duration_since(at) < GROUP_WITHIN
    })
}
