//! The background jobs of accounts.

use std::{sync::Arc, time::Duration};

use shared::ids::UserId;

use super::{
    email::{self, MailTransport, REMOVE_UNCONFIRMED, SEND_MAIL},
    invitation_use::{JOIN_ROOMS, finish_joins},
    sessions::delete_expired,
};
use crate::{
    App,
    realtime::jobs::{Progress, Runner},
    tables::prune_account_changes,
};

/// How often expired sessions are deleted.
const SESSIONS_PERIOD: Duration = Duration::from_secs(3_600);
/// How often old rows of the log of account changes are deleted.
const LOG_PERIOD: Duration = Duration::from_secs(600);
/// How many mails a node sends at once.
const MAILS_AT_ONCE: usize = 4;

/// Registers the jobs of accounts. Mails wait for a node with a mail server.
pub fn register_jobs(runner: &mut Runner, app: &App, transport: Option<MailTransport>) {
    let writer = app.db.writer.clone();
    runner.every("delete_expired_sessions", SESSIONS_PERIOD, move || {
        let writer = writer.clone();
        async move { Ok(delete_expired(&writer).await?) }
    });
    let writer = app.db.writer.clone();
    runner.every("prune_account_changes", LOG_PERIOD, move || {
        let writer = writer.clone();
        async move { Ok(prune_account_changes(&writer).await?) }
    });
    let handles = app.clone();
    runner.on(JOIN_ROOMS, 1, move |job| {
        let app = handles.clone();
        async move {
            finish_joins(&app, UserId(job.subject_id)).await?;
            Ok(Progress::Done)
        }
    });
    let handles = app.clone();
    runner.on(REMOVE_UNCONFIRMED, 1, move |job| {
        let app = handles.clone();
        async move { email::remove_unconfirmed(&app, UserId(job.subject_id)).await }
    });
    if let Some(transport) = transport.map(Arc::new) {
        runner.on(SEND_MAIL, MAILS_AT_ONCE, move |job| {
            let transport = transport.clone();
            async move { email::send(&transport, job).await }
        });
    }
}
