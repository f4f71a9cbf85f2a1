//! Senders that keep posting while the server is killed and restarted, and the check of the stored
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

/// The number of further acks of each sender that [`Senders::wait_progress`] waits for.
pub const ACKS_PER_STEP: usize = 10;
/// The largest number of unacked messages of one sender.
const MAX_IN_FLIGHT: usize = 8;
/// The longest run time of a sender.
const MAX_RUN_TIME: Duration = Duration::from_secs(240);

/// Several senders in one room.
pub struct Senders {
    load: LoadState,
    address: watch::Sender<SocketAddr>,
    tasks: Vec<JoinHandle<SentLog>>,
}

/// The state that all senders share.
#[derive(Clone)]
struct LoadState {
    room: RoomId,
    address: watch::Receiver<SocketAddr>,
    acks: Arc<Vec<AtomicUsize>>,
    stop: Arc<AtomicBool>,
}

/// The messages of one sender in order, their acks, and the closes of its sockets.
#[derive(Default)]
pub struct SentLog {
    ids: Vec<ClientId>,
    unacked: VecDeque<ClientId>,
    acked: HashMap<ClientId, Message>,
    /// For each closed socket: the close code, and whether a `goaway` frame came before; `None` without
    /// a close frame.
    pub closes: Vec<Option<(u16, bool)>>,
}

impl Senders {
    /// Starts a sender for each person.
    pub fn start(people: Vec<Person>, room: RoomId) -> Self {
        let (address_sender, address) = watch::channel(people[0].address);
        let acks = Arc::new(people.iter().map(|_| AtomicUsize::default()).collect());
        let load = LoadState { room, address, acks, stop: Arc::default() };
        let start = |(nth, person)| tokio::spawn(run_sender(person, nth, load.clone()));
        let tasks = people.into_iter().enumerate().map(start).collect();
        Self { load, address: address_sender, tasks }
    }

    /// Sets the address for new connections.
    pub fn redirect(&self, address: SocketAddr) {
        self.address.send_replace(address);
    }

    /// Waits until each sender has [`ACKS_PER_STEP`] further acks; returns how long it took.
    pub async fn wait_progress(&self) -> Duration {
        let acks = || self.load.acks.iter().map(|acks| acks.load(SeqCst));
        let (before, start): (Vec<_>, _) = (acks().collect(), Instant::now());
        while !acks().zip(&before).all(|(now, before)| now >= before + ACKS_PER_STEP) {
            assert!(start.elapsed() < TIMEOUT, "no further acks");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        start.elapsed()
    }

    /// Stops the senders and waits until all their messages are acked.
    pub async fn finish(self) -> Vec<SentLog> {
        self.load.stop.store(true, SeqCst);
        let mut sent = Vec::new();
        for task in self.tasks {
            sent.push(timeout(TIMEOUT, task).await.expect("the sender finishes in time").unwrap());
        }
        sent
    }
}

fn text(id: ClientId) -> String {
    format!("word {id}")
}

/// Posts messages until `stop` is set, and reconnects after failures of the server. After each
/// reconnection, first resends all unacked messages with their client ids.
async fn run_sender(person: Person, nth: usize, mut load: LoadState) -> SentLog {
    let mut sent = SentLog::default();
    let end = Instant::now() + MAX_RUN_TIME;
    while !(load.stop.load(SeqCst) && sent.unacked.is_empty()) {
        assert!(Instant::now() < end, "the sender does not finish");
        let address = *load.address.borrow_and_update();
        let (user, session, token) = (person.user.clone(), person.session, person.token.clone());
        let client = Person::new(address, user, session, token);
        match LiveSocket::try_open(&client).await {
            Some(live) => post_on_socket(live, &mut sent, nth, &load).await,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    sent
}

/// Posts on one socket until it closes, or until the stop is requested and all messages are acked.
async fn post_on_socket(mut live: LiveSocket, sent: &mut SentLog, nth: usize, load: &LoadState) {
    for id in &sent.unacked {
        live.send_message(load.room, *id, &text(*id)).await;
    }
    let mut got_goaway = false;
    loop {
        while sent.unacked.len() < MAX_IN_FLIGHT && !got_goaway && !load.stop.load(SeqCst) {
            let id = ClientId(Uuid::now_v7());
            sent.ids.push(id);
            sent.unacked.push_back(id);
            live.send_message(load.room, id, &text(id)).await;
        }
        if sent.unacked.is_empty() && load.stop.load(SeqCst) {
            return;
        }
        let event =
            timeout(TIMEOUT, live.socket.receive()).await.expect("an ack or the close in time");
        let frame = match event {
            SocketEvent::Text(text) => serde_json::from_str(&text).unwrap(),
            SocketEvent::Closed(code) => {
                return sent.closes.push(code.map(|code| (code, got_goaway)));
            }
        };
        match frame {
            ServerFrame::Ack { client_id, message } => {
                sent.unacked.retain(|id| *id != client_id);
                sent.acked.insert(client_id, message);
                load.acks[nth].fetch_add(1, SeqCst);
            }
            ServerFrame::Nack { client_id, problem, retry, .. } => {
                assert!(retry, "{problem:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                live.send_message(load.room, client_id, &text(client_id)).await;
            }
            ServerFrame::Goaway { .. } => got_goaway = true,
            _ => {}
        }
    }
}

/// Checks that each acked message exists once and in its sender's order, and that no other message
/// exists except the `before` messages that existed at the start.
pub fn check_stored_messages(sent: &[SentLog], stored: &[Message], before: usize) {
    let seqs = stored.iter().map(|message| message.seq.0);
    assert!(seqs.eq(1..=stored.len() as i64), "the seqs are not dense");
    let mut by_id: HashMap<ClientId, &Message> = HashMap::new();
    for message in stored {
        assert!(by_id.insert(message.client_id, message).is_none(), "duplicate: {message:?}");
    }
    for sent in sent {
        assert_eq!(sent.ids.len(), sent.acked.len());
        for (id, acked) in &sent.acked {
            assert_eq!(by_id.get(id), Some(&acked), "an acked message was lost or changed");
            assert_eq!(acked.content, text(*id));
        }
        let order: Vec<_> = sent.ids.iter().map(|id| by_id[id].seq).collect();
        assert!(order.is_sorted(), "a sender's order changed");
    }
    assert_eq!(stored.len(), sent_count(sent) + before, "there are messages that no sender posted");
}

/// The number of messages that were sent.
pub fn sent_count(sent: &[SentLog]) -> usize {
    sent.iter().map(|sent| sent.ids.len()).sum()
}
