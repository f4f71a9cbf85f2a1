//! What happens on one node is seen on the other: at once, in one order, once.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::{
    ids::{Rev, Seq},
    messages::Row,
    paths,
};

use super::Cluster;
use crate::{
    actors::{LiveSocket, Reader, all, fresh, head},
    delivery::{
        name,
        order::{by_live, by_rest, hear, pipeline},
    },
};

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_word_crosses_at_once() {
    const WORDS: usize = 20;
    let cluster = Cluster::assemble().await;
    let room = cluster.room();
    let mut there = LiveSocket::in_room(&cluster.member(1), room).await;
    let mut here = LiveSocket::in_room(&cluster.admin(0), room).await;
    // The other node has just begun to listen to the room.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut times = Vec::new();
    for nth in 0..WORDS {
        let (id, since) = (name(), Instant::now());
        here.say(room, id, &format!("word {nth}")).await;
        let change = there.change().await;
        times.push(since.elapsed());
        let Row::Message(message) = change.row else { panic!("{change:?}") };
        assert_eq!((message.client_id, message.seq), (id, Seq(3 + nth as i64)));
        here.ack(id).await;
    }
    times.sort();
    assert!(times[WORDS - 1] < Duration::from_secs(1), "{times:?}");
    // By the link, and not by looking into the database once a second.
    assert!(times[WORDS / 2] < Duration::from_millis(200), "{times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn all_on_both_nodes_see_one_order() {
    const WORDS: usize = 100;
    let cluster = Cluster::assemble().await;
    cluster.admit().await;
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
        .map(|person| tokio::spawn(async move { pipeline(&person, room, WORDS).await }))
        .collect();
    let mut sent = Vec::new();
    for sender in senders {
        sent.push(sender.await.unwrap());
    }
    let mut heard = Vec::new();
    for reader in &mut readers {
        heard.push(hear(reader, everywhere.len() * WORDS).await);
    }
    assert!(heard.iter().all(|one| *one == heard[0]), "more than one order");
    for own in &sent {
        let order: Vec<_> = heard[0].iter().filter(|id| own.contains(id)).copied().collect();
        assert_eq!(order, *own);
    }
    for person in &everywhere {
        let kept: Vec<_> = all(person, room).await.iter().map(|m| m.client_id).collect();
        assert_eq!(kept[2..], heard[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_message_raced_through_both_nodes_is_one() {
    let cluster = Cluster::assemble().await;
    let (room, path) = (cluster.room(), cluster.at(paths::MESSAGES));
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
async fn edits_and_deletes_cross() {
    let cluster = Cluster::assemble().await;
    let room = cluster.room();
    let mut reader = Reader::open(&cluster.member(1), room).await;
    assert!(reader.reach(Rev(5)).await);
    let word = |text: &str| json!({"content": text});
    let (admin, member) = (cluster.admin(0), cluster.member(0));
    admin.post(&cluster.at(paths::MESSAGES), word("third")).await.is(201);
    member.patch(&cluster.message(1), word("first, edited")).await.is(200);
    admin.patch(&cluster.message(3), word("third, edited")).await.is(200);
    admin.delete(&cluster.message(2)).await.is(204);
    admin.patch(&cluster.at(paths::ROOM), json!({"topic": "Changed"})).await.is(200);
    let head = head(&admin, room).await;
    assert!(reader.reach(head).await);
    assert_eq!(reader.shown(), fresh(&admin, room).await);
    assert_eq!(reader.gaps, 0);
    let (messages, _) = reader.shown();
    let texts: Vec<_> = messages.iter().map(|message| &*message.content).collect();
    assert_eq!(texts, ["first, edited", "", "third, edited"]);
    assert_eq!(reader.timeline.room().map(|room| &*room.topic), Some("Changed"));
}
