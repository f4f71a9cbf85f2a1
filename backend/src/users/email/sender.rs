//! The task that sends the mails that are due.

use std::time::Duration;

use futures_util::future::join_all;

use super::{queue, transport::Transport};
use crate::{
    background::run_periodically,
    tables::{Database, mails},
};

/// How often the table is read.
const TICK: Duration = Duration::from_secs(1);
/// How many mails a node sends at once.
const AT_ONCE: u64 = 4;
/// How long sending one mail may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends mails; ends with the runtime.
pub async fn send_mails(db: Database, transport: Transport) {
    run_periodically("mails", TICK, |_| send_due(&db, &transport)).await;
}

async fn send_due(db: &Database, transport: &Transport) {
    loop {
        let mails = match queue::take_due(db, AT_ONCE).await {
            Ok(mails) => mails,
            Err(error) => {
                tracing::warn!(%error, "cannot read the mails to send");
                return;
            }
        };
        if mails.is_empty() {
            return;
        }
        join_all(mails.iter().map(|mail| send(db, transport, mail))).await;
    }
}

async fn send(db: &Database, transport: &Transport, mail: &mails::Model) {
    let sent = tokio::time::timeout(SEND_TIMEOUT, transport.send(mail)).await;
    let failure = match sent {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason),
        Err(_) => Some(format!("no answer within {} s", SEND_TIMEOUT.as_secs())),
    };
    let outcome = if failure.is_none() { "sent" } else { "failed" };
    metrics::counter!("hallway_mails_total", "outcome" => outcome).increment(1);
    let (id, attempts) = (mail.id, mail.attempts);
    let stored = match failure {
        // A mail that was sent but cannot be deleted is sent again after its lease.
        None => queue::remove(db, mail).await,
        Some(reason) => queue::postpone(db, mail, jitter()).await.map(|is_postponed| {
            if is_postponed {
                tracing::warn!(mail = id, attempts, reason, "cannot send a mail, will try again");
            } else {
                tracing::error!(mail = id, attempts, reason, "gave up a mail after a day");
            }
        }),
    };
    if let Err(error) = stored {
        tracing::warn!(mail = id, %error, "cannot note the outcome of a mail");
    }
}

fn jitter() -> u8 {
    let mut byte = [0];
    // Without randomness, all mails wait equally long.
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
