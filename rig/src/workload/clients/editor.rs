//! A client that edits and deletes messages, and adds reactions to them, by REST.

use std::{sync::Arc, time::Duration};

use shared::messages::Message;
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use crate::{
    history::Event,
    workload::context::{Context, Edit, EditRequest, completion_event},
};

/// How often an idle editor checks whether the run is over.
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// The emoji of the reactions.
const EMOJIS: [&str; 3] = ["👍", "🎉", "🌮"];

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

    /// Changes the message, without a retry: an attempt without a reply stays
    /// indeterminate.
    async fn handle_request(&mut self, request: EditRequest) {
        if !self.context.sleep_while_running(Duration::from_millis(self.rng.u64(..50))).await {
            return;
        }
        let Some((_, node)) = self.context.nodes.pick(&mut self.rng, None) else { return };
        let (api, session) = (&self.context.api, request.author.session_at(node));
        let (room, seq) = (request.message.room, request.message.seq);
        let record = |event| self.context.record(self.process, event);
        match request.edit {
            Edit::Delete => {
                record(Event::Delete { room, seq });
                let outcome = api.delete(session, room, seq).await;
                record(completion_event(outcome, |()| Event::Deleted { room, seq }));
            }
            Edit::Content => {
                let content =
                    format!("edited {:x}: {}", self.rng.u64(..), request.message.client_id);
                record(Event::Edit { room, seq, content: content.clone() });
                let outcome = api.edit(session, room, seq, &content).await;
                let edited = |message: Message| Event::Edited { message: message.into() };
                record(completion_event(outcome, edited));
            }
            Edit::React => {
                let emoji = EMOJIS[self.rng.usize(..EMOJIS.len())];
                let user = request.message.user.id;
                record(Event::React { room, seq, user, emoji: emoji.into() });
                let outcome = api.react(session, room, seq, emoji).await;
                let reacted = |message: Message| Event::Reacted { message: message.into() };
                record(completion_event(outcome, reacted));
            }
        }
    }
}
