//! Somebody who edits and deletes what was said, by REST.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, mpsc};

use super::{Own, end_of};
use crate::{
    history::Event,
    workload::{crew::Crew, rest::Way},
};

/// A message to be changed.
pub struct Wish {
    /// Which.
    pub own: Own,
    /// Whether to delete it, rather than to edit it.
    pub is_deletion: bool,
}

/// Fulfils wishes, one after the other.
pub struct Changer {
    /// Everybody.
    pub crew: Arc<Crew>,
    /// Which process.
    pub process: u32,
    /// The wishes of all.
    pub wishes: Arc<Mutex<mpsc::Receiver<Wish>>>,
    /// Chance.
    pub rng: fastrand::Rng,
}

impl Changer {
    /// Until nothing new is to be begun.
    pub async fn run(mut self) {
        let moment = Duration::from_millis(300);
        while self.crew.is_going() {
            let wish = async { self.wishes.lock().await.recv().await };
            match tokio::time::timeout(moment, wish).await {
                Ok(Some(wish)) => self.fulfil(wish).await,
                Ok(None) => return,
                Err(_) => {}
            }
        }
    }

    /// Once: what becomes of an attempt without an answer stays open.
    async fn fulfil(&mut self, Wish { own, is_deletion }: Wish) {
        if !self.crew.pause(Duration::from_millis(self.rng.u64(..50))).await {
            return;
        }
        let Some((_, address)) = self.crew.nodes.pick(&mut self.rng, None) else { return };
        let (way, rest) = (Way { address, token: &own.author.token }, &self.crew.rest);
        let (room, seq) = (own.message.room, own.message.seq);
        let asked = |event| self.crew.record(self.process, event);
        let end = if is_deletion {
            asked(Event::Delete { room, seq });
            end_of(rest.delete(way, room, seq).await, |()| Event::Deleted { room, seq })
        } else {
            let content = format!("edited {:x}: {}", self.rng.u64(..), own.message.client_id);
            asked(Event::Edit { room, seq, content: content.clone() });
            let outcome = rest.edit(way, room, seq, &content).await;
            end_of(outcome, |message| Event::Edited { message: message.into() })
        };
        self.crew.record(self.process, end);
    }
}
