//! Losing Redis delays changes, but loses none.

use std::time::{Duration, Instant};

use shared::{
    ids::{ClientId, UserId},
    live::{ClientFrame, ServerFrame},
    messages::{Change, Row},
};
use tokio::time::timeout;

use super::{Cluster, Fault};
use crate::{
    delivery::new_client_id,
    fixture::{LiveSocket, TIMEOUT, all_messages},
};

const MESSAGE_COUNT: usize = 15;
/// The longest delay from the ack to the reader on the other node without Redis.
const MAX_DELAY: Duration = Duration::from_millis(1_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_killed_redis_loses_no_change() {
    check_fault(Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_paused_redis_loses_no_change() {
    check_fault(Fault::Paused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_flushed_redis_loses_no_change() {
    check_fault(Fault::Flushed).await;
}

async fn check_fault(fault: Fault) {
    let cluster = Cluster::with_shared_database().await;
    let room = cluster.room();
    let mut poster = LiveSocket::in_room(&cluster.admin(0), room).await;
    let mut receiver = LiveSocket::in_room(&cluster.member(1), room).await;
    let mut sent = Vec::new();
    for fault in [Fault::None, fault, Fault::None, fault] {
        cluster.inject(fault).await;
        sent.extend(post_and_receive(&mut poster, &mut receiver, room, fault).await);
        cluster.end_fault(fault).await;
        // Typing travels only by Redis, so it shows that the nodes have subscribed again.
        wait_until_typing_arrives(&cluster, &mut poster, &mut receiver).await;
    }
    for node in 0..2 {
        let stored: Vec<_> = all_messages(&cluster.admin(node), room).await;
        assert!(stored[2..].iter().map(|message| message.client_id).eq(sent.iter().copied()));
    }
}

/// Posts on one node; the other must receive all messages in order and in time.
async fn post_and_receive(
    poster: &mut LiveSocket,
    receiver: &mut LiveSocket,
    room: shared::ids::RoomId,
    fault: Fault,
) -> Vec<ClientId> {
    let sender = async {
        let mut acked = Vec::new();
        for nth in 0..MESSAGE_COUNT {
            let (id, start) = (new_client_id(), Instant::now());
            poster.send_message(room, id, &format!("word {nth}")).await;
            poster.wait_ack(id).await;
            assert!(start.elapsed() < Duration::from_secs(1), "{fault:?}: {:?}", start.elapsed());
            acked.push((id, Instant::now()));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        acked
    };
    let reader = async {
        let mut received: Vec<(Change, Instant)> = Vec::new();
        while received.len() < MESSAGE_COUNT {
            received.push((receiver.next_change().await, Instant::now()));
        }
        received
    };
    let (acked, received) = tokio::join!(sender, reader);
    for ((id, acked), (change, received)) in acked.iter().zip(&received) {
        let Row::Message(message) = &change.row else { panic!("{change:?}") };
        assert_eq!(message.client_id, *id, "{fault:?}");
        let delay = received.saturating_duration_since(*acked);
        assert!(delay < MAX_DELAY, "{fault:?}: {} came {delay:?} after its ack", message.content);
    }
    assert!(received.windows(2).all(|pair| pair[1].0.rev == pair[0].0.rev.next()));
    acked.into_iter().map(|(id, _)| id).collect()
}

/// Sends typing until it arrives. Retries, because a node forwards typing only once every few seconds.
async fn wait_until_typing_arrives(
    cluster: &Cluster,
    poster: &mut LiveSocket,
    receiver: &mut LiveSocket,
) {
    let member = cluster.member(1).user.id;
    let typed = |frame: &ServerFrame| match frame {
        ServerFrame::Typing { user, .. } => Some(user.id),
        _ => None,
    };
    let arrival = async {
        loop {
            receiver.send(&ClientFrame::Typing { room: cluster.room() }).await;
            let received: Result<UserId, _> =
                timeout(Duration::from_secs(1), poster.expect(typed)).await;
            if received.is_ok_and(|user_id| user_id == member) {
                return;
            }
        }
    };
    timeout(TIMEOUT, arrival).await.expect("Redis is connected, but no event arrives");
}
