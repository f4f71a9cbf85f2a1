//! The hub's side of a socket: a bounded queue of signals, from which the session of the socket takes.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    task::{Context, Poll, Waker},
};

use shared::{
    ids::RoomId,
    live::{CloseCode, ServerFrame},
};

use crate::failpoints::{Failpoint, is_active};

use super::{Credential, Signal, lock};

/// The maximum number of signals in a queue, with those that the session took and is delivering.
const QUEUE_CAPACITY: usize = 512;

/// The hub's side of a socket.
pub(super) struct Connection {
    pub(super) credential: Credential,
    queue: Mutex<Queue>,
    /// Outside of the queue, because a session reads it before each frame that it writes.
    has_access_ended: AtomicBool,
}

/// The queue of an inbox. The session takes all of it at once and writes it with one flush; the
/// queue of an idle socket has no allocation.
#[derive(Default)]
struct Queue {
    signals: Vec<Signal>,
    /// The number of signals that the session took last, and may still hold: a client that does not read
    /// would otherwise keep two full queues in memory.
    delivering: usize,
    /// Whether numbered changes were dropped.
    is_lagging: bool,
    /// Set if the socket has to close.
    close: Option<CloseCode>,
    /// The subscribed rooms, each once.
    rooms: Vec<RoomId>,
    /// Set while the session waits for content, and so only while there is none. The first signal takes
    /// it, so the signals that follow before the session runs wake nobody.
    waiting: Option<Waker>,
}

/// The content of an inbox.
pub struct Drained {
    /// The signals, in order.
    pub signals: Vec<Signal>,
    /// Whether numbered changes were dropped.
    pub is_lagging: bool,
    /// Set if the socket has to close: at once if the session ended, otherwise after it sent the
    /// signals.
    pub close: Option<CloseCode>,
}

impl Queue {
    fn len(&self) -> usize {
        self.signals.len() + self.delivering
    }

    fn drop_signal(&mut self, signal: &Signal) {
        match signal {
            Signal::Change(_) | Signal::Lagged(_) => {
                self.is_lagging = !is_active(Failpoint::DropOnFullQueue);
            }
            // A signal without a number cannot be read from the database. The socket closes,
            // and the `welcome` of the next socket contains the same information.
            _ => _ = self.close.get_or_insert(CloseCode::TooSlow),
        }
    }
}

impl Connection {
    pub(super) fn new(credential: Credential) -> Self {
        Self { credential, queue: Mutex::default(), has_access_ended: AtomicBool::new(false) }
    }

    /// Queues a signal. If the queue is full, marks the socket as lagging. An ephemeral event may be lost:
    /// half of the queue is reserved for other signals.
    pub(super) fn send(&self, signal: Signal) {
        let mut queue = self.queue();
        let limit = if is_active(Failpoint::DropOnFullQueue) { 1 } else { QUEUE_CAPACITY };
        match signal {
            Signal::Ephemeral(_) if queue.len() >= QUEUE_CAPACITY / 2 => return,
            _ if queue.len() < limit => queue.signals.push(signal),
            _ => {
                metrics::counter!("hallway_dropped_signals").increment(1);
                queue.drop_signal(&signal);
            }
        }
        wake(queue);
    }

    /// Sends `goaway`, because the server stops, and closes the socket. `nth` spreads the delays
    /// before clients reconnect over 2 s.
    pub(super) fn go_away(&self, nth: usize) {
        let reconnect_after_ms = (nth as u64 * 37) % 2_000;
        self.send(Signal::ToUser(Arc::new(ServerFrame::Goaway { reconnect_after_ms })));
        self.close(CloseCode::Restart);
    }

    /// Closes the socket: at once if the session ended, otherwise after it has sent the queued signals.
    /// The end of the session is final: a later reason must not let the socket send those signals.
    pub(super) fn close(&self, code: CloseCode) {
        let mut queue = self.queue();
        if queue.close != Some(CloseCode::SessionEnded) {
            queue.close = Some(code);
        }
        if code == CloseCode::SessionEnded {
            self.has_access_ended.store(true, Release);
        }
        wake(queue);
    }

    pub(super) fn has_access_ended(&self) -> bool {
        self.has_access_ended.load(Acquire)
    }

