//! The fan-out under concurrency: each room keeps its order, and nobody gets what comes after their
//! removal.

use std::{ops::Range, time::Duration};

use futures_util::future::join_all;
use hallway::realtime::hub::{Credential, Hub, Inbox, NodeEvent, RoomChange, Signal};
use serde_json::{Value, json};
use shared::{
    ids::{Rev, RoomId, UserId},
    live::RemovedReason,
    messages::{Change, Row},
};
use tokio::time::timeout;

use super::new_client_id;
use crate::fixture::{Fixture, LiveSocket, TIMEOUT};

/// The number of tasks that publish at the same time, as the actors of several nodes do.
const PUBLISHERS: i64 = 4;
/// The revs that the tests publish are greater than those of the fixture's room.
const FIRST: i64 = 101;
/// Fewer than the capacity of an inbox.
const COUNT: i64 = 400;

fn subscriber(hub: &Hub, user: UserId, rooms: &[RoomId]) -> Inbox {
    let credential = Credential { user, session: None, generation: 0, expires_at: None };
    let inbox = hub.connect(credential, usize::MAX).unwrap();
    for room in rooms {
        inbox.subscribe(*room);
        inbox.init_published_rev(*room, Rev(FIRST - 1));
    }
    inbox
}

fn row(value: Value) -> Row {
    serde_json::from_value::<Change>(value).unwrap().row
}

fn message(room: RoomId, rev: i64) -> NodeEvent {
    let row = row(json!({
        "rev": rev,
        "message": {
            "id": rev, "room": room, "seq": rev, "rev": rev, "user": {"id": 1, "username": "ada"},
            "content": "hello", "client_id": new_client_id(), "reply_to": null,
            "created_at": "2026-01-01T00:00:00Z", "edited_at": null, "deleted_at": null,
        },
    }));
    NodeEvent::Change(RoomChange::new(room, Change::new(Rev(rev), row)))
}

fn departure(room: RoomId, rev: i64, user: UserId) -> NodeEvent {
    let row = row(json!({
        "rev": rev,
        "member": {
            "user": {"id": user, "username": "eve"}, "role": "member", "rank": "member",
            "visible_from": 1, "joined_at": "2026-01-01T00:00:00Z", "left": true, "rev": rev,
        },
    }));
    let change = RoomChange::new(room, Change::new(Rev(rev), row));
    NodeEvent::Change(RoomChange { removed: Some(RemovedReason::Left), ..change })
}

/// Publishes the changes with these revs. Each of several tasks publishes every fourth of them, so most
/// changes arrive before their predecessors.
async fn publish_concurrently(
    hub: &Hub,
    revs: Range<i64>,
    change: impl Fn(i64) -> NodeEvent + Copy + Send + 'static,
) {
    let publishers = (0..PUBLISHERS).map(|nth| {
        let (hub, revs) = (hub.clone(), revs.clone());
        tokio::spawn(async move {
            for rev in revs.filter(|rev| rev % PUBLISHERS == nth) {
                hub.publish(change(rev));
                tokio::task::yield_now().await;
            }
        })
    });
    join_all(publishers).await.into_iter().for_each(Result::unwrap);
}

