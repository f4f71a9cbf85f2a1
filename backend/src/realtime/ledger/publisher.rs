//! The publisher of an actor: publishes the changes of a batch and replies to its writes while the actor commits
//! the next one, so that a room with a thousand listeners does not hold up the writes to the others.
//!
//! It replies when the changes are published, so that no message reaches a member after the reply to their
//! removal, and so that the session of an author gets the change and the reply in one turn.

use tokio::sync::mpsc;

use super::queue::QueuedWrite;
use crate::{
    background::catch_panic,
    realtime::hub::{Hub, NodeEvent},
};

/// The maximum number of batches that are committed and not yet published; then the actor waits.
const COMMITTED_MAX: usize = 16;

/// A batch after its commit.
struct Committed {
    events: Vec<NodeEvent>,
    writes: Vec<QueuedWrite>,
}

/// A handle to a publisher. The publisher ends once it is dropped and everything is published.
pub(super) struct Publisher(mpsc::Sender<Committed>);

impl Publisher {
    pub(super) fn start(hub: Hub) -> Self {
        let (sender, batches) = mpsc::channel(COMMITTED_MAX);
        tokio::spawn(publish_all(hub, batches));
        Self(sender)
    }

    /// Publishes events in the order of the calls, then replies to the writes.
    pub(super) async fn publish(&self, events: Vec<NodeEvent>, writes: Vec<QueuedWrite>) {
        // The publisher never ends before its handle.
        let _ = self.0.send(Committed { events, writes }).await;
    }
}

async fn publish_all(hub: Hub, mut batches: mpsc::Receiver<Committed>) {
    while let Some(Committed { events, mut writes }) = batches.recv().await {
        let publish = async { events.into_iter().for_each(|event| hub.publish(event)) };
        if catch_panic("ledger", publish).await.is_none() {
            // The changes are committed: the hub reads them from the database.
            hub.reconcile(None);
        }
        writes.iter_mut().for_each(|write| write.send_reply(None));
    }
}
