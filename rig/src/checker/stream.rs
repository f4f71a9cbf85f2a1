//! Skip without gap.
//!
//! Once a socket is live in a room, the changes that it brings are consecutive. Where the server
//! left some out for want of room it says so by itself: there is a `gap` in their place, or what was
//! missed follows in latest states, by number, some missing, closed by `subscribed`. So a step of
//! more than one is a violation unless, on the same socket, a `subscribed` or `removed` of that room
//! follows, or the socket ends, before the numbers go back or a `gap` comes. Those come only because
//! the client noticed and asked again, and are what the server would not have sent by itself.
//! Between the client's `subscribe` and its answer any numbers may be missing.

use std::collections::BTreeMap;

use shared::ids::{Rev, RoomId};

use super::{Found, Kind, facts::Facts, walk::Link};
use crate::history::Event;

/// Where the changes of a room are, on one socket.
#[derive(Clone, Copy)]
pub enum Stream {
    /// Asked for, not yet answered.
    Replay,
    /// Consecutive from here.
    Live(Rev),
    /// A step of more than one came as this entry, after that number; the highest since.
    Ahead { at: usize, after: Rev, highest: Rev },
}

pub fn judge(facts: &Facts, at: usize, link: &mut Link, found: &mut Found) {
    let streams = &mut link.streams;
    match &facts.entries[at].event {
        // A step that is open stays so: asking again does not make it good.
        Event::Subscribe { room, .. }
            if !matches!(streams.get(room), Some(Stream::Ahead { .. })) =>
        {
            streams.insert(*room, Stream::Replay);
        }
        Event::Subscribed { room, rev } | Event::Gap { room, to_rev: rev, .. } => {
            let is_gap = matches!(&facts.entries[at].event, Event::Gap { .. });
            if let Some(Stream::Ahead { at: jump, after, .. }) = streams.get(room)
                && is_gap
            {
                left_out(*jump, at, *room, *after, found);
            }
            let rev = match streams.get(room) {
                Some(Stream::Live(held)) => *held.max(rev),
                _ => *rev,
            };
            streams.insert(*room, Stream::Live(rev));
        }
        // What was asked for before may still be answered.
        Event::OutOf { room, .. } => match streams.get(room) {
            Some(Stream::Live(_)) => drop(streams.remove(room)),
            Some(_) => drop(streams.insert(*room, Stream::Replay)),
            None => {}
        },
        Event::Change { room, rev, .. } => change(at, *room, *rev, streams, found),
        _ => {}
    }
}

fn change(
    at: usize,
    room: RoomId,
    rev: Rev,
    streams: &mut BTreeMap<RoomId, Stream>,
    found: &mut Found,
) {
    let Some(stream) = streams.get_mut(&room) else { return };
    match *stream {
        Stream::Live(held) if rev > held.next() => {
            *stream = Stream::Ahead { at, after: held, highest: rev };
        }
        Stream::Live(held) if rev == held.next() => *stream = Stream::Live(rev),
        Stream::Ahead { at: jump, after, highest } if rev <= highest => {
            left_out(jump, at, room, after, found);
            *stream = Stream::Replay;
        }
        Stream::Ahead { at, after, .. } => *stream = Stream::Ahead { at, after, highest: rev },
        Stream::Live(_) | Stream::Replay => {}
    }
}

fn left_out(jump: usize, at: usize, room: RoomId, after: Rev, found: &mut Found) {
    let detail = format!("after change {after} of room {room} something was left out");
    found.add(Kind::SkipWithoutGap, [jump, at], detail);
}
