//! A page of a room: from what was asked to a place in it, and from there to a range of numbers.

use sea_orm::ConnectionTrait;
use shared::{
    ids::{RoomId, Seq},
    messages::{Anchor, AnchorMiss, Date, Message, MessagePage, ResolvedAnchor},
    problem::FieldError,
    rules,
};

use super::queries;
use crate::{
    Result,
    search::{self, Ask, Towards, find},
    tables::rooms,
};

/// Which messages: an anchor, and how many on each side of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    anchor: Anchor,
    before: i64,
    after: i64,
}

impl Wanted {
    /// What the query says; a side that it does not name is empty where it names the other.
    pub fn new(
        anchor: Anchor,
        before: Option<u64>,
        after: Option<u64>,
    ) -> Result<Self, Vec<FieldError>> {
        let sides = [("before", before), ("after", after)];
        let wrong = sides.iter().filter_map(|(field, side)| {
            let side = side.filter(|side| *side > rules::PAGE_MAX)?;
            let message = format!("must be 0 to {}, and is {side}", rules::PAGE_MAX);
            Some(FieldError::new(*field, message))
        });
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let rest = rules::PAGE_DEFAULT as i64 - 1;
        let (before, after) = match (before, after, anchor) {
            (None, None, Anchor::Newest) => (rest, 0),
            (None, None, Anchor::Oldest) => (0, rest),
            (None, None, _) => (rest - rest / 2, rest / 2),
            (before, after, _) => (before.unwrap_or(0) as i64, after.unwrap_or(0) as i64),
        };
        Ok(Self { anchor, before, after })
    }

    /// What the answer depends on. The rows that a page shows change only with the room's
    /// `last_rev` (an author's name never does), and how far the caller has read on its own. A new
    /// version of this program may write the same page otherwise.
    pub fn state(&self, room: &rooms::Model, read_seq: Seq) -> String {
        let Self { anchor, before, after } = self;
        let (id, rev, version) = (room.id, room.last_rev, env!("CARGO_PKG_VERSION"));
        format!("{version}/{id}/{rev}/{read_seq}/{anchor}/{before}/{after}")
    }

    /// The first and the last message, in a room of `last_seq`.
    fn range(&self, place: Seq, last_seq: i64) -> (i64, i64) {
        ((place.0 - self.before).max(1), (place.0 + self.after).min(last_seq))
    }
}

/// A page of a room, whose row was read before: what commits after that is not in it.
pub async fn page(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    read_seq: Seq,
    wanted: Wanted,
) -> Result<MessagePage> {
    let mut anchor = locate(db, room, read_seq, wanted.anchor).await?;
    let last_seq = room.last_seq;
    let (from, to) = wanted.range(anchor.seq, last_seq);
    let messages = match last_seq {
        0 => Vec::new(),
        _ => queries::range(db, RoomId(room.id), from, to).await?,
    };
    if let Anchor::Seq(_) | Anchor::Id(_) = wanted.anchor {
        anchor = with_text(anchor, &messages);
    }
    Ok(MessagePage {
        anchor,
        messages,
        ranges: Vec::new(),
        has_older: from > 1 && last_seq > 0,
        has_newer: to < last_seq,
        older: None,
        newer: None,
        room_last_seq: last_seq.into(),
        read_seq,
        first_unread_seq: (read_seq.0 < last_seq).then(|| read_seq.next()),
        as_of_rev: room.last_rev.into(),
    })
}

/// What a search finds in a room, around the place of the anchor: a hit that stands there is one
/// more than those before and after it. With it, whether there was time for all of it.
pub async fn hits(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    read_seq: Seq,
    wanted: Wanted,
    ask: &Ask,
) -> Result<(MessagePage, bool)> {
    let anchor = locate(db, room, read_seq, wanted.anchor).await?;
    let id = search::number_of(db, RoomId(room.id), anchor.seq).await?;
    let older = find(db, ask, id, Towards::Older, wanted.before as u64 + 1).await?;
    let newer = find(db, ask, id, Towards::Newer, wanted.after as u64).await?;
    let in_time = older.in_time && newer.in_time;
    let mut messages = older.messages;
    let mut next_older = older.up_to.map(|(_, seq)| Seq(seq.0 - 1));
    let is_there = messages.first().is_some_and(|first| first.seq == anchor.seq);
    if !is_there && messages.len() as i64 > wanted.before {
        next_older = messages.drain(wanted.before as usize..).next().map(|one| one.seq);
    }
    messages.reverse();
    messages.extend(newer.messages);
    let next_newer = match wanted.after {
        0 => Some(anchor.seq.next()),
        _ => newer.up_to.map(|(_, seq)| seq.next()),
    };
    let last_seq = Seq(room.last_seq);
    let next_older = next_older.filter(|seq| *seq > Seq(0));
    let next_newer = next_newer.filter(|seq| *seq <= last_seq);
    let marked = search::marked(ask, messages).await?;
    let (messages, ranges) = marked.into_iter().unzip();
    let page = MessagePage {
        anchor,
        messages,
        ranges,
        has_older: next_older.is_some(),
        has_newer: next_newer.is_some(),
        older: next_older,
        newer: next_newer,
        room_last_seq: last_seq,
        read_seq,
        first_unread_seq: (read_seq < last_seq).then(|| read_seq.next()),
        as_of_rev: room.last_rev.into(),
    };
    Ok((page, in_time))
}