/// The revs of the changes in an inbox, in their order.
fn drain_revs(inbox: &Inbox, room: RoomId) -> Vec<i64> {
    let signals = inbox.drain().signals.into_iter();
    let rev = |signal| match signal {
        Signal::Change(publication) if publication.room == room => Some(publication.rev.0),
        _ => None,
    };
    signals.filter_map(rev).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_publishers_keep_the_order_of_each_room() {
    let fixture = Fixture::start().await;
    let (hub, room) = (fixture.server.hub(), fixture.room);
    let readers = [&fixture.member, &fixture.member, &fixture.admin]
        .map(|person| subscriber(hub, person.user.id, &[room]));
    publish_concurrently(hub, FIRST..FIRST + COUNT, move |rev| message(room, rev)).await;
    let expected: Vec<_> = (FIRST..FIRST + COUNT).collect();
    for reader in &readers {
        assert_eq!(drain_revs(reader, room), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_who_is_removed_during_the_fan_out_gets_nothing_after_it() {
    let fixture = Fixture::start().await;
    let (hub, room) = (fixture.server.hub(), fixture.room);
    let (stays, leaves) = (fixture.member.user.id, fixture.outsider.user.id);
    let removal = FIRST + COUNT / 2;
    let reader = subscriber(hub, stays, &[room]);
    let removed = [(); 2].map(|()| subscriber(hub, leaves, &[room]));
    let elsewhere = subscriber(hub, leaves, &[]);
    let change = move |rev| match rev == removal {
        true => departure(room, rev, leaves),
        false => message(room, rev),
    };
    publish_concurrently(hub, FIRST..FIRST + COUNT, change).await;
    assert_eq!(drain_revs(&reader, room), (FIRST..FIRST + COUNT).collect::<Vec<_>>());
    for inbox in &removed {
        let mut signals = inbox.drain().signals;
        let last = signals.pop();
        assert!(matches!(last, Some(Signal::Removed(of, RemovedReason::Left)) if of == room));
        let revs = signals.into_iter().map(|signal| match signal {
            Signal::Change(publication) => publication.rev.0,
            other => panic!("{other:?}"),
        });
        assert_eq!(revs.collect::<Vec<_>>(), (FIRST..=removal).collect::<Vec<_>>());
    }
    // A device that shows another room has to take this one from its list.
    let signals = elsewhere.drain().signals;
    assert!(matches!(&signals[..], [Signal::Removed(of, _)] if *of == room), "{signals:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lagging_inbox_is_bounded_and_delays_no_other() {
    let fixture = Fixture::start().await;
    let (hub, room) = (fixture.server.hub(), fixture.room);
    let [slow, fast] =
        [&fixture.member, &fixture.admin].map(|person| subscriber(hub, person.user.id, &[room]));
    let mut received = Vec::new();
    for rev in FIRST..FIRST + 2 * COUNT {
        hub.publish(message(room, rev));
        timeout(TIMEOUT, fast.not_empty()).await.unwrap();
        received.extend(drain_revs(&fast, room));
    }
    assert_eq!(received, (FIRST..FIRST + 2 * COUNT).collect::<Vec<_>>());
    let drained = slow.drain();
    assert!(drained.is_lagging && drained.close.is_none());
    assert!((1..2 * COUNT as usize).contains(&drained.signals.len()));
    assert_eq!(slow.published_rev(room), Rev(FIRST + 2 * COUNT - 1));
    assert!(timeout(Duration::from_millis(50), slow.not_empty()).await.is_err());
    hub.publish(message(room, FIRST + 2 * COUNT));
    timeout(TIMEOUT, slow.not_empty()).await.unwrap();
    assert_eq!(drain_revs(&slow, room), [FIRST + 2 * COUNT]);
}

/// A wrong order of the locks would end in a deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sockets_that_come_and_go_and_revocations_do_not_block_each_other() {
    let fixture = Fixture::start().await;
    let (hub, user) = (fixture.server.hub().clone(), fixture.outsider.user.id);
    // 64 rooms apart, so that some share a shard and some do not.
    let rooms = [1, 2, 3, 65, 66, 129].map(|id| RoomId(1_000_000 + id));
    let visitors = (0..PUBLISHERS).map(|_| {
        let hub = hub.clone();
        tokio::spawn(async move {
            for _ in 0..300 {
                let inbox = subscriber(&hub, user, &[]);
                rooms.iter().for_each(|room| inbox.subscribe(*room));
                rooms.iter().for_each(|room| inbox.confirm_member(*room));
                inbox.unsubscribe(rooms[0]);
                hub.close_sockets(&[inbox.socket()]);
                assert!(inbox.has_access_ended());
                tokio::task::yield_now().await;
            }
        })
    });
    let publishers = rooms.map(|room| {
        let hub = hub.clone();
        tokio::spawn(async move {
            for rev in FIRST..FIRST + COUNT {
                hub.publish(departure(room, rev, user));
                hub.publish(NodeEvent::RoomDeleted { room });
                tokio::task::yield_now().await;
            }
        })
    });
    let tasks = join_all(visitors.chain(publishers));
    let ended = timeout(3 * TIMEOUT, tasks).await.expect("no deadlock");
    ended.into_iter().for_each(Result::unwrap);
    assert!(hub.sockets_of(&[user]).is_empty());
    assert!(rooms.iter().all(|room| hub.online_users(*room).is_empty()));
}

/// The socket is lost between the commit and the ack: the page gets the message as a change, and the retry
/// gets the ack of the same message.
#[tokio::test]
async fn a_message_whose_ack_was_lost_comes_with_the_catch_up() {
    let fixture = Fixture::start().await;
    let mut reader = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let [lost, next] = [new_client_id(), new_client_id()];
    live.send_message(fixture.room, lost, "on the train").await;
    assert_eq!(reader.next_change().await.rev, Rev(6));
    drop(live);
    let mut live = LiveSocket::open(&fixture.member).await;
    let missed = live.subscribe(fixture.room, Some(Rev(5))).await;
    let [Change { rev: Rev(6), row: Row::Message(message), .. }] = &missed[..] else {
        panic!("{missed:?}");
    };
    assert_eq!(message.client_id, lost);
    live.send_message(fixture.room, lost, "on the train").await;
    assert_eq!(live.wait_ack(lost).await, *message);
    live.send_message(fixture.room, next, "and off").await;
    assert_eq!(live.wait_ack(next).await.rev, Rev(7));
    // It was not posted twice.
    assert_eq!(reader.next_change().await.rev, Rev(7));
}
