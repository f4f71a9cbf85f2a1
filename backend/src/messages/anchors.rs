//! Resolves the anchor of a page to the `seq` of a message.

use shared::{
    Timestamp,
    ids::Seq,
    messages::{Anchor, AnchorMiss, Message, ResolvedAnchor},
};

use super::queries;
use crate::{
    Result,
    http::time_zone::Zone,
    tables::{Connection, RoomView},
};

/// Resolves an anchor to its message or, if there is none, to the nearest message. The zone applies to
/// a date without an offset.
pub async fn resolve_anchor(
    db: &impl Connection,
    room: &RoomView,
    (anchor, zone): (Anchor, Zone),
) -> Result<ResolvedAnchor> {
    let (first, last, read_seq) = (room.first_seq(), Seq(room.last_seq), room.read_seq());
    if last < first {
        return Ok(miss(last, AnchorMiss::EmptyRoom));
    }
    Ok(match anchor {
        Anchor::Seq(seq) => resolve_seq(seq, first, last),
        Anchor::Id(id) => match queries::seq_of_id(db, room, id).await? {
            Some(seq) => hit(seq),
            None => miss(last, AnchorMiss::Unknown),
        },
        Anchor::Oldest => hit(first),
        Anchor::Newest => hit(last),
        Anchor::FirstUnread if read_seq < last => hit(read_seq.next().max(first)),
        Anchor::FirstUnread => miss(last, AnchorMiss::NothingUnread),
        Anchor::LastRead if read_seq >= first => hit(read_seq.min(last)),
        Anchor::LastRead => miss(first, AnchorMiss::NothingRead),
        Anchor::Date(date) => {
            let since = date.start(&zone).timestamp_micros();
            resolve_date(date.end(&zone), queries::first_since(db, room, since).await?, last)
        }
    })
}

fn hit(seq: Seq) -> ResolvedAnchor {
    ResolvedAnchor { seq, found: true, reason: None }
}

fn miss(seq: Seq, reason: AnchorMiss) -> ResolvedAnchor {
    ResolvedAnchor { seq, found: false, reason: Some(reason) }
}

fn resolve_seq(seq: Seq, first: Seq, last: Seq) -> ResolvedAnchor {
    if seq > last {
        miss(last, AnchorMiss::BeyondNewest)
    } else if seq < first {
        miss(first, AnchorMiss::BeforeOldest)
    } else {
        hit(seq)
    }
}

/// Resolves a date, given its end, and the first message since its start and when that was posted, in
/// microseconds since 1970.
fn resolve_date(end: Option<Timestamp>, first: Option<(Seq, i64)>, last: Seq) -> ResolvedAnchor {
    let end = end.map(|end| end.timestamp_micros());
    match (first, end) {
        (Some((seq, created_at)), Some(end)) if created_at >= end => {
            miss(seq, AnchorMiss::EmptyDay)
        }
        (Some((seq, _)), _) => hit(seq),
        (None, Some(_)) => miss(last, AnchorMiss::EmptyDay),
        (None, None) => miss(last, AnchorMiss::BeyondNewest),
    }
}

/// Moves an anchor at a tombstone to the nearest message of the page that is not deleted, the later
/// of two equally near ones. The page stays around the tombstone, so that clients can page past any
/// number of tombstones.
pub fn skip_tombstone(anchor: ResolvedAnchor, messages: &[Message]) -> ResolvedAnchor {
    let is_deleted = |message: &&Message| message.deleted_at.is_some();
    let message = messages.iter().find(|message| message.seq == anchor.seq);
    if !anchor.found || message.filter(is_deleted).is_none() {
        return anchor;
    }
    let others = messages.iter().filter(|message| !is_deleted(message)).map(|message| message.seq);
    let nearest = others.min_by_key(|seq| ((seq.0 - anchor.seq.0).abs(), *seq < anchor.seq));
    miss(nearest.unwrap_or(anchor.seq), AnchorMiss::Deleted)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use shared::{
        ids::{ClientId, MessageId, Rev, RoomId},
        messages::{Date, Reactions},
        text::Format,
        users::UserRef,
    };

    use super::*;

    #[test]
    fn a_seq_outside_the_room_resolves_to_its_end() {
        let (first, last) = (Seq(7), Seq(120));
        let resolve = |seq| resolve_seq(Seq(seq), first, last);
        assert_eq!(resolve(120), hit(last));
        assert_eq!(resolve(121), miss(last, AnchorMiss::BeyondNewest));
        assert_eq!(resolve(i64::MAX), miss(last, AnchorMiss::BeyondNewest));
        assert_eq!(resolve(7), hit(first));
        assert_eq!(resolve(6), miss(first, AnchorMiss::BeforeOldest));
        assert_eq!(resolve(0), miss(first, AnchorMiss::BeforeOldest));
    }

    #[test]
    fn a_day_has_an_end_and_a_time_has_none() {
        let end = |text: &str| text.parse::<Date>().unwrap().end(&Utc);
        let at = |text: &str| text.parse::<Timestamp>().unwrap().timestamp_micros();
        let last = Seq(9);
        let posted = |text| Some((Seq(4), at(text)));
        let (day, time) = (end("2026-03-01+02:00"), end("2026-03-01T14:30"));
        assert_eq!(resolve_date(day, posted("2026-03-01T21:59:59.999999Z"), last), hit(Seq(4)));
        let next = miss(Seq(4), AnchorMiss::EmptyDay);
        assert_eq!(resolve_date(day, posted("2026-03-01T22:00:00Z"), last), next);
        assert_eq!(resolve_date(day, None, last), miss(last, AnchorMiss::EmptyDay));
        assert_eq!(resolve_date(time, posted("2030-01-01T00:00:00Z"), last), hit(Seq(4)));
        assert_eq!(resolve_date(time, None, last), miss(last, AnchorMiss::BeyondNewest));
    }

    /// Messages from `seq` 1 on; `x` is a tombstone.
    fn messages(text: &str) -> Vec<Message> {
        let message = |(nth, c): (usize, char)| Message {
            id: MessageId(70 + nth as i64),
            room: RoomId(1),
            seq: Seq(1 + nth as i64),
            rev: Rev(1),
            user: UserRef { id: 1.into(), username: "ada".into(), display_name: None },
            format: Format::Text,
            content: String::new(),
            client_id: ClientId(uuid::Uuid::nil()),
            reply_to: None,
            created_at: Timestamp::UNIX_EPOCH,
            edited_at: None,
            deleted_at: (c == 'x').then_some(Timestamp::UNIX_EPOCH),
            reactions: Reactions::default(),
        };
        text.chars().enumerate().map(message).collect()
    }

    #[test]
    fn a_tombstone_resolves_to_the_nearest_message() {
        let skip = |text, seq| skip_tombstone(hit(Seq(seq)), &messages(text));
        let deleted = |seq| miss(Seq(seq), AnchorMiss::Deleted);
        assert_eq!(skip("..x..", 2), hit(Seq(2)));
        assert_eq!(skip("..x..", 3), deleted(4));
        assert_eq!(skip("..xx.", 3), deleted(2));
        assert_eq!(skip(".xxx.", 3), deleted(5));
        assert_eq!(skip("xxxx.", 1), deleted(5));
        assert_eq!(skip("xxx", 2), deleted(2));
        // A miss keeps its reason.
        let beyond = miss(Seq(3), AnchorMiss::BeyondNewest);
        assert_eq!(skip_tombstone(beyond, &messages("..x")), beyond);
    }
}
