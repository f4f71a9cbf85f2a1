//! A client that edits and deletes messages by REST.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use crate::{
    history::Event,
    workload::context::{Context, EditRequest, completion_event},
};

/// How often an idle editor checks whether the run is over.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

pub struct Editor {
    pub context: Arc<Context>,
    pub process: u32,
    /// All editors share one queue.
    pub queue: Arc<Mutex<mpsc::Receiver<EditRequest>>>,
    pub rng: fastrand::Rng,
}

impl Editor {
    pub async fn run(mut self) {
        while self.context.is_running() {
            let request = async { self.queue.lock().await.recv().await };
            match timeout(POLL_INTERVAL, request).await {
                Ok(Some(request)) => self.handle_request(request).await,
                Ok(None) => return,
                Err(_) => {}
            }
        }
    }

    /// Edits or deletes the message, without a retry: an attempt without a reply stays
    /// indeterminate.
    async fn handle_request(&mut self, request: EditRequest) {
        if !self.context.sleep_while_running(Duration::from_millis(self.rng.u64(..50))).await {
            return;
        }
        let Some((_, node)) = self.context.nodes.pick(&mut self.rng, None) else { return };
        let (api, session) = (&self.context.api, request.author.session_at(node));
        let (room, seq) = (request.message.room, request.message.seq);
        let record = |event| self.context.record(self.process, event);
        if request.is_deletion {
            record(Event::Delete { room, seq });
            let outcome = api.delete(session, room, seq).await;
            record(completion_event(outcome, |()| Event::Deleted { room, seq }));
        } else {
            let content = format!("edited {:x}: {}", self.rng.u64(..), request.message.client_id);
            record(Event::Edit { room, seq, content: content.clone() });
            let outcome = api.edit(session, room, seq, &content).await;
            record(completion_event(outcome, |message| Event::Edited { message: message.into() }));
        }
    }
}