async fn locate(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    read_seq: Seq,
    anchor: Anchor,
) -> Result<ResolvedAnchor> {
    let last = Seq(room.last_seq);
    if last < Seq(1) {
        return Ok(instead(Seq(0), AnchorMiss::EmptyRoom));
    }
    Ok(match anchor {
        Anchor::Seq(seq) => numbered(seq, last),
        Anchor::Id(id) => match queries::seq_of(db, room, id).await? {
            Some(seq) => found(seq),
            None => instead(last, AnchorMiss::Unknown),
        },
        Anchor::Oldest => found(Seq(1)),
        Anchor::Newest => found(last),
        Anchor::FirstUnread if read_seq < last => found(read_seq.next()),
        Anchor::FirstUnread => instead(last, AnchorMiss::NothingUnread),
        Anchor::LastRead if read_seq > Seq(0) => found(read_seq.min(last)),
        Anchor::LastRead => instead(Seq(1), AnchorMiss::NothingRead),
        Anchor::Date(date) => {
            let since = date.begins().timestamp_micros();
            dated(date, queries::first_since(db, room, since).await?, last)
        }
    })
}

fn found(seq: Seq) -> ResolvedAnchor {
    ResolvedAnchor { seq, found: true, reason: None }
}

fn instead(seq: Seq, reason: AnchorMiss) -> ResolvedAnchor {
    ResolvedAnchor { seq, found: false, reason: Some(reason) }
}

fn numbered(seq: Seq, last: Seq) -> ResolvedAnchor {
    if seq > last {
        instead(last, AnchorMiss::BeyondNewest)
    } else if seq < Seq(1) {
        instead(Seq(1), AnchorMiss::BeforeOldest)
    } else {
        found(seq)
    }
}

/// Where a date leads, given the first message since it begins and when that was said.
fn dated(date: Date, first: Option<(Seq, i64)>, last: Seq) -> ResolvedAnchor {
    let end = date.ends().map(|end| end.timestamp_micros());
    match (first, end) {
        (Some((seq, said)), Some(end)) if said >= end => instead(seq, AnchorMiss::EmptyDay),
        (Some((seq, _)), _) => found(seq),
        (None, Some(_)) => instead(last, AnchorMiss::EmptyDay),
        (None, None) => instead(last, AnchorMiss::BeyondNewest),
    }
}

/// From a tombstone to the nearest message of the page that has its text, the later of two as near.
/// The page stays around the tombstone: who reads on from there, page by page, must come past any
/// number of them.
fn with_text(place: ResolvedAnchor, messages: &[Message]) -> ResolvedAnchor {
    let is_gone = |message: &&Message| message.deleted_at.is_some();
    let named = messages.iter().find(|message| message.seq == place.seq);
    if !place.found || named.filter(is_gone).is_none() {
        return place;
    }
    let living = messages.iter().filter(|message| !is_gone(message)).map(|message| message.seq);
    let nearest = living.min_by_key(|seq| ((seq.0 - place.seq.0).abs(), *seq < place.seq));
    instead(nearest.unwrap_or(place.seq), AnchorMiss::Deleted)
}

#[cfg(test)]
mod tests {
    use shared::{
        Timestamp,
        ids::{ClientId, MessageId, Rev},
        users::UserRef,
    };

    use super::*;

    fn wanted(anchor: Anchor, before: Option<u64>, after: Option<u64>) -> Wanted {
        Wanted::new(anchor, before, after).unwrap()
    }

