//! People who say one thing after the other, whatever becomes of the server, and what must be true
//! of what they said.

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

use crate::actors::{Heard, LiveSocket, PATIENCE, Person};

/// Acks that every sender must have for it to be progress.
pub const PROGRESS: usize = 10;
/// Messages of one sender on their way at once.
const UNDER_WAY: usize = 8;
/// How long a sender goes on at most.
const LONGEST: Duration = Duration::from_secs(240);

/// People who speak in one room.
pub struct Senders {
    load: Load,
    address: watch::Sender<SocketAddr>,
    tasks: Vec<JoinHandle<Said>>,
}

/// What they share.
#[derive(Clone)]
struct Load {
    room: RoomId,
    address: watch::Receiver<SocketAddr>,
    acks: Arc<Vec<AtomicUsize>>,
    stop: Arc<AtomicBool>,
}

/// What one of them said, in order, what was promised for it, and how their sockets ended.
#[derive(Default)]
pub struct Said {
    names: Vec<ClientId>,
    unacked: VecDeque<ClientId>,
    acked: HashMap<ClientId, Message>,
    /// Code, and whether a `goaway` came before; none for an end without a word.
    pub ends: Vec<Option<(u16, bool)>>,
}

impl Senders {
    /// Lets them begin, at the address that they have.
    pub fn start(people: Vec<Person>, room: RoomId) -> Self {
        let (moved, address) = watch::channel(people[0].address);
        let acks = Arc::new(people.iter().map(|_| AtomicUsize::default()).collect());
        let load = Load { room, address, acks, stop: Arc::default() };
        let start = |(nth, person)| tokio::spawn(send(person, nth, load.clone()));
        let tasks = people.into_iter().enumerate().map(start).collect();
        Self { load, address: moved, tasks }
    }

    /// Where the server is from now on.
    pub fn moved(&self, address: SocketAddr) {
        self.address.send_replace(address);
    }

    /// Until every one of them got somewhere: how long it took.
    pub async fn progress(&self) -> Duration {
        let acks = || self.load.acks.iter().map(|acks| acks.load(SeqCst));
        let (before, since): (Vec<_>, _) = (acks().collect(), Instant::now());
        while !acks().zip(&before).all(|(now, before)| now >= before + PROGRESS) {
            assert!(since.elapsed() < PATIENCE, "nothing is acked any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        since.elapsed()
    }

    /// Until all is acked that was said; nothing new is.
    pub async fn finish(self) -> Vec<Said> {
        self.load.stop.store(true, SeqCst);
        let mut said = Vec::new();
        for task in self.tasks {
            said.push(timeout(PATIENCE, task).await.expect("an end").unwrap());
        }
        said
    }
}

fn text(name: ClientId) -> String {
    format!("word {name}")
}

/// Says one thing after the other until told to stop, whatever becomes of the server; what was not
/// acked is said again under the same name, before anything new.
async fn send(person: Person, nth: usize, mut load: Load) -> Said {
    let mut said = Said::default();
    let end = Instant::now() + LONGEST;
    while !(load.stop.load(SeqCst) && said.unacked.is_empty()) {
        assert!(Instant::now() < end, "never done");
        let address = *load.address.borrow_and_update();
        let (user, session, token) = (person.user.clone(), person.session, person.token.clone());
        let here = Person::new(address, user, session, token);
        match LiveSocket::try_open(&here).await {
            Some(live) => talk(live, &mut said, nth, &load).await,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    said
}

/// Until the socket breaks or all is said.
async fn talk(mut live: LiveSocket, said: &mut Said, nth: usize, load: &Load) {
    for name in &said.unacked {
        live.say(load.room, *name, &text(*name)).await;
    }
    let mut was_warned = false;
    loop {
        while said.unacked.len() < UNDER_WAY && !was_warned && !load.stop.load(SeqCst) {
            let name = ClientId(Uuid::now_v7());
            said.names.push(name);
            said.unacked.push_back(name);
            live.say(load.room, name, &text(name)).await;
        }
        if said.unacked.is_empty() && load.stop.load(SeqCst) {
            return;
        }
        let heard = timeout(PATIENCE, live.socket.listen()).await.expect("an ack or the end");
        let frame = match heard {
            Heard::Text(text) => serde_json::from_str(&text).unwrap(),
            Heard::End(code) => return said.ends.push(code.map(|code| (code, was_warned))),
        };
        match frame {
            ServerFrame::Ack { client_id, message } => {
                said.unacked.retain(|name| *name != client_id);
                said.acked.insert(client_id, message);
                load.acks[nth].fetch_add(1, SeqCst);
            }
            ServerFrame::Nack { client_id, problem, retry } => {
                assert!(retry, "{problem:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                live.say(load.room, client_id, &text(client_id)).await;
            }
            ServerFrame::Goaway { .. } => was_warned = true,
            _ => {}
        }
    }
}

/// What was acked is kept, once, and in each sender's order; nothing else is, but the first
/// `before`.
pub fn check(said: &[Said], kept: &[Message], before: usize) {
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
    assert_eq!(kept.len(), how_many(said) + before, "messages that nobody sent");
}

/// How much was said.
pub fn how_many(said: &[Said]) -> usize {
    said.iter().map(|said| said.names.len()).sum()
}
