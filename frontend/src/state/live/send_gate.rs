//! Holds messages back for a while after the server could not take one, so that a page that sends
//! too fast, or a thousand pages at a server in trouble, do not add to its load.

use std::collections::BTreeSet;

use shared::ids::ClientId;

use super::backoff::Backoff;

/// The minimum wait in milliseconds, because the server has just reported that it is overloaded.
const MIN_WAIT_MS: u32 = 1_000;
/// The longest wait that the server can ask for, in seconds.
const MAX_RETRY_AFTER_S: u64 = 300;

/// While the gate is closed, new messages and those that the server refused for now wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendGate {
    is_closed: bool,
    backoff: Backoff,
    /// A UUID of version 7 starts with the time, so this is the order of writing.
    waiting: BTreeSet<ClientId>,
}

/// A wait that begins: open the gate at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub ms: u32,
    /// Whether the server took the last message before this wait, so that the user does not know
    /// about the delay yet.
    pub is_first: bool,
}

impl SendGate {
    /// Whether to send a message now. If not, it waits for [`SendGate::open`].
    pub fn admit(&mut self, client_id: ClientId) -> bool {
        if self.is_closed {
            self.waiting.insert(client_id);
        }
        !self.is_closed
    }

    /// Lets a message wait that the server refused for now, and closes the gate. Returns the wait if
    /// it begins with this message; `random` is uniform in 0..1.
    pub fn hold(
        &mut self,
        client_id: ClientId,
        retry_after_s: Option<u64>,
        random: f64,
    ) -> Option<Wait> {
        self.waiting.insert(client_id);
        if std::mem::replace(&mut self.is_closed, true) {
            return None;
        }
        let is_first = self.backoff == Backoff::default();
        let asked_ms = retry_after_s.unwrap_or(0).min(MAX_RETRY_AFTER_S) as u32 * 1_000;
        Some(Wait { ms: asked_ms.max(MIN_WAIT_MS) + self.backoff.next(random), is_first })
    }

    /// Opens the gate; returns the waiting messages in the order of writing.
    pub fn open(&mut self) -> BTreeSet<ClientId> {
        self.is_closed = false;
        std::mem::take(&mut self.waiting)
    }

    /// Starts the backoff over, because the server took a message.
    pub fn succeeded(&mut self) {
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> ClientId {
        ClientId(Uuid::from_u128(n))
    }

    #[test]
    fn messages_wait_in_order_until_the_gate_opens() {
        let mut gate = SendGate::default();
        assert!(gate.admit(id(1)) && gate.admit(id(2)));
        assert_eq!(gate.hold(id(2), None, 0.0), Some(Wait { ms: 1_000, is_first: true }));
        assert_eq!(gate.hold(id(1), None, 0.0), None, "one wait for all");
        assert!(!gate.admit(id(3)));
        assert!(gate.open().into_iter().eq([id(1), id(2), id(3)]));
        assert!(gate.admit(id(4)));
        assert!(gate.open().is_empty());
    }

    #[test]
    fn waits_grow_until_the_server_takes_a_message() {
        let mut gate = SendGate::default();
        let wait = |gate: &mut SendGate| {
            let wait = gate.hold(id(1), None, 1.0).unwrap();
            gate.open();
            (wait.ms, wait.is_first)
        };
        assert_eq!(wait(&mut gate), (1_500, true));
        assert_eq!(wait(&mut gate), (2_000, false));
        for _ in 0..10 {
            assert!(wait(&mut gate).0 <= 16_000);
        }
        assert_eq!(wait(&mut gate), (16_000, false));
        gate.succeeded();
        assert_eq!(wait(&mut gate), (1_500, true));
    }

    #[test]
    fn the_wait_is_at_least_what_the_server_asks_for() {
        let wait = |seconds| SendGate::default().hold(id(1), Some(seconds), 0.5).unwrap().ms;
        assert_eq!(wait(7), 7_250);
        assert_eq!(wait(u64::MAX), 300_250);
    }
}
