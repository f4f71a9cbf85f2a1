//! The `blocks` frames. An event tells only whose blocks changed, and each node reads the list for its
//! own sockets. A list in the event could be an old one: two changes on two nodes publish in any order.

use std::time::Duration;

use shared::{ids::UserId, live::ServerFrame};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{Hub, NodeEvent};
use crate::{Error, Result, tables::blocked_by};

/// How long to wait after a failed read.
const RETRY: Duration = Duration::from_secs(1);
/// How long the request that changed the blocks waits for the frames of this node.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(1);

impl Hub {
    /// Sends all devices of an account the people whom it blocks now. Called after the commit of a
    /// change.
    pub async fn publish_blocks(&self, user: UserId) {
        self.relay(&NodeEvent::BlocksChanged { user });
        // The task goes on if the time is over.
        let _ = timeout(PUBLISH_TIMEOUT, self.spawn_send_blocks(user)).await;
    }

    /// Sends the blocks to the sockets of this node, in a task that tries until the database answers.
    pub(super) fn spawn_send_blocks(&self, user: UserId) -> JoinHandle<()> {
        let hub = self.clone();
        tokio::spawn(async move {
            while let Err(error) = hub.send_blocks(user).await {
                tracing::debug!(%error, %user, "cannot read the blocks of an account");
                sleep(RETRY).await;
            }
        })
    }

    /// One read of an account at a time, so that the frames have the order of the reads. The last read
    /// begins after the last commit, so the last frame has the newest list.
    async fn send_blocks(&self, user: UserId) -> Result<()> {
        let permit = self.0.block_reads.of(user).acquire_owned().await;
        let _permit = permit.map_err(Error::internal)?;
        if self.sockets_of(&[user]).is_empty() {
            return Ok(());
        }
        let users = blocked_by(&self.0.db.reader, user).await?;
        self.send_to_user(user, ServerFrame::Blocks { users });
        Ok(())
    }
}