    #[test]
    fn a_page_is_fifty_unless_asked_otherwise() {
        let sides = |anchor, before, after| {
            let wanted = wanted(anchor, before, after);
            (wanted.before, wanted.after)
        };
        assert_eq!(sides(Anchor::Newest, None, None), (49, 0));
        assert_eq!(sides(Anchor::Oldest, None, None), (0, 49));
        for anchor in [Anchor::Seq(Seq(7)), Anchor::Id(MessageId(7)), Anchor::FirstUnread] {
            assert_eq!(sides(anchor, None, None), (25, 24));
            assert_eq!(sides(anchor, Some(3), None), (3, 0));
            assert_eq!(sides(anchor, None, Some(200)), (0, 200));
        }
        assert_eq!(sides(Anchor::Newest, None, Some(0)), (0, 0));
        let wrong = Wanted::new(Anchor::Newest, Some(201), Some(u64::MAX)).unwrap_err();
        assert_eq!(wrong.len(), 2);
        assert_eq!(wrong[0], FieldError::new("before", "must be 0 to 200, and is 201"));
    }

    #[test]
    fn a_range_stays_within_the_room() {
        let range = |seq, before, after| {
            wanted(Anchor::Seq(seq), Some(before), Some(after)).range(seq, 120)
        };
        assert_eq!(range(Seq(60), 25, 24), (35, 84));
        assert_eq!(range(Seq(10), 25, 24), (1, 34));
        assert_eq!(range(Seq(110), 25, 24), (85, 120));
        assert_eq!(range(Seq(1), 200, 0), (1, 1));
        assert_eq!(range(Seq(120), 0, 200), (120, 120));
        assert_eq!(range(Seq(60), 200, 200), (1, 120));
    }

    #[test]
    fn a_number_beyond_the_room_is_its_end() {
        let last = Seq(120);
        assert_eq!(numbered(Seq(120), last), found(last));
        assert_eq!(numbered(Seq(121), last), instead(last, AnchorMiss::BeyondNewest));
        assert_eq!(numbered(Seq(i64::MAX), last), instead(last, AnchorMiss::BeyondNewest));
        assert_eq!(numbered(Seq(0), last), instead(Seq(1), AnchorMiss::BeforeOldest));
    }

    #[test]
    fn a_day_ends_and_a_moment_does_not() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().timestamp_micros();
        let last = Seq(9);
        let said = |text| Some((Seq(4), at(text)));
        let (day, moment) = (date("2026-03-01+02:00"), date("2026-03-01T14:30"));
        assert_eq!(dated(day, said("2026-03-01T21:59:59.999999Z"), last), found(Seq(4)));
        let next = instead(Seq(4), AnchorMiss::EmptyDay);
        assert_eq!(dated(day, said("2026-03-01T22:00:00Z"), last), next);
        assert_eq!(dated(day, None, last), instead(last, AnchorMiss::EmptyDay));
        assert_eq!(dated(moment, said("2030-01-01T00:00:00Z"), last), found(Seq(4)));
        assert_eq!(dated(moment, None, last), instead(last, AnchorMiss::BeyondNewest));
    }

    /// A run from 1 on, `x` for a tombstone.
    fn run(text: &str) -> Vec<Message> {
        let message = |(nth, c): (usize, char)| Message {
            id: MessageId(70 + nth as i64),
            room: RoomId(1),
            seq: Seq(1 + nth as i64),
            rev: Rev(1),
            user: UserRef { id: 1.into(), username: "ada".into() },
            content: String::new(),
            client_id: ClientId(uuid::Uuid::nil()),
            reply_to: None,
            created_at: Timestamp::UNIX_EPOCH,
            edited_at: None,
            deleted_at: (c == 'x').then_some(Timestamp::UNIX_EPOCH),
        };
        text.chars().enumerate().map(message).collect()
    }

    #[test]
    fn a_tombstone_leads_to_the_nearest_text() {
        let from = |text, seq| with_text(found(Seq(seq)), &run(text));
        let deleted = |seq| instead(Seq(seq), AnchorMiss::Deleted);
        assert_eq!(from("..x..", 2), found(Seq(2)));
        assert_eq!(from("..x..", 3), deleted(4));
        assert_eq!(from("..xx.", 3), deleted(2));
        assert_eq!(from(".xxx.", 3), deleted(5));
        assert_eq!(from("xxxx.", 1), deleted(5));
        assert_eq!(from("xxx", 2), deleted(2));
        // What was not found has its reason already.
        let beyond = instead(Seq(3), AnchorMiss::BeyondNewest);
        assert_eq!(with_text(beyond, &run("..x")), beyond);
    }
}
