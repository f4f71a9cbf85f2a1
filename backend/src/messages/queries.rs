//! Reading what was said. Numbers are dense, so a page is a range of them: one index seek, however
//! long the room.

use sea_orm::ConnectionTrait;
use shared::{
    ids::{RoomId, Seq},
    messages::{Message, MessagePage},
    problem::Code,
};

use crate::{
    Result,
    tables::{messages_between, rooms},
};

/// Which messages of a room.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    /// The last ones.
    Newest,
    /// Those just before this one.
    Before(Seq),
    /// Those just after this one.
    After(Seq),
    /// Half of them before this one, it, and the rest after it.
    Around(Seq),
}

impl Window {
    /// The first and the last of `limit` messages, in a room of `last_seq`.
    fn range(self, limit: i64, last_seq: i64) -> (i64, i64) {
        let (from, to) = match self {
            Self::Newest => (last_seq - limit + 1, last_seq),
            Self::Before(seq) => {
                let end = seq.0.clamp(1, last_seq + 1) - 1;
                (end - limit + 1, end)
            }
            Self::After(seq) => {
                let start = seq.0.max(0).min(last_seq) + 1;
                (start, start + limit - 1)
            }
            Self::Around(seq) => {
                let start = seq.0.clamp(1, last_seq.max(1)) - limit / 2;
                (start, start + limit - 1)
            }
        };
        (from.max(1), to.min(last_seq))
    }
}

/// A page of a room, whose row was read before: what commits after that is not in it.
pub async fn page(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    read_seq: Seq,
    window: Window,
    limit: u64,
) -> Result<MessagePage> {
    let (from, to) = window.range(limit as i64, room.last_seq);
    let messages = range(db, RoomId(room.id), from, to).await?;
    Ok(MessagePage {
        messages,
        has_older: from > 1 && room.last_seq > 0,
        has_newer: to < room.last_seq,
        last_seq: room.last_seq.into(),
        read_seq,
        as_of_rev: room.last_rev.into(),
    })
}

/// The messages of a room from one number to another, both included.
pub async fn range(
    db: &impl ConnectionTrait,
    room: RoomId,
    from: i64,
    to: i64,
) -> Result<Vec<Message>> {
    Ok(messages_between(db, room, from, to).await?)
}

/// One message.
pub async fn one(db: &impl ConnectionTrait, room: RoomId, seq: Seq) -> Result<Message> {
    Ok(range(db, room, seq.0, seq.0).await?.pop().ok_or(Code::NotFound)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_range_within_the_room() {
        assert_eq!(Window::Newest.range(50, 120), (71, 120));
        assert_eq!(Window::Newest.range(50, 0), (1, 0));
        assert_eq!(Window::Before(Seq(71)).range(50, 120), (21, 70));
        assert_eq!(Window::Before(Seq(1)).range(50, 120), (1, 0));
        assert_eq!(Window::Before(Seq(i64::MIN)).range(50, 120), (1, 0));
        assert_eq!(Window::Before(Seq(i64::MAX)).range(50, 120), (71, 120));
        assert_eq!(Window::After(Seq(100)).range(50, 120), (101, 120));
        assert_eq!(Window::After(Seq(i64::MAX)).range(50, 120), (121, 120));
        assert_eq!(Window::After(Seq(-5)).range(50, 120), (1, 50));
        assert_eq!(Window::Around(Seq(60)).range(50, 120), (35, 84));
        assert_eq!(Window::Around(Seq(9_000)).range(50, 120), (95, 120));
    }
}
