//! Senders that post under load through kills and restarts of the server, and the check of their
//! messages.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use shared::{
    ids::{ClientId, RoomId},
    live::ServerFrame,
    messages::Message,
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use uuid::Uuid;

use crate::fixture::{LiveSocket, Person, SocketEvent, TIMEOUT};

/// The acks of each sender that count as progress.
pub const ACKS_PER_STEP: usize = 10;
/// Unacked messages of one sender at most.
const MAX_IN_FLIGHT: usize = 8;
/// The run time of a sender at most.
const LONGEST: Duration = Duration::from_secs(240);

/// Several senders in one room.
pub struct Senders {
    load: Load,
    address: watch::Sender<SocketAddr>,
    tasks: Vec<JoinHandle<SentLog>>,
}

/// The state that they share.
#[derive(Clone)]
struct Load {
    room: RoomId,
    address: watch::Receiver<SocketAddr>,
    acks: Arc<Vec<AtomicUsize>>,
    stop: Arc<AtomicBool>,
}

/// The messages of one sender in order, the acks, and the ends of its sockets.
#[derive(Default)]
pub struct SentLog {
    names: Vec<ClientId>,
    unacked: VecDeque<ClientId>,
    acked: HashMap<ClientId, Message>,
    /// Close code, and whether a `goaway` came before; none for an end without a close frame.
    pub ends: Vec<Option<(u16, bool)>>,
}

impl Senders {
    /// Starts a sender for each person.
    pub fn start(people: Vec<Person>, room: RoomId) -> Self {
        let (moved, address) = watch::channel(people[0].address);
        let acks = Arc::new(people.iter().map(|_| AtomicUsize::default()).collect());
        let load = Load { room, address, acks, stop: Arc::default() };
        let start = |(nth, person)| tokio::spawn(send(person, nth, load.clone()));
        let tasks = people.into_iter().enumerate().map(start).collect();
        Self { load, address: moved, tasks }
    }

    /// Sets the address for new connections.
    pub fn redirect(&self, address: SocketAddr) {
        self.address.send_replace(address);
    }

    /// Waits until each sender has further acks; returns how long it took.
    pub async fn wait_progress(&self) -> Duration {
        let acks = || self.load.acks.iter().map(|acks| acks.load(SeqCst));
        let (before, since): (Vec<_>, _) = (acks().collect(), Instant::now());
        while !acks().zip(&before).all(|(now, before)| now >= before + ACKS_PER_STEP) {
            assert!(since.elapsed() < TIMEOUT, "no further acks");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        since.elapsed()
    }

    /// Stops the senders and waits until all their messages are acked.
    pub async fn finish(self) -> Vec<SentLog> {
        self.load.stop.store(true, SeqCst);
        let mut sent = Vec::new();
        for task in self.tasks {
            sent.push(timeout(TIMEOUT, task).await.expect("the end in time").unwrap());
        }
        sent
    }
}

fn text(name: ClientId) -> String {
    format!("word {name}")
}

/// Posts messages until it is stopped, through failures of the server. After a reconnection it first
/// resends all unacked messages under their client ids.
async fn send(person: Person, nth: usize, mut load: Load) -> SentLog {
    let mut sent = SentLog::default();
    let end = Instant::now() + LONGEST;
    while !(load.stop.load(SeqCst) && sent.unacked.is_empty()) {
        assert!(Instant::now() < end, "the sender does not finish");
        let address = *load.address.borrow_and_update();
        let (user, session, token) = (person.user.clone(), person.session, person.token.clone());
        let here = Person::new(address, user, session, token);
        match LiveSocket::try_open(&here).await {
            Some(live) => talk(live, &mut sent, nth, &load).await,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    sent
}

/// Posts on one socket until that breaks or everything is acked.
async fn talk(mut live: LiveSocket, sent: &mut SentLog, nth: usize, load: &Load) {
    for name in &sent.unacked {
        live.send_message(load.room, *name, &text(*name)).await;
    }
    let mut was_warned = false;
    loop {
        while sent.unacked.len() < MAX_IN_FLIGHT && !was_warned && !load.stop.load(SeqCst) {
            let name = ClientId(Uuid::now_v7());
            sent.names.push(name);
            sent.unacked.push_back(name);
            live.send_message(load.room, name, &text(name)).await;
        }
        if sent.unacked.is_empty() && load.stop.load(SeqCst) {
            return;
        }
        let heard =
            timeout(TIMEOUT, live.socket.receive()).await.expect("an ack or the end in time");
        let frame = match heard {
            SocketEvent::Text(text) => serde_json::from_str(&text).unwrap(),
            SocketEvent::Closed(code) => {
                return sent.ends.push(code.map(|code| (code, was_warned)));
            }
        };
        match frame {
            ServerFrame::Ack { client_id, message } => {
                sent.unacked.retain(|name| *name != client_id);
                sent.acked.insert(client_id, message);
                load.acks[nth].fetch_add(1, SeqCst);
            }
            ServerFrame::Nack { client_id, problem, retry } => {
                assert!(retry, "{problem:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                live.send_message(load.room, client_id, &text(client_id)).await;
            }
            ServerFrame::Goaway { .. } => was_warned = true,
            _ => {}
        }
    }
}

/// Checks that each acked message exists once and in its sender's order, and that no other message
/// exists except the first `before`.
pub fn check(sent: &[SentLog], kept: &[Message], before: usize) {
    let seqs = kept.iter().map(|message| message.seq.0);
    assert!(seqs.eq(1..=kept.len() as i64), "the seqs are not dense");
    let mut by_name: HashMap<ClientId, &Message> = HashMap::new();
    for message in kept {
        assert!(by_name.insert(message.client_id, message).is_none(), "duplicate: {message:?}");
    }
    for sent in sent {
        assert_eq!(sent.names.len(), sent.acked.len());
        for (name, acked) in &sent.acked {
            assert_eq!(by_name.get(name), Some(&acked), "an acked message was lost or changed");
            assert_eq!(acked.content, text(*name));
        }
        let order: Vec<_> = sent.names.iter().map(|name| by_name[name].seq).collect();
        assert!(order.is_sorted(), "a sender's order changed");
    }
    assert_eq!(kept.len(), sent_count(sent) + before, "messages that nobody sent");
}

/// The number of messages that were sent.
pub fn sent_count(sent: &[SentLog]) -> usize {
    sent.iter().map(|sent| sent.names.len()).sum()
}
