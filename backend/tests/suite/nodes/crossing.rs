//! Changes on one node reach the other: at once, in one order, exactly once.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::{
    ids::{Rev, Seq},
    messages::Row,
    paths,
};

use super::Cluster;
use crate::{
    delivery::{
        name,
        order::{by_live, by_rest, pipeline, receive_ids},
    },
    fixture::{LiveSocket, Reader, all, fresh, head},
};

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_message_reaches_the_other_node_at_once() {
    const MESSAGE_COUNT: usize = 20;
    let cluster = Cluster::assemble().await;
    let room = cluster.room();
    let mut there = LiveSocket::in_room(&cluster.member(1), room).await;
    let mut here = LiveSocket::in_room(&cluster.admin(0), room).await;
    // The other node has just subscribed to the room.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut times = Vec::new();
    for nth in 0..MESSAGE_COUNT {
        let (id, since) = (name(), Instant::now());
        here.send_message(room, id, &format!("word {nth}")).await;
        let change = there.next_change().await;
        times.push(since.elapsed());
        let Row::Message(message) = change.row else { panic!("{change:?}") };
        assert_eq!((message.client_id, message.seq), (id, Seq(3 + nth as i64)));
        here.wait_ack(id).await;
    }
    times.sort();
    assert!(times[MESSAGE_COUNT - 1] < Duration::from_secs(1), "{times:?}");
    // Faster than polling: Redis carried it.
    assert!(times[MESSAGE_COUNT / 2] < Duration::from_millis(200), "{times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn readers_on_both_nodes_see_one_order() {
    const MESSAGE_COUNT: usize = 100;
    let cluster = Cluster::assemble().await;
    cluster.add_outsider().await;
    let room = cluster.room();
    let everywhere: Vec<_> = (0..2)
        .flat_map(|node| [cluster.admin(node), cluster.member(node), cluster.outsider(node)])
        .collect();
    let mut readers = Vec::new();
    for person in &everywhere {
        readers.push(LiveSocket::in_room(person, room).await);
    }
    let senders: Vec<_> = everywhere
        .iter()
        .cloned()
        .map(|person| tokio::spawn(async move { pipeline(&person, room, MESSAGE_COUNT).await }))
        .collect();
    let mut sent = Vec::new();
    for sender in senders {
        sent.push(sender.await.unwrap());
    }
    let mut received = Vec::new();
    for reader in &mut readers {
        received.push(receive_ids(reader, everywhere.len() * MESSAGE_COUNT).await);
    }
    assert!(received.iter().all(|one| *one == received[0]), "readers see different orders");
    for own in &sent {
        let order: Vec<_> = received[0].iter().filter(|id| own.contains(id)).copied().collect();
        assert_eq!(order, *own);
    }
    for person in &everywhere {
        let stored: Vec<_> = all(person, room).await.iter().map(|m| m.client_id).collect();
        assert_eq!(stored[2..], received[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn concurrent_sends_of_one_client_id_on_both_nodes_create_one_message() {
    let cluster = Cluster::assemble().await;
    let (room, path) = (cluster.room(), cluster.path(paths::MESSAGES));
    for round in 3..13 {
        let (id, text) = (name(), format!("race {round}"));
        let racers: Vec<_> = (0..8)
            .map(|nth| {
                let person = cluster.member(nth % 2);
                let (path, text) = (path.clone(), text.clone());
                tokio::spawn(async move {
                    match nth / 2 % 2 {
                        0 => by_live(&person, room, id, &text).await,
                        _ => by_rest(&person, &path, id, &text).await,
                    }
                })
            })
            .collect();
        let mut acks = Vec::new();
        for racer in racers {
            acks.push(racer.await.unwrap());
        }
        assert!(acks.iter().all(|ack| *ack == acks[0]), "{acks:?}");
        assert_eq!((acks[0].seq, &acks[0].content), (Seq(round), &text));
    }
    assert_eq!(all(&cluster.admin(1), room).await.len(), 12);
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn edits_and_deletes_reach_the_other_node() {
    let cluster = Cluster::assemble().await;
    let room = cluster.room();
    let mut reader = Reader::open(&cluster.member(1), room).await;
    assert!(reader.catch_up_to(Rev(5)).await);
    let word = |text: &str| json!({"content": text});
    let (admin, member) = (cluster.admin(0), cluster.member(0));
    admin.post(&cluster.path(paths::MESSAGES), word("third")).await.expect_status(201);
    member.patch(&cluster.message_path(1), word("first, edited")).await.expect_status(200);
    admin.patch(&cluster.message_path(3), word("third, edited")).await.expect_status(200);
    admin.delete(&cluster.message_path(2)).await.expect_status(204);
    admin.patch(&cluster.path(paths::ROOM), json!({"topic": "Changed"})).await.expect_status(200);
    let head = head(&admin, room).await;
    assert!(reader.catch_up_to(head).await);
    assert_eq!(reader.shown(), fresh(&admin, room).await);
    assert_eq!(reader.gaps, 0);
    let (messages, _) = reader.shown();
    let texts: Vec<_> = messages.iter().map(|message| &*message.content).collect();
    assert_eq!(texts, ["first, edited", "", "third, edited"]);
    assert_eq!(reader.timeline.room().map(|room| &*room.topic), Some("Changed"));
}
