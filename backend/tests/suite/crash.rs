//! Promises 1 and 2 the hard way: the program is killed under load, again and again.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::Value;
use shared::{
    ids::{ClientId, RoomId},
    live::ServerFrame,
    messages::Message,
    paths,
};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use crate::actors::{Client, LiveSocket, PATIENCE, Person, Process, all, template};

const KILLS: usize = 20;
/// Acks that each life of the server must have given before it is killed.
const PROGRESS: usize = 30;
/// Messages of one sender on their way at once.
const UNDER_WAY: usize = 8;

/// What the senders share with whoever kills.
#[derive(Clone)]
struct Load {
    room: RoomId,
    address: watch::Receiver<SocketAddr>,
    acks: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

/// What one sender said, in order, and what was promised for it.
#[derive(Default)]
struct Said {
    names: Vec<ClientId>,
    unacked: VecDeque<ClientId>,
    acked: HashMap<ClientId, Message>,
}

fn text(name: ClientId) -> String {
    format!("word {name}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_twenty_times_under_load_nothing_is_lost_and_nothing_doubled() {
    let template = template();
    let data = template.copy();
    let mut server = Process::serve(data.path()).await;
    let people = |address| {
        template.people.iter().map(move |(user, session, token)| {
            Person::new(address, user.clone(), *session, token.clone())
        })
    };
    let outsider = people(server.address).next_back().unwrap();
    let join = paths::fill(paths::MEMBERSHIP, &[&template.room]);
    outsider.put(&join, Value::Null).await.is(200);
    let (moved, address) = watch::channel(server.address);
    let load = Load { room: template.room, address, acks: Arc::default(), stop: Arc::default() };
    let senders: Vec<_> =
        people(server.address).map(|person| tokio::spawn(send(person, load.clone()))).collect();
    for _ in 0..KILLS {
        wait_for_acks(&load).await;
        server.kill().await;
        server = Process::serve(data.path()).await;
        moved.send_replace(server.address);
    }
    wait_for_acks(&load).await;
    load.stop.store(true, SeqCst);
    let mut said = Vec::new();
    for sender in senders {
        said.push(timeout(PATIENCE, sender).await.expect("an end").unwrap());
    }
    let mut views = Vec::new();
    for person in people(server.address) {
        views.push(all(&person, template.room).await);
    }
    assert!(views.iter().all(|view| *view == views[0]), "not everyone sees the same");
    check(&said, &views[0]);
    check_classic(&people(server.address).next().unwrap(), template.room, &views[0]).await;
    server.terminate().await;
    assert_eq!(server.wait().await, Some(0));
    check_integrity(data.path()).await;
}

async fn wait_for_acks(load: &Load) {
    let (before, since) = (load.acks.load(SeqCst), Instant::now());
    while load.acks.load(SeqCst) < before + PROGRESS {
        assert!(since.elapsed() < PATIENCE, "nothing is acked any more");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Says one thing after the other until told to stop, whatever becomes of the server; what was not
/// acked is said again under the same name, before anything new.
async fn send(person: Person, mut load: Load) -> Said {
    let mut said = Said::default();
    let end = Instant::now() + Duration::from_secs(240);
    while !(load.stop.load(SeqCst) && said.unacked.is_empty()) {
        assert!(Instant::now() < end, "never done");
        let address = *load.address.borrow_and_update();
        let (user, session, token) = (person.user.clone(), person.session, person.token.clone());
        let here = Person::new(address, user, session, token);
        match LiveSocket::try_open(&here).await {
            Some(live) => talk(live, &mut said, &load).await,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    said
}

/// Until the socket breaks or all is said.
async fn talk(mut live: LiveSocket, said: &mut Said, load: &Load) {
    for name in &said.unacked {
        live.say(load.room, *name, &text(*name)).await;
    }
    loop {
        while said.unacked.len() < UNDER_WAY && !load.stop.load(SeqCst) {
            let name = ClientId(Uuid::now_v7());
            said.names.push(name);
            said.unacked.push_back(name);
            live.say(load.room, name, &text(name)).await;
        }
        if said.unacked.is_empty() {
            return;
        }
        match timeout(PATIENCE, live.listen()).await.expect("an ack or the end") {
            Some(ServerFrame::Ack { client_id, message }) => {
                said.unacked.retain(|name| *name != client_id);
                said.acked.insert(client_id, message);
                load.acks.fetch_add(1, SeqCst);
            }
            Some(ServerFrame::Nack { problem, retry, .. }) => assert!(retry, "{problem:?}"),
            Some(_) => {}
            None => return,
        }
    }
}

fn check(said: &[Said], kept: &[Message]) {
    let seqs = kept.iter().map(|message| message.seq.0);
    assert!(seqs.eq(1..=kept.len() as i64), "the numbers are not dense");
    let mut by_name: HashMap<ClientId, &Message> = HashMap::new();
    for message in kept {
        assert!(by_name.insert(message.client_id, message).is_none(), "twice: {message:?}");
    }
    for said in said {
        assert_eq!(said.names.len(), said.acked.len());
        for (name, acked) in &said.acked {
            assert_eq!(by_name.get(name), Some(&acked), "acked, and lost or changed");
            assert_eq!(acked.content, text(*name));
        }
        let order: Vec<_> = said.names.iter().map(|name| by_name[name].seq).collect();
        assert!(order.is_sorted(), "a sender's order was changed");
    }
    let all: usize = said.iter().map(|said| said.names.len()).sum();
    assert!(all >= KILLS * PROGRESS, "only {all} messages: that was no load");
    assert_eq!(kept.len(), all + 2, "messages that nobody sent");
}

async fn check_classic(client: &Client, room: RoomId, kept: &[Message]) {
    let history = client.get(&format!("/messages/{room}/")).await.is(200);
    let listed = history["messages"].as_array().unwrap().iter().map(|m| m["id"].as_i64().unwrap());
    assert!(listed.eq(kept.iter().map(|message| message.id.0)), "the old door shows another order");
}

async fn check_integrity(data: &std::path::Path) {
    let url = hallway::tables::sqlite_url(data);
    let db = Database::connect(url).await.unwrap();
    let ask = async |pragma: &str| {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        db.query_all_raw(statement).await.unwrap()
    };
    let [row] = &ask("integrity_check").await[..] else { panic!("more than one complaint") };
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
    assert!(ask("foreign_key_check").await.is_empty());
}
