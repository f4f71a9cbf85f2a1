//! Skip without gap: the server drops changes of a live subscription silently.
//!
//! The revs of a live subscription are consecutive. A server that drops changes for lack of buffer
//! space announces it: it sends `gap`, or it sends the missed rows in their latest states by rev,
//! which may skip revs, and closes them with `subscribed`. A skip is therefore no violation if
//! `subscribed` or `removed` of the room follows on the same socket, or the socket ends. It is a
//! violation if, before that, a rev is not above the highest one since the skip, or `gap` comes:
//! both are replies to a client that noticed the skip and subscribed again, so the server has
//! announced nothing. Between the client's `subscribe` and the reply any revs may be missing.

use std::collections::BTreeMap;

use shared::ids::{Rev, RoomId};

use super::{
    Anomaly, Violations,
    connection::{Connection, SubscriptionState},
    index::HistoryIndex,
};
use crate::history::Event;

pub fn check(
    index: &HistoryIndex,
    at: usize,
    connection: &mut Connection,
    violations: &mut Violations,
) {
    let subscriptions = &mut connection.subscriptions;
    match &index.entries[at].event {
        // Subscribing again does not excuse an earlier skip.
        Event::Subscribe { room, .. }
            if !matches!(subscriptions.get(room), Some(SubscriptionState::Skipped { .. })) =>
        {
            subscriptions.insert(*room, SubscriptionState::Replay);
        }
        Event::Subscribed { room, rev } | Event::Gap { room, to_rev: rev, .. } => {
            let is_gap = matches!(&index.entries[at].event, Event::Gap { .. });
            if let Some(SubscriptionState::Skipped { at: skip, after, .. }) =
                subscriptions.get(room)
                && is_gap
            {
                report_skip(*skip, at, *room, *after, violations);
            }
            let rev = match subscriptions.get(room) {
                Some(SubscriptionState::Live(last)) => *last.max(rev),
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
        SubscriptionState::Live(last) if rev > last.next() => {
            *subscription = SubscriptionState::Skipped { at, after: last, highest: rev };
        }
        SubscriptionState::Live(last) if rev == last.next() => {
            *subscription = SubscriptionState::Live(rev)
        }
        SubscriptionState::Skipped { at: skip, after, highest } if rev <= highest => {
            report_skip(skip, at, room, after, violations);
            *subscription = SubscriptionState::Replay;
        }
        SubscriptionState::Skipped { at, after, .. } => {
            *subscription = SubscriptionState::Skipped { at, after, highest: rev }
        }
        SubscriptionState::Live(_) | SubscriptionState::Replay => {}
    }
}

fn report_skip(skip: usize, at: usize, room: RoomId, after: Rev, violations: &mut Violations) {
    let detail = format!("changes after {after} of room {room} were skipped");
    violations.add(Anomaly::SkipWithoutGap, [skip, at], detail);
}
