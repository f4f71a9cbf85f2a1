//! Mails as background jobs. A mail is sent at least once: again if the server ends after the mail server has
//! taken it and before the job is deleted.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};
use shared::{ids::UserId, problem::Code};

use super::{mail_templates::OutgoingMail, transport::Transport};
use crate::{
    Error, Result,
    realtime::jobs::{Job, NewJob, Progress, enqueue},
};

/// The job that sends a mail; its subject is the account that the mail is about.
pub const SEND_MAIL: &str = "send_mail";
/// How long sending one mail may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Adds a mail in the transaction of the change that causes it. It replaces one about the same account that was
/// not sent yet.
pub async fn enqueue_mail(
    txn: &impl ConnectionTrait,
    about: UserId,
    mail: &OutgoingMail,
) -> Result<()> {
    let payload = serde_json::to_string(mail).map_err(Error::internal)?;
    Ok(enqueue(txn, NewJob::new(SEND_MAIL, about.0).with_payload(payload)).await?)
}

/// Sends the mail of a job.
pub async fn send(transport: &Transport, job: Job) -> Result<Progress> {
    let payload = job.payload.unwrap_or_default();
    let mail: OutgoingMail = serde_json::from_str(&payload).map_err(Error::internal)?;
    // The same for all attempts, so that recipients can recognize a mail that was sent twice. The hash tells
    // the mails of a database from those of one that was there before.
    let hash = base16ct::lower::encode_string(&Sha256::digest(payload));
    let id = format!("{}.{}", job.id, &hash[..32]);
    let sent = tokio::time::timeout(SEND_TIMEOUT, transport.send(&id, &mail)).await;
    let failure = match sent {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason),
        Err(_) => Some(format!("no answer within {} s", SEND_TIMEOUT.as_secs())),
    };
    let outcome = if failure.is_none() { "sent" } else { "failed" };
    metrics::counter!("hallway_mails_total", "outcome" => outcome).increment(1);
    failure.map_or(Ok(Progress::Done), |reason| Err(Error::new(Code::Unavailable, reason)))
}
