//! Skip without gap.
//!
//! The changes of a live subscription are consecutive. A server that drops changes for lack of buffer
//! space announces it: it sends `gap`, or it sends the missed rows in their latest states by number,
//! with steps of more than one, and closes them with `subscribed`. A step of more than one is
//! therefore a violation unless, on the same socket, `subscribed` or `removed` of that room follows, or
//! the socket ends, before the numbers go back or `gap` comes. Those come only because the client
//! noticed the step and subscribed again; the server would not have sent them by itself. Between the
//! client's `subscribe` and the reply any numbers may be missing.

use std::collections::BTreeMap;

use shared::ids::{Rev, RoomId};

use super::{
    Anomaly, Violations,
    connection::{Connection, Stream},
    index::Index,
};
use crate::history::Event;

pub fn check(index: &Index, at: usize, connection: &mut Connection, violations: &mut Violations) {
    let streams = &mut connection.streams;
    match &index.entries[at].event {
        // Subscribing again does not repair an open step.
        Event::Subscribe { room, .. }
            if !matches!(streams.get(room), Some(Stream::Stepped { .. })) =>
        {
            streams.insert(*room, Stream::Replay);
        }
        Event::Subscribed { room, rev } | Event::Gap { room, to_rev: rev, .. } => {
            let is_gap = matches!(&index.entries[at].event, Event::Gap { .. });
            if let Some(Stream::Stepped { at: step, after, .. }) = streams.get(room)
                && is_gap
            {
                report_skip(*step, at, *room, *after, violations);
            }
            let rev = match streams.get(room) {
                Some(Stream::Live(held)) => *held.max(rev),
                _ => *rev,
            };
            streams.insert(*room, Stream::Live(rev));
        }
        // The reply to an earlier subscription may still follow.
        Event::LeftRoom { room, .. } => match streams.get(room) {
            Some(Stream::Live(_)) => drop(streams.remove(room)),
            Some(_) => drop(streams.insert(*room, Stream::Replay)),
            None => {}
        },
        Event::Change { room, rev, .. } => check_change(at, *room, *rev, streams, violations),
        _ => {}
    }
}

fn check_change(
    at: usize,
    room: RoomId,
    rev: Rev,
    streams: &mut BTreeMap<RoomId, Stream>,
    violations: &mut Violations,
) {
    let Some(stream) = streams.get_mut(&room) else { return };
    match *stream {
        Stream::Live(held) if rev > held.next() => {
            *stream = Stream::Stepped { at, after: held, highest: rev };
        }
        Stream::Live(held) if rev == held.next() => *stream = Stream::Live(rev),
        Stream::Stepped { at: step, after, highest } if rev <= highest => {
            report_skip(step, at, room, after, violations);
            *stream = Stream::Replay;
        }
        Stream::Stepped { at, after, .. } => *stream = Stream::Stepped { at, after, highest: rev },
        Stream::Live(_) | Stream::Replay => {}
    }
}

fn report_skip(step: usize, at: usize, room: RoomId, after: Rev, violations: &mut Violations) {
    let detail = format!("changes after {after} of room {room} were skipped");
    violations.add(Anomaly::SkipWithoutGap, [step, at], detail);
}
