//! `/health/ready` tells the truth, and a database that is away costs no socket.

use std::time::Duration;

use shared::live::ServerFrame;

use super::{Cluster, Fault};
use crate::{
    actors::{LiveSocket, all},
    delivery::name,
};

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn without_redis_a_node_is_ready_and_says_what_is_missing() {
    let cluster = Cluster::assemble().await;
    for fault in [Fault::Killed, Fault::Paused] {
        cluster.torment(fault).await;
        let took = cluster.wait_for(200, "redis", "unavailable").await;
        assert!(took < Duration::from_secs(6), "{fault:?}: seen after {took:?}");
        let (_, health) = cluster.health(0).await;
        assert_eq!(health["status"], "ok");
        assert_eq!(health["dependencies"]["database"]["status"], "ok");
        cluster.relieve(fault).await;
    }
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn without_its_database_a_node_is_not_ready_and_keeps_its_sockets() {
    let cluster = Cluster::alone().await;
    let database = cluster.database.as_ref().unwrap();
    let room = cluster.room();
    let mut here = LiveSocket::in_room(&cluster.admin(0), room).await;
    let mut there = LiveSocket::in_room(&cluster.member(1), room).await;
    let mut said = Vec::new();
    for is_killed in [false, true] {
        match is_killed {
            true => database.kill().unwrap(),
            false => database.pause().unwrap(),
        }
        let took = cluster.wait_for(503, "database/status", "unavailable").await;
        assert!(took < Duration::from_secs(5), "killed {is_killed}: seen after {took:?}");
        let id = name();
        here.say(room, id, "into the void").await;
        tokio::time::sleep(Duration::from_secs(8)).await;
        match is_killed {
            true => drop(database.restart().await.unwrap()),
            false => database.resume().unwrap(),
        }
        let took = cluster.wait_for(200, "database/status", "ok").await;
        assert!(took < Duration::from_secs(5), "killed {is_killed}: back after {took:?}");
        // The same sockets: the word is said until it is acked, and heard on the other node.
        acked_in_the_end(&mut here, room, id).await;
        said.push(id);
        let message = there.expect(|frame| match frame {
            ServerFrame::Message { message, .. } => Some(message.client_id),
            _ => None,
        });
        assert_eq!(message.await, id);
    }
    let kept = all(&cluster.member(1), room).await;
    assert!(kept[2..].iter().map(|message| message.client_id).eq(said));
}

async fn acked_in_the_end(
    live: &mut LiveSocket,
    room: shared::ids::RoomId,
    id: shared::ids::ClientId,
) {
    loop {
        let is_acked = live.expect(|frame| match frame {
            ServerFrame::Ack { client_id, .. } => (*client_id == id).then_some(true),
            ServerFrame::Nack { client_id, problem, retry } if *client_id == id => {
                assert!(retry, "{problem:?}");
                Some(false)
            }
            _ => None,
        });
        if is_acked.await {
            return;
        }
        live.say(room, id, "into the void").await;
    }
}
