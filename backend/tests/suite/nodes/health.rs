//! `/health/ready` without Redis or database, and sockets that survive an outage of the database.

use std::time::Duration;

use shared::live::ServerFrame;

use super::{Cluster, Fault};
use crate::{
    delivery::new_client_id,
    fixture::{LiveSocket, all_messages},
};

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_node_without_redis_is_ready_and_reports_it() {
    let cluster = Cluster::with_shared_database().await;
    for fault in [Fault::Killed, Fault::Paused] {
        cluster.inject(fault).await;
        let elapsed = cluster.wait_for(200, "redis", "unavailable").await;
        assert!(elapsed < Duration::from_secs(6), "{fault:?}: detected after {elapsed:?}");
        let (_, health) = cluster.health(0).await;
        assert_eq!(health["status"], "ok");
        assert_eq!(health["dependencies"]["database"]["status"], "ok");
        cluster.end_fault(fault).await;
    }
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_node_without_database_is_not_ready_and_keeps_its_sockets() {
    let cluster = Cluster::with_own_database().await;
    let database = cluster.database.as_ref().unwrap();
    let room = cluster.room();
    let mut sender = LiveSocket::in_room(&cluster.admin(0), room).await;
    let mut receiver = LiveSocket::in_room(&cluster.member(1), room).await;
    let mut sent = Vec::new();
    for is_killed in [false, true] {
        match is_killed {
            true => database.kill().unwrap(),
            false => database.pause().unwrap(),
        }
        let elapsed = cluster.wait_for(503, "database/status", "unavailable").await;
        assert!(elapsed < Duration::from_secs(5), "killed {is_killed}: detected after {elapsed:?}");
        let id = new_client_id();
        sender.send_message(room, id, "during the outage").await;
        tokio::time::sleep(Duration::from_secs(8)).await;
        match is_killed {
            true => drop(database.restart().await.unwrap()),
            false => database.resume().unwrap(),
        }
        let elapsed = cluster.wait_for(200, "database/status", "ok").await;
        assert!(
            elapsed < Duration::from_secs(5),
            "killed {is_killed}: recovered after {elapsed:?}"
        );
        // The sockets survive: the sender retries until the ack, and the other node delivers the message.
        retry_until_acked(&mut sender, room, id).await;
        sent.push(id);
        let message = receiver.expect(|frame| match frame {
            ServerFrame::Message { message, .. } => Some(message.client_id),
            _ => None,
        });
        assert_eq!(message.await, id);
    }
    let stored = all_messages(&cluster.member(1), room).await;
    assert!(stored[2..].iter().map(|message| message.client_id).eq(sent));
}

/// Sends the message again after each nack, until its ack.
async fn retry_until_acked(
    live: &mut LiveSocket,
    room: shared::ids::RoomId,
    id: shared::ids::ClientId,
) {
    loop {
        let is_acked = live.expect(|frame| match frame {
            ServerFrame::Ack { client_id, .. } => (*client_id == id).then_some(true),
            ServerFrame::Nack { client_id, problem, retry, .. } if *client_id == id => {
                assert!(retry, "{problem:?}");
                Some(false)
            }
            _ => None,
        });
        if is_acked.await {
            return;
        }
        live.send_message(room, id, "during the outage").await;
    }
}
