//! Changes on one node reach the other node at once, in one order, and exactly once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::{
    ids::{Rev, Seq, UserId},
    live::ServerFrame,
    messages::Row,
    paths,
    problem::Code,
    rooms::MyRoom,
};

use super::Cluster;
use crate::{
    delivery::{
        new_client_id,
        order::{post_by_rest, post_by_socket, post_pipelined, receive_ids},
    },
    fixture::{LiveSocket, Person, Reader, all_messages, last_rev, read_by_rest},
};

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_message_reaches_the_other_node_at_once() {
    const MESSAGE_COUNT: usize = 20;
    let cluster = Cluster::with_shared_database().await;
    let room = cluster.room();
    let mut subscriber = LiveSocket::in_room(&cluster.member(1), room).await;
    let mut poster = LiveSocket::in_room(&cluster.admin(0), room).await;
    // Wait until the node has subscribed to the room's events in Redis.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut times = Vec::new();
    for nth in 0..MESSAGE_COUNT {
        let (id, start) = (new_client_id(), Instant::now());
        poster.send_message(room, id, &format!("word {nth}")).await;
        let change = subscriber.next_change().await;
        times.push(start.elapsed());
        let Row::Message(message) = change.row else { panic!("{change:?}") };
        assert_eq!((message.client_id, message.seq), (id, Seq(3 + nth as i64)));
        poster.wait_ack(id).await;
    }
    times.sort();
    assert!(times[MESSAGE_COUNT - 1] < Duration::from_secs(1), "{times:?}");
    // Half of the messages arrive faster than by polling, so Redis delivers them.
    assert!(times[MESSAGE_COUNT / 2] < Duration::from_millis(200), "{times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn readers_on_both_nodes_see_one_order() {
    const MESSAGE_COUNT: usize = 100;
    let cluster = Cluster::with_shared_database().await;
    cluster.add_outsider().await;
    let room = cluster.room();
    let clients: Vec<_> = (0..2)
        .flat_map(|node| [cluster.admin(node), cluster.member(node), cluster.outsider(node)])
        .collect();
    let mut readers = Vec::new();
    for person in &clients {
        readers.push(LiveSocket::in_room(person, room).await);
    }
    let senders: Vec<_> = clients
        .iter()
        .cloned()
        .map(|person| {
            tokio::spawn(async move { post_pipelined(&person, room, MESSAGE_COUNT).await })
        })
        .collect();
    let mut sent = Vec::new();
    for sender in senders {
        sent.push(sender.await.unwrap());
    }
    let mut received = Vec::new();
    for reader in &mut readers {
        received.push(receive_ids(reader, clients.len() * MESSAGE_COUNT).await);
    }
    assert!(received.iter().all(|one| *one == received[0]), "readers see different orders");
    for own in &sent {
        let order: Vec<_> = received[0].iter().filter(|id| own.contains(id)).copied().collect();
        assert_eq!(order, *own);
    }
    for person in &clients {
        let stored: Vec<_> = all_messages(person, room).await.iter().map(|m| m.client_id).collect();
        assert_eq!(stored[2..], received[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn concurrent_sends_of_one_client_id_on_both_nodes_create_one_message() {
    let cluster = Cluster::with_shared_database().await;
    let (room, path) = (cluster.room(), cluster.path(paths::MESSAGES));
    for round in 3..13 {
        let (id, text) = (new_client_id(), format!("race {round}"));
        let senders: Vec<_> = (0..8)
            .map(|nth| {
                let person = cluster.member(nth % 2);
                let (path, text) = (path.clone(), text.clone());
                tokio::spawn(async move {
                    match nth / 2 % 2 {
                        0 => post_by_socket(&person, room, id, &text).await,
                        _ => post_by_rest(&person, &path, id, &text).await,
                    }
                })
            })
            .collect();
        let mut acks = Vec::new();
        for sender in senders {
            acks.push(sender.await.unwrap());
        }
        assert!(acks.iter().all(|ack| *ack == acks[0]), "{acks:?}");
        assert_eq!((acks[0].seq, &acks[0].content), (Seq(round), &text));
    }
    assert_eq!(all_messages(&cluster.admin(1), room).await.len(), 12);
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn edits_and_deletes_reach_the_other_node() {
    let cluster = Cluster::with_shared_database().await;
    let room = cluster.room();
    let mut reader = Reader::open(&cluster.member(1), room).await;
    assert!(reader.catch_up_to(Rev(5)).await);
    let content = |text: &str| json!({"content": text});
    let (admin, member) = (cluster.admin(0), cluster.member(0));
    admin.post(&cluster.path(paths::MESSAGES), content("third")).await.expect_status(201);
    member.patch(&cluster.message_path(1), content("first, edited")).await.expect_status(200);
    admin.patch(&cluster.message_path(3), content("third, edited")).await.expect_status(200);
    admin.delete(&cluster.message_path(2)).await.expect_status(204);
    admin.patch(&cluster.path(paths::ROOM), json!({"topic": "Changed"})).await.expect_status(200);
    let last_rev = last_rev(&admin, room).await;
    assert!(reader.catch_up_to(last_rev).await);
    assert_eq!(reader.contents(), read_by_rest(&admin, room).await);
    assert_eq!(reader.gaps, 0);
    let (messages, _) = reader.contents();
    let texts: Vec<_> = messages.iter().map(|message| &*message.content).collect();
    assert_eq!(texts, ["first, edited", "", "third, edited"]);
    assert_eq!(reader.timeline.room().map(|room| &*room.topic), Some("Changed"));
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn slow_mode_counts_the_messages_of_both_nodes() {
    let cluster = Cluster::with_shared_database().await;
    let (room, messages) = (cluster.room(), paths::fill(paths::MESSAGES, &[&cluster.room()]));
    let change = json!({"policies": {"slow_s": 60}});
    let path = paths::fill(paths::ROOM, &[&room]);
    cluster.admin(0).patch(&path, change).await.expect_status(200);
    let (here, there) = (cluster.member(0), cluster.member(1));
    let post = |person, text| {
        let (person, messages): (&Person, &str) = (person, &messages);
        let body = json!({"content": text, "client_id": new_client_id()});
        async move { person.post(messages, body).await.status }
    };
    let mut statuses: [u16; 2] = tokio::join!(post(&here, "one"), post(&there, "two")).into();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 429]);
    assert_eq!(post(&there, "three").await, 429);
    assert_eq!(post(&here, "four").await, 429);
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_block_reaches_the_other_node() {
    let cluster = Cluster::with_shared_database().await;
    let (member, admin) = (cluster.member(0), cluster.admin(1));
    let users = json!({"users": [admin.user.id]});
    let direct: MyRoom = member.post(paths::DIRECT, users).await.expect_json(201);
    let messages = paths::fill(paths::MESSAGES, &[&direct.id]);
    admin.post(&messages, json!({"content": "before"})).await.expect_status(201);
    let mut live = LiveSocket::open(&cluster.member(1)).await;
    let block = paths::fill(paths::BLOCK, &[&admin.user.id]);
    member.put(&block, Value::Null).await.expect_status(204);
    let refused = admin.post(&messages, json!({"content": "after"})).await;
    refused.expect_problem(Code::DirectRefused);
    let blocked = live.expect(|frame| match frame {
        ServerFrame::Blocks { users } => Some(users.clone()),
        _ => None,
    });
    assert_eq!(blocked.await, [admin.user.id]);
}

/// Two changes of one list, one on each node: both nodes tell the other, in any order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn the_last_blocks_on_each_node_are_the_newest() {
    const ROUNDS: usize = 10;
    let cluster = Cluster::with_shared_database().await;
    let members = [cluster.member(0), cluster.member(1)];
    let blocked = [cluster.admin(0).user.id, cluster.outsider(0).user.id];
    let paths = blocked.map(|id| paths::fill(paths::BLOCK, &[&id]));
    let mut sockets = [LiveSocket::open(&members[0]).await, LiveSocket::open(&members[1]).await];
    let mut both = blocked.to_vec();
    both.sort_unstable();
    for _ in 0..ROUNDS {
        for (method, expected) in [("PUT", &both[..]), ("DELETE", &both[..0])] {
            let (one, other) = tokio::join!(
                members[0].call(method, &paths[0], Value::Null),
                members[1].call(method, &paths[1], Value::Null),
            );
            for response in [one, other] {
                response.expect_status(204);
            }
            for socket in &mut sockets {
                let frames = [socket.expect(blocks).await, socket.expect(blocks).await];
                assert_eq!(frames[1], expected, "{method}: {frames:?}");
            }
        }
    }
}

fn blocks(frame: &ServerFrame) -> Option<Vec<UserId>> {
    match frame {
        ServerFrame::Blocks { users } => Some(users.clone()),
        _ => None,
    }
}