    /// Ready once there is content for [`Connection::drain`]. The caller has delivered what it took before.
    pub(super) fn poll_content(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut queue = self.queue();
        queue.delivering = 0;
        if !queue.signals.is_empty() || queue.is_lagging || queue.close.is_some() {
            return Poll::Ready(());
        }
        match &mut queue.waiting {
            Some(waker) => waker.clone_from(context.waker()),
            waiting => *waiting = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Takes the whole content.
    pub(super) fn drain(&self) -> Drained {
        let mut queue = self.queue();
        queue.delivering = queue.signals.len();
        Drained {
            signals: std::mem::take(&mut queue.signals),
            is_lagging: std::mem::take(&mut queue.is_lagging),
            close: queue.close,
        }
    }

    /// Notes a room to which the socket did not subscribe before.
    pub(super) fn add_room(&self, room: RoomId) {
        self.queue().rooms.push(room);
    }

    pub(super) fn remove_room(&self, room: RoomId) {
        let mut queue = self.queue();
        if let Some(at) = queue.rooms.iter().position(|subscribed| *subscribed == room) {
            queue.rooms.swap_remove(at);
        }
    }

    /// Takes all subscribed rooms.
    pub(super) fn take_rooms(&self) -> Vec<RoomId> {
        std::mem::take(&mut self.queue().rooms)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

/// Wakes the session, if it waits, after unlocking the queue: it may run on another thread at once.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let waiting = queue.waiting.take();
    drop(queue);
    if let Some(waker) = waiting {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        task::Wake,
    };

    use shared::{ids::UserId, live::RemovedReason};

    use super::{super::EphemeralEvent, *};

    #[derive(Default)]
    struct WakeCounter(AtomicUsize);

    impl Wake for WakeCounter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn connection() -> Connection {
        let user = UserId(1);
        Connection::new(Credential { user, session: None, generation: 0, expires_at: None })
    }

    fn ephemeral() -> Signal {
        Signal::Ephemeral(Arc::new(EphemeralEvent { room: RoomId(1), frame: "{}".into() }))
    }

    #[test]
    fn signals_wake_a_waiting_session_once() {
        let (connection, counter) = (connection(), Arc::<WakeCounter>::default());
        let waker = Waker::from(counter.clone());
        let poll = || connection.poll_content(&mut Context::from_waker(&waker));
        for round in 1..=3 {
            assert_eq!(poll(), Poll::Pending);
            (1..=5).for_each(|room| connection.send(Signal::Lagged(RoomId(room))));
            assert_eq!(counter.0.load(Relaxed), round);
            assert_eq!(poll(), Poll::Ready(()));
            let rooms = connection.drain().signals.into_iter().map(|signal| match signal {
                Signal::Lagged(room) => room.0,
                other => panic!("{other:?}"),
            });
            assert_eq!(rooms.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        }
        connection.send(ephemeral());
        assert_eq!(counter.0.load(Relaxed), 3, "nobody waits");
        assert_eq!(poll(), Poll::Ready(()));
    }

    #[test]
    fn a_full_queue_drops_what_can_be_read_again_and_closes_for_other_signals() {
        let connection = connection();
        (0..QUEUE_CAPACITY).for_each(|_| connection.send(ephemeral()));
        (0..QUEUE_CAPACITY).for_each(|_| connection.send(Signal::Lagged(RoomId(1))));
        let drained = connection.drain();
        assert_eq!((drained.signals.len(), drained.close), (QUEUE_CAPACITY, None));
        assert!(drained.is_lagging);
        // The session may still hold what it took.
        connection.send(Signal::Lagged(RoomId(1)));
        assert!(connection.drain().is_lagging);
        assert_eq!(connection.poll_content(&mut Context::from_waker(Waker::noop())), Poll::Pending);
        connection.send(Signal::Lagged(RoomId(1)));
        assert!(!connection.drain().is_lagging);
        (0..=QUEUE_CAPACITY).for_each(|_| {
            connection.send(Signal::Removed(RoomId(1), RemovedReason::Left));
        });
        assert_eq!(connection.drain().close, Some(CloseCode::TooSlow));
    }

    #[test]
    fn the_end_of_a_session_is_final() {
        let connection = connection();
        connection.close(CloseCode::Restart);
        assert!(!connection.has_access_ended());
        connection.close(CloseCode::SessionEnded);
        connection.close(CloseCode::Restart);
        assert!(connection.has_access_ended());
        assert_eq!(connection.drain().close, Some(CloseCode::SessionEnded));
    }

    #[test]
    fn a_signal_is_two_words() {
        assert_eq!(size_of::<Signal>(), 2 * size_of::<usize>());
    }
}
