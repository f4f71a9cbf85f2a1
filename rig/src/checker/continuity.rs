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
    connection::{Connection, SubscriptionState},
    index::Index,
};
use crate::history::Event;

pub fn check(index: &Index, at: usize, connection: &mut Connection, violations: &mut Violations) {
    let subscriptions = &mut connection.subscriptions;
    match &index.entries[at].event {
        // Subscribing again does not repair an open step.
        Event::Subscribe { room, .. }
            if !matches!(subscriptions.get(room), Some(SubscriptionState::SkippedAt { .. })) =>
        {
            subscriptions.insert(*room, SubscriptionState::Replay);
        }
        Event::Subscribed { room, rev } | Event::Gap { room, to_rev: rev, .. } => {
            let is_gap = matches!(&index.entries[at].event, Event::Gap { .. });
            if let Some(SubscriptionState::SkippedAt { at: step, after, .. }) =
                subscriptions.get(room)
                && is_gap
            {
                report_skip(*step, at, *room, *after, violations);
            }
            let rev = match subscriptions.get(room) {
                Some(SubscriptionState::Live(held)) => *held.max(rev),
                _ => *rev,
            };
            subscriptions.insert(*room, SubscriptionState::Live(rev));
        }
        // The reply to an earlier subscription may still follow.
        Event::LeftRoom { room, .. } => match subscriptions.get(room) {
            Some(SubscriptionState::Live(_)) => drop(subscriptions.remove(room)),
            Some(_) => drop(subscriptions.insert(*room, SubscriptionState::Replay)),
            None => {}
        },
        Event::Change { room, rev, .. } => check_change(at, *room, *rev, subscriptions, violations),
        _ => {}
    }
}

fn check_change(
    at: usize,
    room: RoomId,
    rev: Rev,
    subscriptions: &mut BTreeMap<RoomId, SubscriptionState>,
    violations: &mut Violations,
) {
    let Some(subscription) = subscriptions.get_mut(&room) else { return };
    match *subscription {
        SubscriptionState::Live(held) if rev > held.next() => {
            *subscription = SubscriptionState::SkippedAt { at, after: held, highest: rev };
        }
        SubscriptionState::Live(held) if rev == held.next() => {
            *subscription = SubscriptionState::Live(rev)
        }
        SubscriptionState::SkippedAt { at: step, after, highest } if rev <= highest => {
            report_skip(step, at, room, after, violations);
            *subscription = SubscriptionState::Replay;
        }
        SubscriptionState::SkippedAt { at, after, .. } => {
            *subscription = SubscriptionState::SkippedAt { at, after, highest: rev }
        }
        SubscriptionState::Live(_) | SubscriptionState::Replay => {}
    }
}

fn report_skip(step: usize, at: usize, room: RoomId, after: Rev, violations: &mut Violations) {
    let detail = format!("changes after {after} of room {room} were skipped");
    violations.add(Anomaly::SkipWithoutGap, [step, at], detail);
}
