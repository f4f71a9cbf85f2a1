//! One order for all, and each message once.

use std::collections::HashSet;

use serde_json::json;
use shared::{
    ids::{ClientId, Seq},
    messages::{Message, Row},
    paths,
};

use super::name;
use crate::actors::{Cast, LiveSocket, Person, all};

/// The same message by eight ways at once: one row, eight equal answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_raced_message_is_one_message() {
    let cast = Cast::assemble().await;
    for round in 3..13 {
        let (id, text) = (name(), format!("race {round}"));
        let mut racers = Vec::new();
        for nth in 0..8 {
            let (person, room, text) = (cast.member.clone(), cast.room, text.clone());
            let path = cast.at(paths::MESSAGES);
            racers.push(tokio::spawn(async move {
                if nth % 2 == 0 {
                    by_live(&person, room, id, &text).await
                } else {
                    by_rest(&person, &path, id, &text).await
                }
            }));
        }
        let mut acks = Vec::new();
        for racer in racers {
            acks.push(racer.await.unwrap());
        }
        assert!(acks.iter().all(|ack| *ack == acks[0]), "{acks:?}");
        assert_eq!((acks[0].seq, &acks[0].content), (Seq(round), &text));
        assert_eq!(all(&cast.admin, cast.room).await.last(), Some(&acks[0]));
    }
}

pub async fn by_live(
    person: &Person,
    room: shared::ids::RoomId,
    id: ClientId,
    text: &str,
) -> Message {
    let mut live = LiveSocket::open(person).await;
    live.say(room, id, text).await;
    live.ack(id).await
}

pub async fn by_rest(person: &Person, path: &str, id: ClientId, text: &str) -> Message {
    let answer = person.post(path, json!({"client_id": id, "content": text})).await;
    assert!([200, 201].contains(&answer.status), "{}", answer.text);
    serde_json::from_value(answer.json()).unwrap()
}

/// What one sends without waiting arrives in that order, and everyone sees the same order.
#[tokio::test(flavor = "multi_thread")]
async fn all_see_one_order_and_each_senders_own() {
    const WORDS: usize = 150;
    let cast = Cast::assemble().await;
    cast.outsider.put(&cast.at(paths::MEMBERSHIP), json!(null)).await.is(200);
    let people = [&cast.admin, &cast.member, &cast.outsider];
    let mut readers = Vec::new();
    for person in people {
        readers.push(LiveSocket::in_room(person, cast.room).await);
    }
    let senders = people.map(|person| {
        let (person, room) = (person.clone(), cast.room);
        tokio::spawn(async move { pipeline(&person, room, WORDS).await })
    });
    let mut sent = Vec::new();
    for sender in senders {
        sent.push(sender.await.unwrap());
    }
    let mut heard = Vec::new();
    for reader in &mut readers {
        heard.push(hear(reader, 3 * WORDS).await);
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[1], heard[2]);
    for own in &sent {
        let set: HashSet<_> = own.iter().collect();
        let order: Vec<_> = heard[0].iter().filter(|id| set.contains(id)).copied().collect();
        assert_eq!(order, *own);
    }
    let kept: Vec<_> = all(&cast.admin, cast.room).await.iter().map(|m| m.client_id).collect();
    assert_eq!(kept[2..], heard[0]);
}

/// Sends all of it, then takes the acks, which come in the same order.
pub async fn pipeline(person: &Person, room: shared::ids::RoomId, words: usize) -> Vec<ClientId> {
    let mut live = LiveSocket::open(person).await;
    let names: Vec<_> = (0..words).map(|_| name()).collect();
    for (nth, id) in names.iter().enumerate() {
        live.say(room, *id, &format!("{nth}")).await;
    }
    let mut last = Seq(0);
    for id in &names {
        let message = live.ack(*id).await;
        assert!(message.seq > last, "{} after {last}", message.seq);
        last = message.seq;
    }
    names
}

/// The names of the next messages; their changes must be consecutive.
pub async fn hear(reader: &mut LiveSocket, words: usize) -> Vec<ClientId> {
    let mut names = Vec::new();
    let mut last = None;
    while names.len() < words {
        let change = reader.change().await;
        assert!(last.is_none_or(|last: shared::ids::Rev| change.rev == last.next()), "{change:?}");
        last = Some(change.rev);
        let Row::Message(message) = change.row else { panic!("{change:?}") };
        names.push(message.client_id);
    }
    names
}
