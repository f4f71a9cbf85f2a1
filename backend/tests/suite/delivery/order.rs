//! One order for all readers, and each message exactly once.

use std::collections::HashSet;

use serde_json::json;
use shared::{
    ids::{ClientId, Seq},
    messages::{Message, Row},
    paths,
};

use super::new_client_id;
use crate::fixture::{Fixture, LiveSocket, Person, all_messages};

/// Eight concurrent requests with one client id create one row and get equal responses.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_sends_of_one_client_id_create_one_message() {
    let fixture = Fixture::start().await;
    for round in 3..13 {
        let (id, text) = (new_client_id(), format!("race {round}"));
        let mut senders = Vec::new();
        for nth in 0..8 {
            let (person, room, text) = (fixture.member.clone(), fixture.room, text.clone());
            let path = fixture.path(paths::MESSAGES);
            senders.push(tokio::spawn(async move {
                if nth % 2 == 0 {
                    post_by_socket(&person, room, id, &text).await
                } else {
                    post_by_rest(&person, &path, id, &text).await
                }
            }));
        }
        let mut acks = Vec::new();
        for sender in senders {
            acks.push(sender.await.unwrap());
        }
        assert!(acks.iter().all(|ack| *ack == acks[0]), "{acks:?}");
        assert_eq!((acks[0].seq, &acks[0].content), (Seq(round), &text));
        assert_eq!(all_messages(&fixture.admin, fixture.room).await.last(), Some(&acks[0]));
    }
}

pub async fn post_by_socket(
    person: &Person,
    room: shared::ids::RoomId,
    id: ClientId,
    text: &str,
) -> Message {
    let mut live = LiveSocket::open(person).await;
    live.send_message(room, id, text).await;
    live.wait_ack(id).await
}

pub async fn post_by_rest(person: &Person, path: &str, id: ClientId, text: &str) -> Message {
    let response = person.post(path, json!({"client_id": id, "content": text})).await;
    assert!([200, 201].contains(&response.status), "{}", response.text);
    serde_json::from_value(response.json()).unwrap()
}

/// Pipelined messages keep their order, and all readers see the same order.
#[tokio::test(flavor = "multi_thread")]
async fn all_readers_see_one_order_that_keeps_each_senders_order() {
    const MESSAGE_COUNT: usize = 150;
    let fixture = Fixture::start().await;
    fixture.outsider.put(&fixture.path(paths::MEMBERSHIP), json!(null)).await.expect_status(200);
    let people = [&fixture.admin, &fixture.member, &fixture.outsider];
    let mut readers = Vec::new();
    for person in people {
        readers.push(LiveSocket::in_room(person, fixture.room).await);
    }
    let senders = people.map(|person| {
        let (person, room) = (person.clone(), fixture.room);
        tokio::spawn(async move { post_pipelined(&person, room, MESSAGE_COUNT).await })
    });
    let mut sent = Vec::new();
    for sender in senders {
        sent.push(sender.await.unwrap());
    }
    let mut received = Vec::new();
    for reader in &mut readers {
        received.push(receive_ids(reader, 3 * MESSAGE_COUNT).await);
    }
    assert_eq!(received[0], received[1]);
    assert_eq!(received[1], received[2]);
    for own in &sent {
        let set: HashSet<_> = own.iter().collect();
        let order: Vec<_> = received[0].iter().filter(|id| set.contains(id)).copied().collect();
        assert_eq!(order, *own);
    }
    let stored: Vec<_> =
        all_messages(&fixture.admin, fixture.room).await.iter().map(|m| m.client_id).collect();
    assert_eq!(stored[2..], received[0]);
}

/// Sends all messages, then receives the acks, which come in the same order.
pub async fn post_pipelined(
    person: &Person,
    room: shared::ids::RoomId,
    count: usize,
) -> Vec<ClientId> {
    let mut live = LiveSocket::open(person).await;
    let ids: Vec<_> = (0..count).map(|_| new_client_id()).collect();
    for (nth, id) in ids.iter().enumerate() {
        live.send_message(room, *id, &format!("{nth}")).await;
    }
    let mut last = Seq(0);
    for id in &ids {
        let message = live.wait_ack(*id).await;
        assert!(message.seq > last, "{} after {last}", message.seq);
        last = message.seq;
    }
    ids
}

/// Receives the client ids of the next messages, whose revs must be consecutive.
pub async fn receive_ids(reader: &mut LiveSocket, count: usize) -> Vec<ClientId> {
    let mut ids = Vec::new();
    let mut last = None;
    while ids.len() < count {
        let change = reader.next_change().await;
        assert!(last.is_none_or(|last: shared::ids::Rev| change.rev == last.next()), "{change:?}");
        last = Some(change.rev);
        let Row::Message(message) = change.row else { panic!("{change:?}") };
        ids.push(message.client_id);
    }
    ids
}
